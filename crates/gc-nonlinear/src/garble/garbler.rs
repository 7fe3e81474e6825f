//! The garbler's half of a batch.

use oblivious_transfer::aes::{AesBackend, Kernel, dispatch};
use oblivious_transfer::block::Block;

use super::{colour_mask, fetch, schedules, spread};
use crate::circuit::{Gate, Netlist, Step};
use crate::lanes::{Labels, Scratch, colours};

/// A batch to garble.
pub(crate) struct Garble<'a> {
    pub(crate) netlist: &'a Netlist,
    /// The correlation; bit 0 is 1.
    pub(crate) delta: Block,
    /// One hash key for each ciphertext.
    pub(crate) keys: &'a [Block],
    /// Zero labels of the evaluator's inputs.
    pub(crate) inputs: &'a [Labels],
    /// The garbler's input bits.
    pub(crate) bits: &'a [u64],
    /// Instances whose ciphertexts are sent.
    pub(crate) lanes: usize,
    /// The ciphertexts: `lanes` blocks for each.
    pub(crate) tables: &'a mut [u8],
}

impl Garble<'_> {
    /// Writes the tables and returns the permute bits of the outputs.
    pub(crate) fn run(self) -> Vec<u64> {
        dispatch(self)
    }
}

impl Kernel for Garble<'_> {
    type Output = Vec<u64>;

    #[inline(always)]
    fn run<A: AesBackend>(self, aes: A) -> Vec<u64> {
        let schedules = schedules(aes, self.keys);
        let mut scratch = Scratch::new(self.netlist.registers);
        let mut state = State {
            aes,
            delta: self.delta,
            schedules: schedules.iter(),
            tables: self.tables.chunks_exact_mut(self.lanes * Block::BYTES),
        };
        for Step { gate, out } in &self.netlist.steps {
            let Scratch { registers, hashes } = &mut scratch;
            let label = |slot| fetch(self.inputs, registers, slot);
            let output: Labels = match *gate {
                Gate::Xor { a, b } => xor(label(a), label(b)),
                Gate::Not { a } => label(a).map(|a| a ^ self.delta),
                Gate::XorGarbler { a, garbler } => xor(label(a), &spread(self.bits[garbler], self.delta)),
                Gate::And { a, b } => state.and(label(a), label(b), hashes),
                Gate::Majority { a, b, garbler } => {
                    let flip = spread(self.bits[garbler], self.delta);
                    let both = state.and(&xor(label(a), &flip), &xor(label(b), &flip), hashes);
                    xor(&both, &flip)
                }
                Gate::AndGarbler { a, garbler } => {
                    state.half_garbler(label(a), &spread(self.bits[garbler], self.delta), hashes)
                }
                Gate::AndEvaluator { a, evaluator } => {
                    state.half_evaluator(label(a), &self.inputs[evaluator], hashes)
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
    delta: Block,
    schedules: core::slice::Iter<'s, A::Schedule>,
    tables: core::slice::ChunksExactMut<'t, u8>,
}

impl<A: AesBackend> State<'_, '_, A> {
    /// H of both labels of a wire under the next key.
    #[inline(always)]
    fn hash(&mut self, zero: &Labels, hashes: &mut [Labels; 2]) {
        for lane in 0..zero.len() {
            hashes[0][lane] = zero[lane];
            hashes[1][lane] = zero[lane] ^ self.delta;
        }
        // One schedule stands ready for each ciphertext of the netlist.
        if let Some(schedule) = self.schedules.next() {
            self.aes.hash(schedule, hashes.as_flattened_mut());
        }
    }

    /// Makes the next ciphertext, H(zero label) ^ H(one label) ^ secret, and sends it.
    #[inline(always)]
    fn send(&mut self, hashes: &[Labels; 2], secret: &Labels) -> Labels {
        let table = core::array::from_fn(|lane| hashes[0][lane] ^ hashes[1][lane] ^ secret[lane]);
        if let Some(bytes) = self.tables.next() {
            for (bytes, block) in bytes.as_chunks_mut().0.iter_mut().zip(&table) {
                *bytes = block.to_bytes();
            }
        }
        table
    }

    /// a & g, with `g_delta` = g * Delta.
    #[inline(always)]
    fn half_garbler(&mut self, a: &Labels, g_delta: &Labels, hashes: &mut [Labels; 2]) -> Labels {
        self.hash(a, hashes);
        let table = self.send(hashes, g_delta);
        core::array::from_fn(|lane| hashes[0][lane] ^ (colour_mask(a[lane]) & table[lane]))
    }

    /// a & e, e known to the evaluator.
    #[inline(always)]
    fn half_evaluator(&mut self, a: &Labels, e: &Labels, hashes: &mut [Labels; 2]) -> Labels {
        self.hash(e, hashes);
        self.send(hashes, a);
        hashes[0]
    }

    /// a & b: a & p_b, which the garbler knows, plus a & (b ^ p_b), which the evaluator sees as a colour.
    #[inline(always)]
    fn and(&mut self, a: &Labels, b: &Labels, hashes: &mut [Labels; 2]) -> Labels {
        let p_delta = core::array::from_fn(|lane| colour_mask(b[lane]) & self.delta);
        let first = self.half_garbler(a, &p_delta, hashes);
        self.hash(b, hashes);
        let table = self.send(hashes, a);
        core::array::from_fn(|lane| {
            first[lane] ^ hashes[0][lane] ^ (colour_mask(b[lane]) & (table[lane] ^ a[lane]))
        })
    }
}

#[inline(always)]
fn xor(a: &Labels, b: &Labels) -> Labels {
    core::array::from_fn(|lane| a[lane] ^ b[lane])
}
