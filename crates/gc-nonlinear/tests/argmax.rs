//! The garbled argmax equals the plain one, of one score vector and of sums, ties to the lowest
//! index. So does the level of its margin.

use gc_nonlinear::{
    ArgmaxEvaluator, ArgmaxGarbler, ArgmaxPlan, ArgmaxShape, Chosen, HashRoot, MAX_CLASSES, MAX_SCORES,
    MAX_TERMS, StepError,
};
use proptest::prelude::{Just, any, prop_assert_eq, prop_oneof, proptest};
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha20Rng;

use crate::support::{deal, garbling_delta, share};

/// The label that the client learns of scores `[term][class]`.
fn play(shape: ArgmaxShape, scores: &[i32], rng: &mut ChaCha20Rng) -> usize {
    let Chosen { label, level } = chosen(shape, scores, rng);
    assert_eq!(level, None);
    label
}

/// What the client learns of scores `[term][class]`.
fn chosen(shape: ArgmaxShape, scores: &[i32], rng: &mut ChaCha20Rng) -> Chosen {
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

/// The margin on plain integers: the greatest sum minus the second greatest.
fn margin(classes: usize, scores: &[i32]) -> i64 {
    let sum =
        |class: usize| -> i64 { scores.iter().skip(class).step_by(classes).copied().map(i64::from).sum() };
    let mut sums: Vec<i64> = (0..classes).map(sum).collect();
    sums.sort_unstable();
    sums[classes - 1] - sums[classes - 2]
}

/// Any scores of `ell` bits, or near one another the greater `spread` is.
fn random_scores(count: usize, ell: u32, spread: u32, rng: &mut ChaCha20Rng) -> Vec<i32> {
    let bound = 1_i32 << (ell - 1);
    (0..count).map(|_| rng.random_range(1 - bound..bound) >> spread.min(ell - 1)).collect()
}

/// The thresholds that a margin reaches.
fn level(thresholds: [u32; 3], margin: i64) -> u8 {
    thresholds.iter().filter(|threshold| i64::from(**threshold) <= margin).count() as u8
}

proptest! {
    #[test]
    fn garbled_levels_equal_plain_ones(
        classes in 2usize..8,
        ell in 3u32..=30,
        terms in prop_oneof![Just(1usize), 2usize..6],
        spread in 0u32..30,
        near in any::<bool>(),
        seed in any::<u64>(),
    ) {
        let mut rng = ChaCha20Rng::seed_from_u64(seed);
        let scores = random_scores(classes * terms, ell, spread, &mut rng);
        let margin = margin(classes, &scores);
        let most = (1_u32 << ell) - 3;
        // Thresholds anywhere, or one after another about the margin.
        let thresholds = if near {
            let least = (margin - rng.random_range(0..=2)).clamp(1, i64::from(most)) as u32;
            [least, least + 1, least + 2]
        } else {
            let low = rng.random_range(1..=most);
            let middle = rng.random_range(low + 1..=most + 1);
            [low, middle, rng.random_range(middle + 1..=most + 2)]
        };
        let shape = ArgmaxShape { classes, ell, terms, thresholds: Some(thresholds) };
        let expected = Chosen { label: reference(classes, &scores), level: Some(level(thresholds, margin)) };
        prop_assert_eq!(chosen(shape, &scores, &mut rng), expected);
    }
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
        let scores = random_scores(classes * terms, ell, spread, &mut rng);
        let shape = ArgmaxShape { classes, ell, terms, thresholds: None };
        prop_assert_eq!(play(shape, &scores, &mut rng), reference(classes, &scores));
    }
}

#[test]
fn sums_of_the_most_terms_at_the_most_bits() {
    let mut rng = ChaCha20Rng::seed_from_u64(4);
    let most = (1 << 29) - 1;
    let shape = ArgmaxShape { classes: 4, ell: 30, terms: MAX_TERMS, thresholds: None };
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
    let shape = ArgmaxShape { classes: 4, ell: 18, terms: 3, thresholds: None };
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
    let shape = ArgmaxShape { classes: 4, ell: 18, terms: 1, thresholds: None };
    for (scores, label) in [
        ([0; 4], 0),
        ([-most, most, most, -most], 1),
        ([most, -most, most, most], 0),
        ([-most, -most, -most, 1 - most], 3),
        ([-1, 0, -1, 0], 1),
    ] {
        assert_eq!(play(shape, &scores, &mut rng), label);
    }
    assert_eq!(play(ArgmaxShape { classes: 2, ell: 2, terms: 1, thresholds: None }, &[-1, 1], &mut rng), 1);
}

/// The greatest margin needs all bits and no sign, which a comparison of signed numbers would not
/// give.
#[test]
fn margins_reach_both_ends_of_their_range() {
    let mut rng = ChaCha20Rng::seed_from_u64(8);
    for ell in [3, 18, 30] {
        let most = (1_i32 << (ell - 1)) - 1;
        let greatest = (1_u32 << ell) - 2;
        let shape = |thresholds| ArgmaxShape { classes: 4, ell, terms: 1, thresholds: Some(thresholds) };
        for (scores, margin) in [
            ([-most, most, -most, -most], greatest),
            ([-most, most, 1 - most, -most], greatest - 1),
            ([most; 4], 0),
            ([-most; 4], 0),
            ([0, -1, -most, -1], 1),
            ([most, most - 1, most, -most], 0),
        ] {
            for thresholds in [[1, 2, 3], [1, greatest - 1, greatest], [1, greatest, greatest + 1]] {
                let expected = level(thresholds, i64::from(margin));
                let Chosen { level, .. } = chosen(shape(thresholds), &scores, &mut rng);
                assert_eq!(level, Some(expected), "{scores:?} {thresholds:?}");
            }
        }
    }
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
        let shape = ArgmaxShape { classes, ell, terms, thresholds: None };
        assert_eq!(ArgmaxPlan::new(shape).err(), Some(StepError::ArgmaxShape(shape)));
    }
    for (ell, terms, thresholds) in [
        (8, 1, [0, 1, 2]),
        (8, 1, [3, 3, 4]),
        (8, 1, [1, 3, 2]),
        (8, 1, [1, 2, 256]),
        (8, 3, [1, 2, 1024]),
        (8, 1, [1, 2, u32::MAX]),
    ] {
        let shape = ArgmaxShape { classes: 4, ell, terms, thresholds: Some(thresholds) };
        assert_eq!(ArgmaxPlan::new(shape).err(), Some(StepError::ArgmaxShape(shape)));
    }
    for (ell, terms, thresholds) in [(8, 1, [1, 2, 255]), (8, 3, [1, 2, 1023]), (30, 8, [1, 2, u32::MAX])] {
        let shape = ArgmaxShape { classes: 4, ell, terms, thresholds: Some(thresholds) };
        assert!(ArgmaxPlan::new(shape).is_ok(), "{shape:?}");
    }
    let plan = ArgmaxPlan::new(ArgmaxShape { classes: 3, ell: 8, terms: 1, thresholds: None }).unwrap();
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
    let label = |label| Ok(Chosen { label, level: None });
    assert_eq!(outcomes, [label(2), Err(StepError::Label { label: 3, classes: 3 }), label(0), label(1)]);
}

#[test]
fn the_message_of_one_term_keeps_its_bytes() {
    let mut rng = ChaCha20Rng::seed_from_u64(3);
    let plan = ArgmaxPlan::new(ArgmaxShape { classes: 4, ell: 18, terms: 1, thresholds: None }).unwrap();
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
    let plan = ArgmaxPlan::new(ArgmaxShape { classes: 3, ell: 8, terms: 2, thresholds: None }).unwrap();
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
