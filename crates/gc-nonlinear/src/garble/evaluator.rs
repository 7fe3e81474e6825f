//! The evaluator's half of a batch.

use oblivious_transfer::aes::{AesBackend, Kernel, dispatch};
use oblivious_transfer::block::Block;

use super::{colour_mask, fetch, schedules, spread};
use crate::circuit::{Gate, Netlist, Step};
use crate::lanes::{LANES, Labels, Scratch, colours};

/// A batch to evaluate.
pub(crate) struct Evaluate<'a> {
    pub(crate) netlist: &'a Netlist,
    /// One hash key for each ciphertext.
    pub(crate) keys: &'a [Block],
    /// Labels of the evaluator's inputs.
    pub(crate) inputs: &'a [Labels],
    /// The evaluator's input bits.
    pub(crate) bits: &'a [u64],
    /// Instances whose ciphertexts were sent.
    pub(crate) lanes: usize,
    /// The ciphertexts: `lanes` blocks for each.
    pub(crate) tables: &'a [u8],
}

impl Evaluate<'_> {
    /// Returns the colour bits of the outputs.
    pub(crate) fn run(self) -> Vec<u64> {
        dispatch(self)
    }
}

impl Kernel for Evaluate<'_> {
    type Output = Vec<u64>;

    #[inline(always)]
    fn run<A: AesBackend>(self, aes: A) -> Vec<u64> {
        let schedules = schedules(aes, self.keys);
        let mut scratch = Scratch::new(self.netlist.registers);
        let tables = self.tables.chunks_exact(self.lanes * Block::BYTES);
        let mut state = State { aes, schedules: schedules.iter(), tables };
        for Step { gate, out } in &self.netlist.steps {
            let Scratch { registers, hashes: [hashes, _] } = &mut scratch;
            let label = |slot| fetch(self.inputs, registers, slot);
            let output: Labels = match *gate {
                Gate::Xor { a, b } => {
                    let (a, b) = (label(a), label(b));
                    core::array::from_fn(|lane| a[lane] ^ b[lane])
                }
                // The garbler flips the meaning of the labels.
                Gate::Not { a } | Gate::XorGarbler { a, .. } if a == *out => continue,
                Gate::Not { a } | Gate::XorGarbler { a, .. } => *label(a),
                Gate::And { a, b } | Gate::Majority { a, b, .. } => state.and(label(a), label(b), hashes),
                Gate::AndGarbler { a, .. } => state.half_garbler(label(a), hashes),
                Gate::AndEvaluator { a, evaluator } => {
                    state.half_evaluator(label(a), &self.inputs[evaluator], self.bits[evaluator], hashes)
                }
            };
            registers[out.0 - self.inputs.len()] = output;
        }
        let output = |slot| colours(fetch(self.inputs, &scratch.registers, slot));
        self.netlist.outputs.iter().map(|slot| output(*slot)).collect()
    }
}

/// What the gates of a batch share.
struct State<'s, 't, A: AesBackend> {
    aes: A,
    schedules: core::slice::Iter<'s, A::Schedule>,
    tables: core::slice::ChunksExact<'t, u8>,
}

impl<A: AesBackend> State<'_, '_, A> {
    /// H of the labels under the next key.
    #[inline(always)]
    fn hash(&mut self, labels: &Labels, hashes: &mut Labels) {
        *hashes = *labels;
        // One schedule stands ready for each ciphertext of the netlist.
        if let Some(schedule) = self.schedules.next() {
            self.aes.hash(schedule, hashes);
        }
    }

    /// The next ciphertext.
    #[inline(always)]
    fn receive(&mut self) -> Labels {
        let mut table = [Block::ZERO; LANES];
        if let Some(bytes) = self.tables.next() {
            for (block, bytes) in table.iter_mut().zip(bytes.as_chunks().0) {
                *block = Block::from_bytes(*bytes);
            }
        }
        table
    }

    /// a & g, g known to the garbler.
    #[inline(always)]
    fn half_garbler(&mut self, a: &Labels, hashes: &mut Labels) -> Labels {
        self.hash(a, hashes);
        let table = self.receive();
        core::array::from_fn(|lane| hashes[lane] ^ (colour_mask(a[lane]) & table[lane]))
    }

    /// a & e, with the labels of e and its values.
    #[inline(always)]
    fn half_evaluator(&mut self, a: &Labels, e: &Labels, bits: u64, hashes: &mut Labels) -> Labels {
        self.hash(e, hashes);
        let table = self.receive();
        let mask = spread(bits, Block::new(u128::MAX));
        core::array::from_fn(|lane| hashes[lane] ^ (mask[lane] & (table[lane] ^ a[lane])))
    }

    #[inline(always)]
    fn and(&mut self, a: &Labels, b: &Labels, hashes: &mut Labels) -> Labels {
        let first = self.half_garbler(a, hashes);
        self.hash(b, hashes);
        let table = self.receive();
        core::array::from_fn(|lane| {
            first[lane] ^ hashes[lane] ^ (colour_mask(b[lane]) & (table[lane] ^ a[lane]))
        })
    }
}
