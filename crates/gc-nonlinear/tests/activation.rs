//! The garbled activation equals the plain reference, for any shape.

use crate::support::{accumulators, open, play_dealt, reference, share};
use gc_nonlinear::{CHUNK, StepPlan};
use proptest::prelude::{Strategy, any, prop_assert_eq, proptest};
use rand::SeedableRng;
use rand_chacha::ChaCha20Rng;
use shares::{Ring, StepShape};

/// Garbles random accumulators of a shape and compares with the reference.
fn check(shape: StepShape, seed: u64) {
    let mut rng = ChaCha20Rng::seed_from_u64(seed);
    let plan = StepPlan::new(shape).unwrap();
    let acc = accumulators(&mut rng, &shape, plan.input_values());
    let (client, server) = share(&mut rng, shape.ell, &acc);
    let (y0, y1, _) = play_dealt(&plan, &mut rng, &client, &server).unwrap();
    let mask = Ring::new(shape.out_ell).mask();
    let expected: Vec<u32> = reference(&shape, &acc).iter().map(|value| value & mask).collect();
    assert_eq!(open(shape.out_ell, &y0, &y1), expected, "{shape:?}");
    assert!(y0.iter().chain(&y1).all(|share| share & !mask == 0));
}

fn shapes() -> impl Strategy<Value = StepShape> {
    (3u32..=30, any::<u32>(), any::<u32>(), any::<bool>(), 2u32..=30, 1usize..200).prop_map(
        |(ell, bits, shift, pool, out_ell, count)| {
            let bits = 1 + bits % (ell - 1).min(8);
            let shift = shift % (ell - bits);
            StepShape { count, ell, shift, bits, pool, out_ell }
        },
    )
}

proptest! {
    #[test]
    fn garbled_equals_plain(shape in shapes(), seed in any::<u64>()) {
        check(shape, seed);
    }

    #[test]
    fn sizes_add_up(shape in shapes()) {
        let plan = StepPlan::new(shape).unwrap();
        let (ell, shift) = (shape.ell as usize, shape.shift as usize);
        let expected = if shape.pool { 8 * ell - 2 * shift - 7 } else { 4 * ell - 2 * shift - 5 };
        prop_assert_eq!(plan.ciphertexts_per_output(), expected);
        prop_assert_eq!(plan.input_cots(), shape.count * if shape.pool { 3 * ell - 1 } else { ell });
        prop_assert_eq!(plan.garbled_bytes(), shape.count * expected * 16 + plan.output_cots().div_ceil(8));
        prop_assert_eq!(plan.chunk_bytes(plan.chunks()), 0);
    }
}

#[test]
fn typical_layers_over_several_chunks() {
    for (bits, ell, shift, pool) in [(6, 18, 7, true), (8, 20, 8, true), (8, 24, 9, false)] {
        check(StepShape { count: 2 * CHUNK + 65, ell, shift, bits, pool, out_ell: 19 }, 5);
    }
}

#[test]
fn extreme_widths() {
    for pool in [false, true] {
        check(StepShape { count: 1, ell: 3, shift: 0, bits: 1, pool, out_ell: 2 }, 1);
        check(StepShape { count: 64, ell: 30, shift: 28, bits: 1, pool, out_ell: 30 }, 2);
        check(StepShape { count: 63, ell: 30, shift: 0, bits: 29, pool, out_ell: 30 }, 3);
        check(StepShape { count: 129, ell: 9, shift: 0, bits: 8, pool, out_ell: 4 }, 4);
    }
}
