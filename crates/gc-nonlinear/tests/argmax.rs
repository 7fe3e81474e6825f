//! The garbled argmax equals the plain one, of one score vector and of sums, ties to the lowest
//! index.

use gc_nonlinear::{
    ArgmaxEvaluator, ArgmaxGarbler, ArgmaxPlan, ArgmaxShape, HashRoot, MAX_CLASSES, MAX_SCORES, MAX_TERMS,
    StepError,
};
use proptest::prelude::{Just, any, prop_assert_eq, prop_oneof, proptest};
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha20Rng;

use crate::support::{deal, garbling_delta, share};

/// The label that the client learns of scores `[term][class]`.
fn play(shape: ArgmaxShape, scores: &[i32], rng: &mut ChaCha20Rng) -> usize {
    let plan = ArgmaxPlan::new(shape).unwrap();
    let (client, server) = share(rng, shape.ell, scores);
    let delta = garbling_delta(rng);
    let (sent, received) = deal(rng, delta, plan.input_cots());
    let hash_root = HashRoot::new(&rng.random());
    let (corrections, evaluator) = ArgmaxEvaluator::prepare(&plan, &hash_root, 9, &client, received).unwrap();
    assert_eq!(corrections.len(), plan.input_corrections_bytes());
    let garbler = ArgmaxGarbler::prepare(&plan, &hash_root, 9, sent, &corrections).unwrap();
    let message = garbler.garble(&server).unwrap();
    assert_eq!(message.len(), plan.message_bytes());
    evaluator.finish(&message).unwrap()
}

/// The same on plain integers.
fn reference(classes: usize, scores: &[i32]) -> usize {
    let sum =
        |class: usize| -> i64 { scores.iter().skip(class).step_by(classes).copied().map(i64::from).sum() };
    (0..classes).rev().max_by_key(|class| sum(*class)).unwrap()
}

proptest! {
    #[test]
    fn garbled_equals_plain(
        classes in 2usize..12,
        ell in 2u32..=30,
        terms in prop_oneof![Just(1usize), 2usize..20],
        spread in 0u32..30,
        seed in any::<u64>(),
    ) {
        let mut rng = ChaCha20Rng::seed_from_u64(seed);
        let bound = 1_i32 << (ell - 1);
        let scores: Vec<i32> = (0..classes * terms)
            .map(|_| rng.random_range(1 - bound..bound) >> spread.min(ell - 1))
            .collect();
        let shape = ArgmaxShape { classes, ell, terms };
        prop_assert_eq!(play(shape, &scores, &mut rng), reference(classes, &scores));
    }
}

#[test]
fn sums_of_the_most_terms_at_the_most_bits() {
    let mut rng = ChaCha20Rng::seed_from_u64(4);
    let most = (1 << 29) - 1;
    let shape = ArgmaxShape { classes: 4, ell: 30, terms: MAX_TERMS };
    for _ in 0..3 {
        let scores: Vec<i32> = (0..shape.scores()).map(|_| rng.random_range(-most..=most)).collect();
        assert_eq!(play(shape, &scores, &mut rng), reference(4, &scores));
    }
    // Every sum at an end of its range, the greatest one above the others or as great as another.
    for (rows, label) in [([-most, -most, most, -most], 2), ([-most, most, -most, most], 1), ([-most; 4], 0)]
    {
        let mut scores = rows.repeat(MAX_TERMS);
        assert_eq!(play(shape, &scores, &mut rng), label);
        let last = scores.len() - 4 + label;
        scores[last] -= 1;
        assert_eq!(play(shape, &scores, &mut rng), reference(4, &scores));
    }
}

#[test]
fn sums_tie_although_no_scores_do() {
    let mut rng = ChaCha20Rng::seed_from_u64(6);
    let shape = ArgmaxShape { classes: 4, ell: 18, terms: 3 };
    let scores = [1, 70_000, 5, 9, 100, -69_000, 1006, -9, -1, 40, 29, 700];
    // 100, 1040, 1040, 700: the label is that of no term, nor of the most terms.
    assert_eq!(play(shape, &scores, &mut rng), 1);
    let scores = [1, 70_000, 5, 9, 100, -69_000, 1007, -9, -1, 40, 29, 700];
    assert_eq!(play(shape, &scores, &mut rng), 2);
}

#[test]
fn extremes_and_ties() {
    let mut rng = ChaCha20Rng::seed_from_u64(1);
    let most = (1 << 17) - 1;
    let shape = ArgmaxShape { classes: 4, ell: 18, terms: 1 };
    for (scores, label) in [
        ([0; 4], 0),
        ([-most, most, most, -most], 1),
        ([most, -most, most, most], 0),
        ([-most, -most, -most, 1 - most], 3),
        ([-1, 0, -1, 0], 1),
    ] {
        assert_eq!(play(shape, &scores, &mut rng), label);
    }
    assert_eq!(play(ArgmaxShape { classes: 2, ell: 2, terms: 1 }, &[-1, 1], &mut rng), 1);
}

#[test]
fn impossible_labels_and_shapes_are_refused() {
    let mut rng = ChaCha20Rng::seed_from_u64(2);
    for (classes, ell, terms) in [
        (1, 18, 1),
        (4, 1, 1),
        (4, 31, 1),
        (MAX_CLASSES + 1, 18, 1),
        (4, 18, 0),
        (4, 18, MAX_TERMS + 1),
        (MAX_CLASSES, 18, MAX_SCORES / MAX_CLASSES + 1),
    ] {
        let shape = ArgmaxShape { classes, ell, terms };
        assert_eq!(ArgmaxPlan::new(shape).err(), Some(StepError::ArgmaxShape(shape)));
    }
    let plan = ArgmaxPlan::new(ArgmaxShape { classes: 3, ell: 8, terms: 1 }).unwrap();
    let hash_root = HashRoot::new(&[0; 32]);
    let delta = garbling_delta(&mut rng);
    let mut outcomes = Vec::new();
    for flip in 0..4 {
        let (sent, received) = deal(&mut rng, delta, plan.input_cots());
        let (corrections, evaluator) =
            ArgmaxEvaluator::prepare(&plan, &hash_root, 0, &[0; 3], received).unwrap();
        let mut message = ArgmaxGarbler::prepare(&plan, &hash_root, 0, sent, &corrections)
            .unwrap()
            .garble(&[1, 2, 3])
            .unwrap();
        *message.last_mut().unwrap() ^= flip;
        outcomes.push(evaluator.finish(&message));
    }
    assert_eq!(outcomes, [Ok(2), Err(StepError::Label { label: 3, classes: 3 }), Ok(0), Ok(1)]);
}

#[test]
fn the_message_of_one_term_keeps_its_bytes() {
    let mut rng = ChaCha20Rng::seed_from_u64(3);
    let plan = ArgmaxPlan::new(ArgmaxShape { classes: 4, ell: 18, terms: 1 }).unwrap();
    let delta = garbling_delta(&mut rng);
    let (sent, received) = deal(&mut rng, delta, plan.input_cots());
    let hash_root = HashRoot::new(&[5; 32]);
    let (client, server) = share(&mut rng, 18, &[7, -9, 30, 30]);
    let (corrections, _) = ArgmaxEvaluator::prepare(&plan, &hash_root, 2, &client, received).unwrap();
    let garbler = ArgmaxGarbler::prepare(&plan, &hash_root, 2, sent, &corrections).unwrap();
    let message = garbler.garble(&server).unwrap();
    assert_eq!((plan.ciphertexts(), message.len()), (318, 5089));
    // The last ciphertext, which every gate before it enters, and the permute bits.
    let end = [100, 37, 45, 130, 174, 180, 159, 77, 43, 66, 255, 202, 80, 197, 145, 84, 2];
    assert_eq!(message[message.len() - end.len()..], end);
}

#[test]
fn lists_of_another_number_of_terms_are_refused() {
    let mut rng = ChaCha20Rng::seed_from_u64(7);
    let plan = ArgmaxPlan::new(ArgmaxShape { classes: 3, ell: 8, terms: 2 }).unwrap();
    let hash_root = HashRoot::new(&[0; 32]);
    let delta = garbling_delta(&mut rng);
    for count in [0, 3, 5, 7, 9] {
        let (sent, received) = deal(&mut rng, delta, plan.input_cots());
        let prepared = ArgmaxEvaluator::prepare(&plan, &hash_root, 0, &vec![0; count], received);
        assert!(matches!(prepared.err(), Some(StepError::Count { expected: 6, .. })));
        let corrections = vec![0; plan.input_corrections_bytes()];
        let garbler = ArgmaxGarbler::prepare(&plan, &hash_root, 0, sent, &corrections).unwrap();
        assert!(matches!(garbler.garble(&vec![0; count]), Err(StepError::Count { expected: 6, .. })));
    }
}
