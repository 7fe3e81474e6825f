//! Bits and rounds against the formulas of the documentation, message by message; nothing travels unmasked.

use rand_chacha::ChaCha20Rng;
use rand_core::{Rng, SeedableRng};

use super::harness::run;
use crate::{Mode, StepPlan, StepShape};

fn log2_ceil(n: u32) -> u32 {
    n.next_power_of_two().trailing_zeros()
}

/// Leaves of a span of `bits` bits.
fn leaves(bits: u32) -> u32 {
    bits.div_ceil(2)
}

/// A ripple into bit `sign`: 2 bits for the first bit, 4 for each further, 3 for a second chain from bit `twin` on.
fn ripple(sign: u32, twin: u32) -> u32 {
    2 + 4 * (sign - 1) + 3 * (sign - twin)
}

/// A tree over `bits` bits: pairs at 8, an odd bit at 2, joins at 6; where it starts at bit 0 the lowest pair saves 2 and
/// so does every join with the lowest span.
fn tree(bits: u32, from_zero: bool) -> u32 {
    let all = 8 * (bits / 2) + 2 * (bits % 2) + 6 * (leaves(bits) - 1);
    let saved = if from_zero { 2 * u32::from(bits > 1) + 2 * log2_ceil(leaves(bits)) } else { 0 };
    all - saved
}

fn tree_rounds(bits: u32) -> u32 {
    1 + log2_ceil(leaves(bits))
}

/// Bits and rounds of the carries of the value in tree form.
fn tree_value(shape: &StepShape) -> (u32, u32) {
    let (f, a) = (shape.shift, shape.bits);
    let h = shape.ell - 1 - f - a;
    let spans = tree(a, f == 0) + if f > 0 { tree(f, true) } else { 0 };
    let (low, middle) = (if f > 0 { tree_rounds(f) } else { 0 }, tree_rounds(a));
    let below = if f > 0 { low.max(middle) + 1 } else { middle };
    if h == 0 {
        return (spans + if f > 0 { 4 } else { 0 }, below);
    }
    let upper_bits = 13 * (h / 2) + 3 * (h % 2) + 12 * (leaves(h) - 1);
    let upper = tree_rounds(h);
    let (from_below, from_above) = (below.max(upper) + 1, (upper.max(middle) + 1).max(low) + 1);
    if f > 0 && from_above < from_below {
        (spans + upper_bits + 20, from_above)
    } else {
        (spans + upper_bits + 8 + if f > 0 { 4 } else { 0 }, from_below)
    }
}

/// Bits a result and exchanges of a step.
fn formula(shape: &StepShape, mode: Mode) -> (usize, usize) {
    let sign = shape.ell - 1;
    let top = shape.shift + shape.bits;
    let narrow = (shape.bits + 1).min(shape.out_ell);
    let (difference, difference_rounds) = match mode {
        Mode::Ripple => (ripple(sign, sign), sign),
        Mode::Tree => (tree(sign, true), tree_rounds(sign)),
    };
    let (value, value_rounds) = match mode {
        Mode::Ripple => (ripple(sign, top), sign),
        Mode::Tree => tree_value(shape),
    };
    let (pool, pool_rounds) =
        if shape.pool { (2 * shape.ell + difference + 2, difference_rounds + 1) } else { (0, 0) };
    let shift_carry = if shape.shift > 0 { narrow } else { 0 };
    let saturate = if top < sign { narrow } else { 0 };
    let lift = if shape.out_ell > narrow { 1 + shape.out_ell - narrow } else { 0 };
    let bits = pool + value + shift_carry + 2 * (1 + narrow) + saturate + lift;
    (bits as usize, (pool_rounds + value_rounds + 1 + u32::from(lift > 0)) as usize)
}

fn shapes() -> Vec<StepShape> {
    let mut shapes = Vec::new();
    for ell in [3, 4, 6, 7, 12, 14, 16, 18, 20, 21, 24, 30] {
        for (shift, bits) in
            [(0, 1), (0, ell - 1), (ell - 2, 1), (1, 1), (ell / 2, 1), (4, 8), (6, 8), (15, 4)]
        {
            for (pool, out_ell) in [(true, ell), (false, 2), (true, 30), (false, 9), (true, 10)] {
                if shift + bits < ell && out_ell >= 2 {
                    shapes.push(StepShape { count: 3, ell, shift, bits, pool, out_ell });
                }
            }
        }
    }
    shapes
}

#[test]
fn bits_and_rounds_follow_the_formulas() {
    for shape in shapes() {
        for mode in [Mode::Ripple, Mode::Tree] {
            let plan = StepPlan::new(shape, mode).unwrap();
            assert_eq!((plan.total_bits(), plan.rounds()), formula(&shape, mode), "{shape:?} {mode:?}");
        }
    }
}

#[test]
fn messages_have_the_stated_length_whatever_the_input() {
    let shape = StepShape { count: 1100, ell: 13, shift: 3, bits: 6, pool: true, out_ell: 12 };
    for mode in [Mode::Ripple, Mode::Tree] {
        let plan = StepPlan::new(shape, mode).unwrap();
        for value in [0, 1, 0x7ff] {
            let (_, _, transcript) = run(&plan, &vec![value; 2200], &vec![0; 2200], 1);
            assert_eq!(transcript.offline.len(), plan.offline_bytes());
            let mut bytes = transcript.offline.len();
            for (round, (client, server)) in transcript.client.iter().zip(&transcript.server).enumerate() {
                assert_eq!(
                    (client.len(), server.len()),
                    (plan.client_bytes(round), plan.server_bytes(round))
                );
                bytes += client.len() + server.len();
            }
            let bits = plan.total_bits() * shape.count;
            assert!(bytes >= bits / 8 && bytes <= bits / 8 + 2 * plan.rounds() + 1);
        }
        assert_eq!(plan.client_bytes(0), 0);
        assert_eq!(plan.server_bytes(plan.rounds()), 0);
    }
}

/// One run of 1024 equal instances: every plane of every message is as balanced as a one-time pad (8 deviations).
#[test]
fn every_plane_is_masked() {
    for (mode, pool) in [(Mode::Ripple, true), (Mode::Tree, true), (Mode::Ripple, false), (Mode::Tree, false)]
    {
        let shape = StepShape { count: 1024, ell: 16, shift: 4, bits: 8, pool, out_ell: 17 };
        let plan = StepPlan::new(shape, mode).unwrap();
        for value in [0, 0x0fff, 0xffff] {
            let (_, _, transcript) = run(
                &plan,
                &vec![value; plan.input_values()],
                &vec![0; plan.input_values()],
                u64::from(value),
            );
            let messages = transcript.client.iter().chain(&transcript.server).chain([&transcript.offline]);
            for plane in messages.flat_map(|message| message.chunks(128)) {
                let ones: u32 = plane.iter().map(|byte| byte.count_ones()).sum();
                assert!(ones.abs_diff(512) < 128, "{mode:?} {ones}");
            }
        }
    }
}

#[test]
fn shares_of_equal_results_differ_from_run_to_run() {
    let shape = StepShape { count: 64, ell: 16, shift: 4, bits: 8, pool: true, out_ell: 17 };
    let plan = StepPlan::new(shape, Mode::Ripple).unwrap();
    let mut rng = ChaCha20Rng::seed_from_u64(1);
    let s: Vec<u32> = (0..128).map(|_| rng.next_u32() & 0x1fff).collect();
    let (first, second) = (run(&plan, &[0; 128], &s, 1), run(&plan, &[0; 128], &s, 2));
    assert!(first.0 != second.0 && first.1 != second.1 && first.2 != second.2);
}
