//! What the evaluator of an argmax sees: the label and the level of its margin, and bits that tell
//! nothing else of the scores.
//!
//! Two score vectors have the same label, the same level and the same shares of the evaluator. Each
//! is garbled many times. In neither does any bit of the evaluator's view lean to a side, no more
//! than in the view of a simulator that knows label and level alone. Decoded with what the garbler
//! keeps to itself, the same views do tell the two vectors apart. And the tally sees a planted
//! leak: a register whose label is its value.

use oblivious_transfer::block::Block;
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha20Rng;

use super::evaluator::Evaluate;
use super::garbler::Garble;
use crate::circuit::Netlist;
use crate::circuit::argmax::{LEVEL_BITS, label_bits, netlist};
use crate::lanes::{Inputs, Scratch};
use crate::shape::ArgmaxShape;

const SHAPE: ArgmaxShape = ArgmaxShape { classes: 4, ell: 6, terms: 2, thresholds: Some([2, 7, 30]) };
/// Garblings of each score vector.
const RUNS: u32 = 600;
/// The most that a fair bit may miss half of them by: 6.5 standard deviations, 10^-10 a bit.
const MOST: u32 = 80;

/// The bits of some shares, as words of one lane.
fn bits(shares: &[u32]) -> Vec<u64> {
    shares.iter().flat_map(|share| (0..SHAPE.ell).map(move |i| u64::from(share >> i & 1))).collect()
}

/// What the evaluator holds in the end.
struct View {
    /// The labels of its inputs, the ciphertexts, and the labels in its registers.
    blocks: Vec<Block>,
    /// What came to decode the outputs.
    permute: Vec<u64>,
    /// Label and level.
    chosen: (usize, usize),
}

/// Evaluates tables on labels of the evaluator's inputs. `permute` makes the decoding bits from the
/// colours of the outputs.
fn view(
    netlist: &Netlist,
    keys: &[Block],
    client: &[u32],
    active: &[Block],
    tables: &[u8],
    permute: impl FnOnce(&[u64]) -> Vec<u64>,
) -> View {
    let mut scratch = Scratch::new(netlist.registers);
    let inputs = Inputs::new(active, 1);
    let (inputs, bits) = (inputs.labels(), &bits(client));
    let colours = Evaluate { netlist, keys, inputs, bits, lanes: 1, tables, scratch: &mut scratch }.run();
    let permute = permute(&colours);
    let decoded = colours.iter().zip(&permute).map(|(colour, permute)| (colour ^ permute) & 1);
    let decoded: usize = decoded.enumerate().map(|(i, bit)| (bit as usize) << i).sum();
    let label_bits = label_bits(SHAPE.classes);
    let chosen = (decoded & ((1 << label_bits) - 1), decoded >> label_bits);
    let ciphertexts = tables.as_chunks().0.iter().map(|bytes| Block::from_bytes(*bytes));
    let registers = scratch.registers.iter().map(|labels| labels[0]);
    View { blocks: active.iter().copied().chain(ciphertexts).chain(registers).collect(), permute, chosen }
}

fn random_blocks(count: usize, rng: &mut ChaCha20Rng) -> Vec<Block> {
    (0..count).map(|_| Block::random(rng)).collect()
}

/// The evaluator's view of a garbling, and the values of its registers, which only the garbler can
/// decode.
fn real(netlist: &Netlist, client: &[u32], server: &[u32], rng: &mut ChaCha20Rng) -> (View, Vec<bool>) {
    let delta = Block::random(rng).with_lsb(true);
    let (keys, zeros) = (random_blocks(netlist.ciphertexts, rng), random_blocks(netlist.inputs, rng));
    let mut tables = vec![0; netlist.ciphertexts * Block::BYTES];
    let mut scratch = Scratch::new(netlist.registers);
    let permute = Garble {
        netlist,
        delta,
        keys: &keys,
        inputs: Inputs::new(&zeros, 1).labels(),
        bits: &bits(server),
        lanes: 1,
        tables: &mut tables,
        scratch: &mut scratch,
    }
    .run();
    let active = zeros.iter().zip(bits(client)).map(|(zero, bit)| *zero ^ (Block::mask(bit == 1) & delta));
    let active: Vec<Block> = active.collect();
    let view = view(netlist, &keys, client, &active, &tables, |_| permute);
    let registers = &view.blocks[netlist.inputs + netlist.ciphertexts..];
    let values =
        registers.iter().zip(&scratch.registers).map(|(active, zeros)| *active != zeros[0]).collect();
    (view, values)
}

/// A view made from label, level and the evaluator's own shares alone.
fn simulated(
    netlist: &Netlist,
    client: &[u32],
    (label, level): (usize, usize),
    rng: &mut ChaCha20Rng,
) -> View {
    let outputs = label | level << label_bits(SHAPE.classes);
    let (keys, active) = (random_blocks(netlist.ciphertexts, rng), random_blocks(netlist.inputs, rng));
    let mut tables = vec![0; netlist.ciphertexts * Block::BYTES];
    rng.fill(&mut tables[..]);
    let permute = |colours: &[u64]| {
        colours.iter().enumerate().map(|(i, colour)| colour ^ (outputs >> i) as u64).collect()
    };
    view(netlist, &keys, client, &active, &tables, permute)
}

/// How often each bit of the view is 1.
struct Tally(Vec<u32>);

impl Tally {
    fn add(&mut self, view: &View) {
        let blocks = view.blocks.iter().flat_map(|block| (0..128).map(move |i| block.value() >> i & 1 == 1));
        let bits: Vec<bool> = blocks.chain(view.permute.iter().map(|permute| permute & 1 == 1)).collect();
        self.0.resize(bits.len(), 0);
        self.0.iter_mut().zip(bits).for_each(|(count, bit)| *count += u32::from(bit));
    }

    fn assert_fair(&self, what: &str) {
        let leaning = self.leaning();
        assert_eq!(leaning, [], "{what}: of {RUNS} views");
    }

    /// The places of the bits that lean to a side.
    fn leaning(&self) -> Vec<usize> {
        let leans = |(_, count): &(usize, &u32)| count.abs_diff(RUNS / 2) > MOST;
        self.0.iter().enumerate().filter(leans).map(|(place, _)| place).collect()
    }
}

/// The garbler's shares that make these scores of the evaluator's shares.
fn completing(client: &[u32], scores: &[i32]) -> Vec<u32> {
    let mask = (1 << SHAPE.ell) - 1;
    scores.iter().zip(client).map(|(score, c)| (*score as u32).wrapping_sub(*c) & mask).collect()
}

fn random_shares(rng: &mut ChaCha20Rng) -> Vec<u32> {
    (0..SHAPE.scores()).map(|_| rng.random::<u32>() & ((1 << SHAPE.ell) - 1)).collect()
}

#[test]
fn views_of_two_score_vectors_with_one_label_and_level_are_alike() {
    let mut rng = ChaCha20Rng::seed_from_u64(1);
    let netlist = netlist(&SHAPE);
    let client = random_shares(&mut rng);
    // Sums (-1, 4, 11, 3) and (-60, -22, 20, -1): class 2 by 7 and by 21, which is level 2.
    let vectors: [[i32; 8]; 2] = [[3, -4, 10, 1, -4, 8, 1, 2], [-29, 8, 31, -31, -31, -30, -11, 30]];
    let mut values = Vec::new();
    for scores in vectors {
        let server = completing(&client, &scores);
        let mut tally = Tally(Vec::new());
        let mut decoded = Vec::new();
        for _ in 0..RUNS {
            let (view, values) = real(&netlist, &client, &server, &mut rng);
            assert_eq!(view.chosen, (2, 2));
            let bits = label_bits(SHAPE.classes) + LEVEL_BITS;
            assert_eq!(view.permute.len(), bits, "only label and level can be decoded");
            tally.add(&view);
            decoded.push(values);
        }
        tally.assert_fair("scores");
        decoded.dedup();
        assert_eq!(decoded.len(), 1, "the same wires carry the same values in every garbling");
        values.extend(decoded);
    }
    assert_ne!(values[0], values[1], "the garbler can tell the two from the labels that the evaluator holds");

    let mut tally = Tally(Vec::new());
    for _ in 0..RUNS {
        let view = simulated(&netlist, &client, (2, 2), &mut rng);
        assert_eq!(view.chosen, (2, 2));
        tally.add(&view);
    }
    tally.assert_fair("simulator");
}

#[test]
fn a_planted_leak_makes_a_bit_lean() {
    let mut rng = ChaCha20Rng::seed_from_u64(2);
    let netlist = netlist(&SHAPE);
    let client = random_shares(&mut rng);
    let server = completing(&client, &[3, -4, 10, 1, -4, 8, 1, 2]);
    let mut tally = Tally(Vec::new());
    for _ in 0..RUNS {
        let (mut view, values) = real(&netlist, &client, &server, &mut rng);
        // The colour of the first register tells its value, as if it had no permute bit.
        let first = netlist.inputs + netlist.ciphertexts;
        view.blocks[first] = view.blocks[first].with_lsb(values[0]);
        tally.add(&view);
    }
    assert_eq!(tally.leaning(), [(netlist.inputs + netlist.ciphertexts) * 128]);
}
