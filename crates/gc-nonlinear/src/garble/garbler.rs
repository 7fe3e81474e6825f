//! The garbler's half of a batch.

use oblivious_transfer::aes::{AesBackend, Kernel, dispatch};
use oblivious_transfer::block::Block;

use super::{bit_mask, colour_mask, fetch, fill, schedules};
use crate::circuit::{Gate, Netlist};
use crate::lanes::{LANES, Labels, Scratch, colours};

/// A batch to garble.
pub(crate) struct Garble<'a> {
    pub(crate) netlist: &'a Netlist,
    /// The correlation. Its bit 0 is 1.
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
    /// Working memory with the netlist's registers.
    pub(crate) scratch: &'a mut Scratch,
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
        let mut state = State {
            aes,
            delta: self.delta,
            schedules: schedules.iter(),
            tables: self.tables.chunks_exact_mut(self.lanes * Block::BYTES),
        };
        let Scratch { registers, spare: out, hashes } = self.scratch;
        for step in &self.netlist.steps {
            let label = |slot| fetch(self.inputs, registers, slot);
            match step.gate {
                Gate::Xor { a, b } => {
                    let (a, b) = (label(a), label(b));
                    fill(out, |lane| a[lane] ^ b[lane]);
                }
                Gate::Not { a } => state.flip(label(a), u64::MAX, out),
                Gate::XorGarbler { a, garbler } => state.flip(label(a), self.bits[garbler], out),
                Gate::And { a, b } => state.and(label(a), label(b), 0, hashes, out),
                Gate::Majority { a, b, garbler } => {
                    state.and(label(a), label(b), self.bits[garbler], hashes, out);
                }
                Gate::AndGarbler { a, garbler } => {
                    let (bits, delta) = (self.bits[garbler], self.delta);
                    state.half_garbler(label(a), 0, |lane| bit_mask(bits, lane) & delta, hashes, out);
                }
                Gate::AndEvaluator { a, evaluator } => {
                    state.half_evaluator(label(a), &self.inputs[evaluator], hashes, out);
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
    delta: Block,
    schedules: core::slice::Iter<'s, A::Schedule>,
    tables: core::slice::ChunksExactMut<'t, u8>,
}

impl<A: AesBackend> State<'_, '_, A> {
    /// a ^ g: the zero label moves by g * Delta.
    #[inline(always)]
    fn flip(&self, a: &Labels, g: u64, out: &mut Labels) {
        fill(out, |lane| a[lane] ^ (bit_mask(g, lane) & self.delta));
    }

    /// H of both labels of a wire, flipped by g, under the next key.
    #[inline(always)]
    fn hash(&mut self, zero: &Labels, g: u64, hashes: &mut [Labels; 2]) {
        let [zeros, ones] = hashes;
        for lane in 0..LANES {
            let label = zero[lane] ^ (bit_mask(g, lane) & self.delta);
            zeros[lane] = label;
            ones[lane] = label ^ self.delta;
        }
        // One schedule stands ready for each ciphertext of the netlist.
        if let Some(schedule) = self.schedules.next() {
            self.aes.hash(schedule, hashes.as_flattened_mut());
        }
    }

    /// Makes and sends the next ciphertext, H(zero label) ^ H(one label) ^ secret.
    ///
    /// It takes the place of H(one label).
    #[inline(always)]
    fn send(&mut self, hashes: &mut [Labels; 2], secret: impl Fn(usize) -> Block) {
        let [zeros, ones] = hashes;
        for lane in 0..LANES {
            ones[lane] = zeros[lane] ^ ones[lane] ^ secret(lane);
        }
        if let Some(bytes) = self.tables.next() {
            for (bytes, block) in bytes.as_chunks_mut().0.iter_mut().zip(ones) {
                *bytes = block.to_bytes();
            }
        }
    }

    /// (a ^ g) & h, with `h_delta` = h * Delta.
    #[inline(always)]
    fn half_garbler(
        &mut self,
        a: &Labels,
        g: u64,
        h_delta: impl Fn(usize) -> Block,
        hashes: &mut [Labels; 2],
        out: &mut Labels,
    ) {
        self.hash(a, g, hashes);
        self.send(hashes, h_delta);
        let [zeros, table] = hashes;
        // Delta has colour 1, so g flips the colour of the zero label.
        fill(out, |lane| zeros[lane] ^ ((colour_mask(a[lane]) ^ bit_mask(g, lane)) & table[lane]));
    }

    /// a & e, e known to the evaluator.
    #[inline(always)]
    fn half_evaluator(&mut self, a: &Labels, e: &Labels, hashes: &mut [Labels; 2], out: &mut Labels) {
        self.hash(e, 0, hashes);
        self.send(hashes, |lane| a[lane]);
        *out = hashes[0];
    }

    /// ((a ^ g) & (b ^ g)) ^ g. With p the colour of the second factor's zero label: the first
    /// factor & p, which the garbler knows, plus the first factor & (second ^ p), which the
    /// evaluator sees as a colour.
    #[inline(always)]
    fn and(&mut self, a: &Labels, b: &Labels, g: u64, hashes: &mut [Labels; 2], out: &mut Labels) {
        let delta = self.delta;
        let g_delta = |lane: usize| bit_mask(g, lane) & delta;
        let p = |lane: usize| colour_mask(b[lane]) ^ bit_mask(g, lane);
        self.half_garbler(a, g, |lane| p(lane) & delta, hashes, out);
        self.hash(b, g, hashes);
        self.send(hashes, |lane| a[lane] ^ g_delta(lane));
        let [zeros, table] = hashes;
        for lane in 0..LANES {
            let factor = table[lane] ^ a[lane] ^ g_delta(lane);
            out[lane] = out[lane] ^ zeros[lane] ^ (p(lane) & factor) ^ g_delta(lane);
        }
    }
}
