//! The evaluator's half of a batch.

use oblivious_transfer::aes::{AesBackend, Kernel, dispatch};
use oblivious_transfer::block::Block;

use super::{bit_mask, colour_mask, fetch, fill, schedules};
use crate::circuit::{Gate, Netlist};
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
    /// Working memory with the netlist's registers.
    pub(crate) scratch: &'a mut Scratch,
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
        let tables = self.tables.chunks_exact(self.lanes * Block::BYTES);
        let mut state = State { aes, schedules: schedules.iter(), tables };
        let Scratch { registers, spare: out, hashes } = self.scratch;
        for step in &self.netlist.steps {
            let label = |slot| fetch(self.inputs, registers, slot);
            match step.gate {
                Gate::Xor { a, b } => {
                    let (a, b) = (label(a), label(b));
                    fill(out, |lane| a[lane] ^ b[lane]);
                }
                // The garbler flips the meaning of the labels.
                Gate::Not { a } | Gate::XorGarbler { a, .. } if a == step.out => continue,
                Gate::Not { a } | Gate::XorGarbler { a, .. } => **out = *label(a),
                Gate::And { a, b } | Gate::Majority { a, b, .. } => {
                    state.and(label(a), label(b), hashes, out);
                }
                Gate::AndGarbler { a, .. } => state.half_garbler(label(a), hashes, out),
                Gate::AndEvaluator { a, evaluator } => {
                    let (e, bits) = (&self.inputs[evaluator], self.bits[evaluator]);
                    state.half_evaluator(label(a), e, bits, hashes, out);
                }
            }
            core::mem::swap(&mut registers[step.out.0 - self.inputs.len()], out);
        }
        let output = |slot| colours(fetch(self.inputs, registers, slot));
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
    /// H of the labels under the next key, and the next ciphertext.
    #[inline(always)]
    fn next(&mut self, labels: &Labels, [hashes, table]: &mut [Labels; 2]) {
        fill(hashes, |lane| labels[lane]);
        // One schedule and one ciphertext stand ready for each ciphertext of the netlist.
        if let Some(schedule) = self.schedules.next() {
            self.aes.hash(schedule, hashes);
        }
        if let Some(bytes) = self.tables.next() {
            for (block, bytes) in table.iter_mut().zip(bytes.as_chunks().0) {
                *block = Block::from_bytes(*bytes);
            }
        }
    }

    /// a & g, g known to the garbler.
    #[inline(always)]
    fn half_garbler(&mut self, a: &Labels, hashes: &mut [Labels; 2], out: &mut Labels) {
        self.next(a, hashes);
        let [hashes, table] = hashes;
        fill(out, |lane| hashes[lane] ^ (colour_mask(a[lane]) & table[lane]));
    }

    /// a & e, with the labels of e and its values.
    #[inline(always)]
    fn half_evaluator(
        &mut self,
        a: &Labels,
        e: &Labels,
        bits: u64,
        hashes: &mut [Labels; 2],
        out: &mut Labels,
    ) {
        self.next(e, hashes);
        let [hashes, table] = hashes;
        fill(out, |lane| hashes[lane] ^ (bit_mask(bits, lane) & (table[lane] ^ a[lane])));
    }

    /// a & b: the garbler's half on a, the evaluator's half on the colour of b.
    #[inline(always)]
    fn and(&mut self, a: &Labels, b: &Labels, hashes: &mut [Labels; 2], out: &mut Labels) {
        self.half_garbler(a, hashes, out);
        self.next(b, hashes);
        let [hashes, table] = hashes;
        for lane in 0..LANES {
            let second = hashes[lane] ^ (colour_mask(b[lane]) & (table[lane] ^ a[lane]));
            out[lane] ^= second;
        }
    }
}
