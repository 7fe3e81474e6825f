//! Exactness: exhaustive for small rings, at the extremes for every ring, random shapes.

use proptest::prelude::{ProptestConfig, any, proptest};
use rand_chacha::ChaCha20Rng;
use rand_core::{Rng, SeedableRng};
use shares::StepShape;

use super::harness::{check, check_shares};
use crate::Mode;

const MODES: [Mode; 3] = [Mode::Ripple, Mode::Tree, Mode::Within(5)];

/// All (shift, bits) that a ring of `ell` bits allows.
fn scalings(ell: u32) -> impl Iterator<Item = (u32, u32)> {
    (0..ell - 1).flat_map(move |shift| (1..ell - shift).map(move |bits| (shift, bits)))
}

/// Every pair of shares mod 2^ell whose accumulator keeps the bound.
fn all_shares(ell: u32) -> (Vec<u32>, Vec<u32>) {
    let (size, bound) = (1_i64 << ell, 1_i64 << (ell - 2));
    let accumulators = (1 - bound)..bound;
    accumulators.flat_map(|a| (0..size).map(move |c| (c as u32, (a - c).rem_euclid(size) as u32))).unzip()
}

#[test]
fn every_pair_of_shares_at_ell_6_without_pool() {
    let (c, s) = all_shares(6);
    for (shift, bits) in scalings(6) {
        for mode in MODES {
            let shape = StepShape { count: c.len(), ell: 6, shift, bits, pool: false, out_ell: 7 };
            check_shares(shape, mode, &c, &s, 1);
        }
    }
}

#[test]
fn every_first_pair_of_shares_at_ell_6_with_pool() {
    let (mut c, mut s) = (Vec::new(), Vec::new());
    let mut rng = ChaCha20Rng::seed_from_u64(2);
    for (first_c, first_s) in all_shares(6).0.iter().zip(all_shares(6).1) {
        let (second, accumulator) = (rng.next_u32() & 63, rng.next_u32() % 31);
        c.extend([*first_c, second]);
        s.extend([first_s, accumulator.wrapping_sub(15).wrapping_sub(second) & 63]);
    }
    for (shift, bits) in scalings(6) {
        for mode in MODES {
            let shape = StepShape { count: c.len() / 2, ell: 6, shift, bits, pool: true, out_ell: 5 };
            check_shares(shape, mode, &c, &s, 3);
        }
    }
}

/// Accumulators at which something changes.
fn extremes(ell: u32, shift: u32, bits: u32) -> Vec<i64> {
    let bound = (1_i64 << (ell - 2)) - 1;
    let (half, top) = ((1_i64 << shift) >> 1, 1_i64 << (shift + bits));
    let edges = [0, half, 1 << shift, 3 * half, top - half, top, top + half, bound, 1 << (ell - 3)];
    let near = edges.iter().flat_map(|edge| (-2..=2).flat_map(move |d| [edge + d, -(edge + d)]));
    let mut all: Vec<i64> = near.filter(|value| value.abs() <= bound).collect();
    all.sort_unstable();
    all.dedup();
    all
}

#[test]
fn extremes_of_every_ring() {
    for ell in 8..=30 {
        for (shift, bits) in [
            (0, 1),
            (0, 8.min(ell - 1)),
            (ell / 3, ell / 3),
            (ell - 2, 1),
            (1, ell - 2),
            (ell / 2, ell - 1 - ell / 2),
        ] {
            let values = extremes(ell, shift, bits);
            let pairs: Vec<i64> =
                values.iter().flat_map(|a| values.iter().flat_map(move |b| [*a, *b])).collect();
            for mode in MODES {
                let shape = StepShape { count: values.len(), ell, shift, bits, pool: false, out_ell: ell };
                check(shape, mode, &values, u64::from(ell));
                let shape = StepShape { count: pairs.len() / 2, pool: true, ..shape };
                check(shape, mode, &pairs, u64::from(ell));
            }
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(200) })]
    #[test]
    fn random_shapes(
        count in 1_usize..1100, ell in 3_u32..=30, cut in any::<(u32, u32)>(), pool in any::<bool>(),
        out_ell in 2_u32..=30, limit in 0_u32..30, seed in any::<u64>(),
    ) {
        let shift = cut.0 % (ell - 1);
        let bits = 1 + cut.1 % (ell - shift - 1);
        let shape = StepShape { count, ell, shift, bits, pool, out_ell };
        let mut rng = ChaCha20Rng::seed_from_u64(seed);
        let bound = (1_i64 << (ell - 2)) - 1;
        let scale = rng.next_u32() % (ell - 1);
        let values: Vec<i64> = (0..shape.input_values())
            .map(|_| (i64::from(rng.next_u32()) % (2 * bound + 1) - bound) >> if rng.next_u32() & 1 == 1 { scale } else { 0 })
            .collect();
        check(shape, Mode::Within(limit), &values, seed);
    }
}
