//! The batch kernels against half-gates as the paper states them, one label at a time, and what is
//! hashed under a key.

use std::collections::HashSet;

use oblivious_transfer::aes::{Kernel, Portable};
use oblivious_transfer::block::Block;
use oblivious_transfer::hash::Hasher;
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha20Rng;
use shares::StepShape;

use super::evaluator::Evaluate;
use super::garbler::Garble;
use crate::circuit::{Gate, Netlist, Slot, Step, activation};
use crate::lanes::{Inputs, LANES, Labels, Scratch};

/// Zahur, Rosulek, Evans, figure 2, for one instance.
struct Paper<'a> {
    delta: Block,
    keys: core::slice::Iter<'a, Block>,
    tables: Vec<Block>,
    /// For each ciphertext the zero label whose pair is hashed under its key.
    hashed: Vec<Block>,
}

impl Paper<'_> {
    fn hash_pair(&mut self, zero: Block) -> (Block, Block) {
        let hasher = Hasher::new(*self.keys.next().unwrap());
        self.hashed.push(zero);
        (hasher.hash(zero), hasher.hash(zero ^ self.delta))
    }

    fn times(&self, bit: bool, block: Block) -> Block {
        if bit { block } else { Block::ZERO }
    }

    fn garbler_half(&mut self, a: Block, g: bool) -> Block {
        let (zero, one) = self.hash_pair(a);
        let table = zero ^ one ^ self.times(g, self.delta);
        self.tables.push(table);
        zero ^ self.times(a.lsb(), table)
    }

    fn evaluator_half(&mut self, a: Block, b: Block, colour: bool) -> Block {
        let (zero, one) = self.hash_pair(b);
        let table = zero ^ one ^ a;
        self.tables.push(table);
        zero ^ self.times(colour, table ^ a)
    }

    fn and(&mut self, a: Block, b: Block) -> Block {
        self.garbler_half(a, b.lsb()) ^ self.evaluator_half(a, b, b.lsb())
    }

    fn garble(&mut self, netlist: &Netlist, inputs: &[Block], bits: &[bool]) {
        let mut slots = inputs.to_vec();
        slots.resize(netlist.inputs + netlist.registers, Block::ZERO);
        for Step { gate, out } in &netlist.steps {
            let label = |Slot(slot): Slot| slots[slot];
            slots[out.0] = match *gate {
                Gate::Xor { a, b } => label(a) ^ label(b),
                Gate::Not { a } => label(a) ^ self.delta,
                Gate::XorGarbler { a, garbler } => label(a) ^ self.times(bits[garbler], self.delta),
                Gate::And { a, b } => self.and(label(a), label(b)),
                Gate::Majority { a, b, garbler } => {
                    let flip = self.times(bits[garbler], self.delta);
                    self.and(label(a) ^ flip, label(b) ^ flip) ^ flip
                }
                Gate::AndGarbler { a, garbler } => self.garbler_half(label(a), bits[garbler]),
                Gate::AndEvaluator { a, evaluator } => {
                    self.evaluator_half(label(a), inputs[evaluator], false)
                }
            };
        }
    }
}

/// A batch of `lanes` instances with the same garbler's bits in each: what an attacker would like
/// best.
struct Batch {
    netlist: Netlist,
    delta: Block,
    keys: Vec<Block>,
    inputs: Vec<Block>,
    bits: Vec<u64>,
    lanes: usize,
}

impl Batch {
    fn new(shape: &StepShape, lanes: usize, rng: &mut ChaCha20Rng) -> Self {
        let netlist = activation::netlist(shape);
        let mut blocks = |count: usize| (0..count).map(|_| Block::random(rng)).collect::<Vec<_>>();
        let (keys, inputs) = (blocks(netlist.ciphertexts), blocks(netlist.inputs * lanes));
        let bits = (0..netlist.garbler_bits).map(|_| if rng.random() { u64::MAX } else { 0 }).collect();
        Self { netlist, delta: Block::random(rng).with_lsb(true), keys, inputs, bits, lanes }
    }

    fn tables(&self) -> Vec<Block> {
        self.tables_by(|garble| garble.run())
    }

    fn tables_by(&self, garble: impl FnOnce(Garble<'_>) -> Vec<u64>) -> Vec<Block> {
        let mut tables = vec![0; self.netlist.ciphertexts * self.lanes * Block::BYTES];
        garble(Garble {
            netlist: &self.netlist,
            delta: self.delta,
            keys: &self.keys,
            inputs: Inputs::new(&self.inputs, self.lanes).labels(),
            bits: &self.bits,
            lanes: self.lanes,
            tables: &mut tables,
            scratch: &mut Scratch::new(self.netlist.registers),
        });
        tables.as_chunks().0.iter().map(|bytes| Block::from_bytes(*bytes)).collect()
    }

    fn paper(&self, lane: usize) -> Paper<'_> {
        let (delta, keys) = (self.delta, self.keys.iter());
        let mut paper = Paper { delta, keys, tables: Vec::new(), hashed: Vec::new() };
        let inputs: Vec<Block> = self.inputs.chunks(self.lanes).map(|labels| labels[lane]).collect();
        let bits: Vec<bool> = self.bits.iter().map(|word| word >> lane & 1 == 1).collect();
        paper.garble(&self.netlist, &inputs, &bits);
        paper
    }
}

const SHAPE: StepShape = StepShape { count: 1, ell: 9, shift: 2, bits: 4, pool: true, out_ell: 8 };

#[test]
fn the_kernel_garbles_as_the_paper_says() {
    let mut rng = ChaCha20Rng::seed_from_u64(1);
    for (shape, lanes) in [(SHAPE, 64), (SHAPE, 3), (StepShape { pool: false, ..SHAPE }, 64)] {
        let batch = Batch::new(&shape, lanes, &mut rng);
        let tables = batch.tables();
        for lane in 0..lanes {
            let of_lane: Vec<Block> = tables.chunks(lanes).map(|table| table[lane]).collect();
            assert!(of_lane == batch.paper(lane).tables);
        }
    }
}

#[test]
fn software_aes_garbles_the_same() {
    let batch = Batch::new(&SHAPE, 5, &mut ChaCha20Rng::seed_from_u64(5));
    assert!(batch.tables_by(|garble| Kernel::run(garble, Portable)) == batch.tables());
}

#[test]
fn no_label_is_hashed_twice_under_one_key() {
    let mut rng = ChaCha20Rng::seed_from_u64(2);
    let batch = Batch::new(&SHAPE, LANES, &mut rng);
    let hashed: Vec<Vec<Block>> = (0..LANES).map(|lane| batch.paper(lane).hashed).collect();
    for ciphertext in 0..batch.netlist.ciphertexts {
        let mut seen = HashSet::from([0]);
        for labels in &hashed {
            let zero = labels[ciphertext];
            assert!(seen.insert(zero.value()) && seen.insert((zero ^ batch.delta).value()));
        }
    }
    let keys: HashSet<u128> = batch.keys.iter().map(|key| key.value()).collect();
    assert_eq!(keys.len(), batch.netlist.ciphertexts);
}

#[test]
fn a_repeated_label_under_one_key_would_reveal_delta() {
    let mut rng = ChaCha20Rng::seed_from_u64(3);
    let mut batch = Batch::new(&SHAPE, 2, &mut rng);
    // The first ciphertext is input wire x AND a bit of the garbler. Let the evaluator hold one
    // label of x twice.
    let Gate::AndGarbler { a: Slot(wire), garbler } = batch.netlist.steps[0].gate else {
        panic!("the first gate is not an AND with a bit of the garbler")
    };
    batch.bits[garbler] = 0b10;
    let leak = |batch: &Batch| {
        let tables = batch.tables();
        tables[0] ^ tables[1] == batch.delta
    };
    assert!(!leak(&batch));
    batch.inputs[2 * wire + 1] = batch.inputs[2 * wire];
    assert!(leak(&batch));
}

#[test]
fn evaluation_gives_labels_of_the_wires() {
    let mut rng = ChaCha20Rng::seed_from_u64(4);
    let mut batch = Batch::new(&SHAPE, LANES, &mut rng);
    batch.bits.iter_mut().for_each(|word| *word = rng.random());
    let bits: Vec<u64> = (0..batch.netlist.inputs).map(|_| rng.random()).collect();
    let mut tables = vec![0; batch.netlist.ciphertexts * LANES * Block::BYTES];
    let zero = Inputs::new(&batch.inputs, LANES);
    let permute = Garble {
        netlist: &batch.netlist,
        delta: batch.delta,
        keys: &batch.keys,
        inputs: zero.labels(),
        bits: &batch.bits,
        lanes: LANES,
        tables: &mut tables,
        scratch: &mut Scratch::new(batch.netlist.registers),
    }
    .run();
    let active = |(labels, word): (&Labels, &u64)| -> Labels {
        core::array::from_fn(|lane| labels[lane] ^ (Block::mask(word >> lane & 1 == 1) & batch.delta))
    };
    let active: Vec<Labels> = zero.labels().iter().zip(&bits).map(active).collect();
    let colours = Evaluate {
        netlist: &batch.netlist,
        keys: &batch.keys,
        inputs: &active,
        bits: &bits,
        lanes: LANES,
        tables: &tables,
        scratch: &mut Scratch::new(batch.netlist.registers),
    }
    .run();
    let decoded: Vec<u64> = colours.iter().zip(&permute).map(|(colour, permute)| colour ^ permute).collect();
    assert_eq!(decoded, batch.netlist.evaluate_plain(&bits, &batch.bits));
}
