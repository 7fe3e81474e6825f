//! Bits and rounds against the formulas of the documentation, message by message; nothing travels
//! unmasked.

use rand_chacha::ChaCha20Rng;
use rand_core::{Rng, SeedableRng};
use shares::StepShape;

use super::harness::run;
use crate::{Mode, StepPlan};

/// A ripple into bit `sign`: 2 bits for the first bit, 4 for each further, 3 for a second chain
/// from bit `twin` on.
fn ripple(sign: u32, twin: u32) -> u32 {
    2 + 4 * (sign - 1) + 3 * (sign - twin)
}

/// Exchanges of a ripple: the lowest two bits go together unless something is needed between them.
fn ripple_rounds(sign: u32, marks: [u32; 2]) -> u32 {
    if marks.contains(&1) { sign } else { sign - 1 }
}

/// Bits of all but the carries.
fn rest(shape: &StepShape) -> u32 {
    let narrow = (shape.bits + 1).min(shape.out_ell);
    let selection = if shape.pool { 2 * shape.ell + 2 } else { 0 };
    let shift_carry = if shape.shift > 0 { narrow } else { 0 };
    let saturate = if shape.shift + shape.bits < shape.ell - 1 { narrow } else { 0 };
    selection + shift_carry + 2 * (1 + narrow) + saturate + lift(shape)
}

fn lift(shape: &StepShape) -> u32 {
    if shape.out_ell > shape.bits + 1 { shape.out_ell - shape.bits } else { 0 }
}

/// Exchanges of a step whose comparisons take `difference` and `value`.
fn exchanges(shape: &StepShape, difference: u32, value: u32) -> u32 {
    let pool = if shape.pool { difference + 1 } else { 0 };
    pool + value + 1 + u32::from(lift(shape) > 0)
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
fn ripples_follow_the_formulas() {
    for shape in shapes() {
        let plan = StepPlan::new(shape, Mode::Ripple).unwrap();
        let (sign, top) = (shape.ell - 1, shape.shift + shape.bits);
        let difference = if shape.pool { ripple(sign, sign) } else { 0 };
        let bits = rest(&shape) + difference + ripple(sign, top);
        let rounds = exchanges(&shape, ripple_rounds(sign, [0, 0]), ripple_rounds(sign, [shape.shift, top]));
        assert_eq!((plan.total_bits(), plan.rounds()), (bits as usize, rounds as usize), "{shape:?}");
    }
}

/// ell, shift, bits, out_ell; pool; limit on the exchanges of a comparison; bits a result;
/// exchanges of the two comparisons. Known answers from an independent program.
type Known = ([u32; 4], bool, u32, usize, [u32; 2]);

const KNOWN: &[Known] = &[
    ([14, 3, 8, 14], true, 0, 230, [4, 4]),
    ([14, 3, 8, 14], true, 6, 209, [6, 6]),
    ([14, 3, 8, 14], true, 9, 194, [9, 9]),
    ([16, 4, 8, 16], true, 0, 268, [4, 4]),
    ([16, 4, 8, 16], true, 6, 247, [6, 6]),
    ([16, 4, 8, 16], true, 9, 227, [9, 9]),
    ([18, 5, 8, 18], true, 0, 291, [5, 5]),
    ([18, 5, 8, 18], true, 6, 283, [6, 6]),
    ([18, 5, 8, 18], true, 9, 261, [9, 9]),
    ([20, 6, 8, 20], true, 0, 327, [5, 5]),
    ([20, 6, 8, 20], true, 6, 319, [6, 6]),
    ([20, 6, 8, 20], true, 9, 298, [9, 9]),
    ([24, 8, 8, 24], true, 0, 403, [5, 5]),
    ([24, 8, 8, 24], true, 6, 392, [6, 6]),
    ([24, 8, 8, 24], true, 9, 370, [9, 9]),
    ([24, 12, 8, 20], false, 0, 202, [5, 5]),
    ([24, 12, 8, 20], false, 6, 192, [6, 6]),
    ([24, 12, 8, 20], false, 9, 179, [9, 9]),
    ([20, 0, 8, 20], true, 0, 348, [5, 5]),
    ([20, 0, 8, 20], true, 6, 338, [6, 6]),
    ([20, 0, 8, 20], true, 9, 317, [9, 9]),
    ([20, 11, 8, 20], true, 0, 293, [5, 5]),
    ([20, 11, 8, 20], true, 6, 286, [6, 6]),
    ([20, 11, 8, 20], true, 9, 271, [9, 9]),
    ([12, 4, 4, 5], false, 0, 94, [4, 4]),
    ([12, 4, 4, 5], false, 6, 84, [6, 6]),
    ([12, 4, 4, 5], false, 9, 76, [9, 9]),
    ([30, 14, 8, 9], true, 0, 486, [5, 5]),
    ([30, 14, 8, 9], true, 6, 466, [6, 6]),
    ([30, 14, 8, 9], true, 9, 443, [9, 9]),
];

#[test]
fn trees_and_what_lies_between_follow_known_answers() {
    for &([ell, shift, bits, out_ell], pool, limit, total, [difference, value]) in KNOWN {
        let shape = StepShape { count: 3, ell, shift, bits, pool, out_ell };
        let plan = StepPlan::new(shape, Mode::Within(limit)).unwrap();
        let rounds = exchanges(&shape, difference, value) as usize;
        assert_eq!((plan.total_bits(), plan.rounds()), (total, rounds), "{shape:?} {limit}");
        if limit == 0 {
            let tree = StepPlan::new(shape, Mode::Tree).unwrap();
            assert_eq!((tree.total_bits(), tree.rounds()), (total, rounds));
        }
    }
}

/// ell, shift; mode; OTs in which the client and the server choose; bits of the offline message.
/// A result has 8 bits, and out_ell is ell.
const DIRECTIONS: &[([u32; 2], Mode, [usize; 2], usize)] = &[
    ([14, 3], Mode::Tree, [30, 29], 38),
    ([14, 3], Mode::Ripple, [29, 28], 29),
    ([16, 4], Mode::Tree, [34, 34], 48),
    ([16, 4], Mode::Ripple, [34, 32], 33),
    ([20, 6], Mode::Tree, [42, 42], 56),
    ([20, 6], Mode::Ripple, [42, 42], 41),
];

#[test]
fn both_parties_choose_in_as_many_ots_and_what_the_client_knows_goes_offline() {
    for &([ell, shift], mode, ots, offline) in DIRECTIONS {
        let shape = StepShape { count: 1, ell, shift, bits: 8, pool: true, out_ell: ell };
        let plan = StepPlan::new(shape, mode).unwrap();
        let cots = plan.cots();
        assert_eq!([cots.client_receives, cots.server_receives], ots, "{shape:?} {mode:?}");
        assert_eq!(plan.offline_bits(), offline, "{shape:?} {mode:?}");
    }
    // A gate of two OTs moves whole, which changes the difference by four; few gates of small words
    // can move.
    for shape in shapes().into_iter().filter(|shape| shape.pool && shape.ell > 4) {
        for mode in [Mode::Ripple, Mode::Within(6), Mode::Tree] {
            let cots = StepPlan::new(shape, mode).unwrap().cots();
            let difference = cots.client_receives.abs_diff(cots.server_receives);
            assert!(difference < 4 * shape.count, "{shape:?} {mode:?} {cots:?}");
        }
    }
}

#[test]
fn more_exchanges_never_cost_more_bits() {
    for shape in shapes() {
        let bits = |limit| StepPlan::new(shape, Mode::Within(limit)).unwrap().total_bits();
        let curve: Vec<usize> = [0, 4, 6, 9, 15, u32::MAX].into_iter().map(bits).collect();
        assert!(curve.is_sorted_by(|fewer, more| fewer >= more), "{shape:?} {curve:?}");
        assert_eq!(curve[5], StepPlan::new(shape, Mode::Ripple).unwrap().total_bits());
    }
}

#[test]
fn messages_have_the_stated_length_whatever_the_input() {
    let shape = StepShape { count: 1100, ell: 13, shift: 3, bits: 6, pool: true, out_ell: 12 };
    for mode in [Mode::Ripple, Mode::Tree, Mode::Within(6)] {
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

/// One run of 1024 equal instances: every plane of every message is as balanced as a one-time pad
/// (8 deviations).
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
