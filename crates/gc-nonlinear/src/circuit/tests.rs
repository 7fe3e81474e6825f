//! Circuits in clear against the contract: every input at small widths, edges at large ones.

use shares::StepShape;

use super::Netlist;
use super::activation::{
    ciphertexts, evaluator_widths, evaluator_words, garbler_widths, garbler_words, netlist,
};
use super::argmax;
use crate::lanes::{LANES, push_bit_slices};
use crate::shape::ArgmaxShape;

/// The circuit's outputs for up to 64 instances of (client shares, server shares).
fn run<const N: usize>(circuit: &Netlist, shape: &StepShape, instances: &[([u32; N], [u32; N])]) -> Vec<u32> {
    let slices = |words: &dyn Fn(usize) -> [u32; 3], widths: [u32; 3]| {
        let mut bits = Vec::new();
        for (word, width) in widths.into_iter().enumerate() {
            let values: [u32; LANES] =
                core::array::from_fn(|lane| if lane < instances.len() { words(lane)[word] } else { 0 });
            push_bit_slices(&values, width, &mut bits);
        }
        bits
    };
    let client = slices(&|lane| evaluator_words(shape, &instances[lane].0), evaluator_widths(shape));
    let server = slices(&|lane| garbler_words(&instances[lane].1), garbler_widths(shape));
    let outputs = circuit.evaluate_plain(&client, &server);
    let value = |lane| outputs.iter().rev().fold(0, |value, word| value << 1 | (word >> lane & 1) as u32);
    (0..instances.len()).map(value).collect()
}

fn expected(shape: &StepShape, acc: &[i32]) -> u32 {
    let m = i64::from(*acc.iter().max().unwrap());
    let rounding = if shape.shift == 0 { 0 } else { 1 << (shape.shift - 1) };
    ((m + rounding) >> shape.shift).clamp(0, (1 << shape.bits) - 1) as u32
}

/// Compares the circuit with the contract on accumulators and client shares.
fn check<const N: usize>(shape: &StepShape, cases: impl Iterator<Item = ([i32; N], [u32; N])>) {
    let circuit = netlist(shape);
    let mask = (1 << shape.ell) - 1;
    let mut cases = cases.peekable();
    while cases.peek().is_some() {
        let cases: Vec<_> = cases.by_ref().take(LANES).collect();
        let instances: Vec<_> = cases
            .iter()
            .map(|(acc, client)| {
                (*client, core::array::from_fn(|i| (acc[i] as u32).wrapping_sub(client[i]) & mask))
            })
            .collect();
        for ((acc, client), out) in cases.iter().zip(run(&circuit, shape, &instances)) {
            assert_eq!(out, expected(shape, acc), "{shape:?} acc {acc:?} client {client:?}");
        }
    }
}

fn shapes(ell: u32, pool: bool) -> impl Iterator<Item = StepShape> {
    (0..ell - 1).flat_map(move |shift| {
        (1..ell - shift).map(move |bits| StepShape { count: 1, ell, shift, bits, pool, out_ell: 8 })
    })
}

#[test]
fn every_share_of_every_accumulator_at_6_bits() {
    for shape in shapes(6, false) {
        check(&shape, (-15..16).flat_map(|acc| (0..64).map(move |client| ([acc], [client]))));
    }
}

#[test]
fn every_share_of_every_pair_at_6_bits() {
    for shape in [(0, 2), (0, 5), (1, 3), (2, 2), (2, 3), (3, 1), (4, 1)] {
        let shape = StepShape { count: 1, ell: 6, shift: shape.0, bits: shape.1, pool: true, out_ell: 8 };
        check(
            &shape,
            (0..31 * 31 * 64 * 64).map(|i| {
                let acc = [i % 31 - 15, i / 31 % 31 - 15];
                (acc, [(i / 961 % 64) as u32, (i / 961 / 64) as u32])
            }),
        );
    }
}

#[test]
fn every_pair_and_shape_at_2_to_5_bits() {
    for ell in 2..=5 {
        for shape in shapes(ell, true) {
            let bound = (1 << (ell - 2)) - 1;
            let values = move || -bound..=bound;
            let pairs = values().flat_map(move |a| values().map(move |b| [a, b]));
            let shares = move |acc: [i32; 2]| {
                (0..1_u32 << (2 * ell)).map(move |c| (acc, [c & ((1 << ell) - 1), c >> ell]))
            };
            check(&shape, pairs.flat_map(shares));
        }
    }
}

#[test]
fn edges_at_8_to_30_bits() {
    for ell in 8..=30_u32 {
        let bound = (1_i32 << (ell - 2)) - 1;
        for (shift, bits) in
            [(0, 1), (0, ell - 1), (ell / 3, 4), (ell / 2, ell / 2 - 1), (ell - 2, 1), (1, 6)]
        {
            let half = (1_i32 << shift) >> 1;
            let over = (1_i64 << (shift + bits)).min(i64::from(bound)) as i32;
            let centres = [-bound, -over, -half, 0, half, 1 << shift, over - half, over, bound];
            let edges: Vec<i32> = centres
                .iter()
                .flat_map(|centre| [centre - 1, *centre, centre + 1])
                .filter(|value| value.abs() <= bound)
                .collect();
            let mask = (1_u32 << ell) - 1;
            let shares = [0, 1, mask, 1 << (ell - 1), 0x2aaa_aaaa & mask, 0x1357_9bdf & mask];
            let shape = StepShape { count: 1, ell, shift, bits, pool: true, out_ell: 8 };
            let pairs = edges.iter().enumerate().flat_map(|(i, a)| {
                edges
                    .iter()
                    .enumerate()
                    .map(move |(j, b)| ([*a, *b], [shares[(i + j) % 6], shares[(i * 5 + j * 3) % 6]]))
            });
            check(&shape, pairs);
            let singles = edges.iter().flat_map(|a| shares.map(|share| ([*a], [share])));
            check(&StepShape { pool: false, ..shape }, singles);
        }
    }
}

#[test]
fn counts_follow_the_formula() {
    for pool in [false, true] {
        for shape in [2, 3, 7, 16, 20, 30].into_iter().flat_map(|ell| shapes(ell, pool)) {
            let circuit = netlist(&shape);
            assert_eq!(circuit.ciphertexts, ciphertexts(&shape));
            assert_eq!(circuit.inputs as u32, evaluator_widths(&shape).iter().sum());
            assert_eq!(circuit.garbler_bits as u32, garbler_widths(&shape).iter().sum());
            assert_eq!(circuit.outputs.len() as u32, shape.bits);
        }
    }
    let typical = StepShape { count: 1, ell: 20, shift: 10, bits: 8, pool: true, out_ell: 20 };
    let circuit = netlist(&typical);
    let full = circuit.steps.iter().filter(|step| step.gate.ciphertexts() == 2).count();
    let half = circuit.steps.iter().filter(|step| step.gate.ciphertexts() == 1).count();
    // Comparison 18.5 ANDs, selection 20, addition 19, range 1, clamping 8: 66.5 ANDs.
    assert_eq!((full, half, circuit.ciphertexts), (46, 41, 133));
}

/// The output bits that the circuit finds for up to 64 instances' shares, `[term][class]`, of `ell`
/// bits, as numbers.
fn labels(circuit: &Netlist, ell: u32, client: &[Vec<u32>], server: &[Vec<u32>]) -> Vec<usize> {
    let slices = |instances: &[Vec<u32>]| {
        let mut bits = Vec::new();
        for score in 0..instances[0].len() {
            let values = core::array::from_fn(|lane| instances.get(lane).map_or(0, |shares| shares[score]));
            push_bit_slices(&values, ell, &mut bits);
        }
        bits
    };
    let outputs = circuit.evaluate_plain(&slices(client), &slices(server));
    let label = |lane| outputs.iter().rev().fold(0, |label, word| label << 1 | (word >> lane & 1) as usize);
    (0..client.len()).map(label).collect()
}

/// Runs every score in (-2^(ell-1), 2^(ell-1)) with every share of the client through the circuit.
fn check_every_argmax(shape: ArgmaxShape) {
    let ArgmaxShape { classes, ell, .. } = shape;
    let circuit = argmax::netlist(&shape);
    let (ring, values, count) = (1_u32 << ell, (1_u32 << ell) - 1, shape.scores() as u32);
    let digits = |number: u32, base: u32| (0..count).map(move |i| number / base.pow(i) % base);
    let clients: Vec<Vec<u32>> = (0..ring.pow(count)).map(|shares| digits(shares, ring).collect()).collect();
    for scores in 0..values.pow(count) {
        let scores: Vec<i32> = digits(scores, values).map(|v| v as i32 - (values / 2) as i32).collect();
        let sum = |class: usize| -> i32 { scores.iter().skip(class).step_by(classes).sum() };
        let label = (0..classes).rev().max_by_key(|class| sum(*class)).unwrap();
        let expected = label | level(&shape, sum) << argmax::label_bits(classes);
        let rest = |(score, client): (&i32, &u32)| (*score as u32).wrapping_sub(*client) & (ring - 1);
        for clients in clients.chunks(LANES) {
            let servers: Vec<Vec<u32>> =
                clients.iter().map(|client| scores.iter().zip(client).map(rest).collect()).collect();
            for (label, client) in labels(&circuit, ell, clients, &servers).into_iter().zip(clients) {
                assert_eq!(label, expected, "{shape:?} scores {scores:?} client {client:?}");
            }
        }
    }
}

/// The thresholds that the margin of the sums reaches.
fn level(shape: &ArgmaxShape, sum: impl Fn(usize) -> i32) -> usize {
    let mut sums: Vec<i32> = (0..shape.classes).map(sum).collect();
    sums.sort_unstable_by(|a, b| b.cmp(a));
    let reached = |threshold: &&u32| i64::from(sums[0] - sums[1]) >= i64::from(**threshold);
    shape.thresholds.iter().flatten().filter(reached).count()
}

#[test]
fn levels_of_every_score_and_share() {
    for thresholds in [[1, 2, 3], [1, 4, 6], [3, 5, 7], [2, 4, 5]] {
        check_every_argmax(ArgmaxShape { classes: 2, ell: 3, terms: 1, thresholds: Some(thresholds) });
    }
    check_every_argmax(ArgmaxShape { classes: 3, ell: 3, terms: 1, thresholds: Some([1, 3, 6]) });
    check_every_argmax(ArgmaxShape { classes: 4, ell: 2, terms: 1, thresholds: Some([1, 2, 3]) });
    check_every_argmax(ArgmaxShape { classes: 3, ell: 2, terms: 2, thresholds: Some([1, 3, 4]) });
    check_every_argmax(ArgmaxShape { classes: 2, ell: 2, terms: 3, thresholds: Some([2, 5, 6]) });
}

#[test]
fn argmax_of_every_score_and_share() {
    check_every_argmax(ArgmaxShape { classes: 3, ell: 3, terms: 1, thresholds: None });
    for (classes, terms) in [(2, 1), (3, 1), (2, 2), (3, 2), (2, 3)] {
        check_every_argmax(ArgmaxShape { classes, ell: 2, terms, thresholds: None });
    }
    check_every_argmax(ArgmaxShape { classes: 2, ell: 3, terms: 2, thresholds: None });
}

/// Ciphertexts of the additions of one class.
fn additions(terms: usize, ell: usize) -> usize {
    if terms < 2 {
        return 0;
    }
    let levels = (terms - 1).ilog2() as usize + 1;
    additions(terms / 2, ell) + additions(terms - terms / 2, ell) + 2 * (ell + levels) - 2
}

#[test]
fn argmax_counts() {
    for (classes, ell, terms) in
        [(2, 18, 1), (4, 18, 1), (4, 30, 1), (9, 20, 1), (4, 20, 2), (4, 20, 3), (5, 12, 100), (4, 30, 128)]
    {
        let shape = ArgmaxShape { classes, ell: ell as u32, terms, thresholds: None };
        let circuit = argmax::netlist(&shape);
        let width = shape.sum_bits() as usize;
        let sums = classes * (terms * (2 * ell - 3) + additions(terms, ell));
        let comparisons = (classes - 1) * 2 * width;
        let selections = (classes - 2) * 2 * width;
        // An index bit costs an AND for each class behind the first that sets it.
        let bits: usize = (0..argmax::label_bits(classes)).map(|bit| 2 * (classes - 1 - (1 << bit))).sum();
        assert_eq!(circuit.ciphertexts, sums + comparisons + selections + bits, "{shape:?}");
        assert_eq!((circuit.inputs, circuit.garbler_bits), (classes * ell * terms, classes * ell * terms));
    }
    // The level of a margin.
    for (classes, ell, thresholds) in [(2, 18, [1, 2, 3]), (4, 24, [100, 1024, 1 << 23]), (9, 30, [7, 8, 9])]
    {
        let alone = ArgmaxShape { classes, ell, terms: 1, thresholds: None };
        let shape = ArgmaxShape { thresholds: Some(thresholds), ..alone };
        let w = ell as usize;
        let reached: usize =
            thresholds.iter().map(|threshold| 2 * (w - 1 - threshold.trailing_zeros() as usize)).sum();
        let more = 2 * w + 4 * w * (classes - 2) + 2 * w - 2 + reached;
        assert_eq!(argmax::netlist(&shape).ciphertexts, argmax::netlist(&alone).ciphertexts + more);
    }
    // A record of two and a half minutes, one of an hour.
    for (terms, ciphertexts) in [(5, 1640), (128, 40_500)] {
        let shape = ArgmaxShape { classes: 4, ell: 20, terms, thresholds: None };
        assert_eq!(argmax::netlist(&shape).ciphertexts, ciphertexts);
    }
}
