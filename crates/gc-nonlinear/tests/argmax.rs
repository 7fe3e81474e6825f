//! The garbled argmax equals the plain one, ties to the lowest index.

use gc_nonlinear::{ArgmaxEvaluator, ArgmaxGarbler, ArgmaxPlan, ArgmaxShape, Session, StepError};
use proptest::prelude::{any, prop_assert_eq, proptest};
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha20Rng;

use crate::support::{deal, garbling_delta, share};

/// The label that the client learns.
fn play(shape: ArgmaxShape, scores: &[i32], rng: &mut ChaCha20Rng) -> usize {
    let plan = ArgmaxPlan::new(shape).unwrap();
    let (client, server) = share(rng, shape.ell, scores);
    let delta = garbling_delta(rng);
    let (sent, received) = deal(rng, delta, plan.input_cots());
    let session = Session::new(&rng.random());
    let (corrections, evaluator) = ArgmaxEvaluator::prepare(&plan, &session, 9, &client, received).unwrap();
    assert_eq!(corrections.len(), plan.input_corrections_bytes());
    let garbler = ArgmaxGarbler::prepare(&plan, &session, 9, sent, &corrections).unwrap();
    let message = garbler.garble(&server).unwrap();
    assert_eq!(message.len(), plan.message_bytes());
    evaluator.finish(&message).unwrap()
}

fn reference(scores: &[i32]) -> usize {
    (0..scores.len()).rev().max_by_key(|class| scores[*class]).unwrap()
}

proptest! {
    #[test]
    fn garbled_equals_plain(classes in 2usize..12, ell in 2u32..=30, spread in 0u32..30, seed in any::<u64>()) {
        let mut rng = ChaCha20Rng::seed_from_u64(seed);
        let bound = 1_i32 << (ell - 1);
        let scores: Vec<i32> =
            (0..classes).map(|_| rng.random_range(1 - bound..bound) >> spread.min(ell - 1)).collect();
        prop_assert_eq!(play(ArgmaxShape { classes, ell }, &scores, &mut rng), reference(&scores));
    }
}

#[test]
fn extremes_and_ties() {
    let mut rng = ChaCha20Rng::seed_from_u64(1);
    let most = (1 << 17) - 1;
    let shape = ArgmaxShape { classes: 4, ell: 18 };
    for (scores, label) in [
        ([0; 4], 0),
        ([-most, most, most, -most], 1),
        ([most, -most, most, most], 0),
        ([-most, -most, -most, 1 - most], 3),
        ([-1, 0, -1, 0], 1),
    ] {
        assert_eq!(play(shape, &scores, &mut rng), label);
    }
    assert_eq!(play(ArgmaxShape { classes: 2, ell: 2 }, &[-1, 1], &mut rng), 1);
}

#[test]
fn impossible_labels_and_shapes_are_refused() {
    let mut rng = ChaCha20Rng::seed_from_u64(2);
    for shape in [(1, 18), (4, 1), (4, 31), (gc_nonlinear::MAX_CLASSES + 1, 18)] {
        let shape = ArgmaxShape { classes: shape.0, ell: shape.1 };
        assert!(matches!(ArgmaxPlan::new(shape), Err(StepError::ArgmaxShape { .. })));
    }
    let plan = ArgmaxPlan::new(ArgmaxShape { classes: 3, ell: 8 }).unwrap();
    let session = Session::new(&[0; 32]);
    let delta = garbling_delta(&mut rng);
    let mut outcomes = Vec::new();
    for flip in 0..4 {
        let (sent, received) = deal(&mut rng, delta, plan.input_cots());
        let (corrections, evaluator) =
            ArgmaxEvaluator::prepare(&plan, &session, 0, &[0; 3], received).unwrap();
        let mut message = ArgmaxGarbler::prepare(&plan, &session, 0, sent, &corrections)
            .unwrap()
            .garble(&[1, 2, 3])
            .unwrap();
        *message.last_mut().unwrap() ^= flip;
        outcomes.push(evaluator.finish(&message));
    }
    assert_eq!(outcomes, [Ok(2), Err(StepError::Label { label: 3, classes: 3 }), Ok(0), Ok(1)]);
}
