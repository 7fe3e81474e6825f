//! The sender of correlated OTs: gives Delta, knows all leaves but one of each tree.

use rand_core::CryptoRng;
use rayon::prelude::{IndexedParallelIterator, ParallelIterator, ParallelSlice, ParallelSliceMut};
use zeroize::{Zeroize, Zeroizing};

use super::fold::Streams;
use super::tree::{base_choices, rebuild};
use super::{
    DIGIT_BITS, Leaves, Row, STEP, STEP_BLOCKS, STEP_WORDS, TASK_STEPS, TREES, chosen_bytes, last_step,
    random_bytes, units,
};
use crate::aes::{self, AesBackend, Kernel};
use crate::base;
use crate::block::Block;
use crate::cot::Blocks;
use crate::error::OtError;
use crate::transpose::{Matrix, transpose};

const MESSAGE: &str = "SoftSpoken extension message";

/// A sender that has answered the base OTs and waits for the trees.
pub struct SenderSetup {
    delta: Block,
    keys: Blocks,
}

/// A sender of correlated OTs, ready to extend.
pub struct CotSender {
    delta: Block,
    leaves: Leaves,
    /// Stream units of 128 OTs already used.
    unit: u64,
}

impl SenderSetup {
    /// Answers the receiver's first message for the correlation `delta`.
    ///
    /// Returns the answer, which has 128 base OTs.
    pub fn start(
        session_id: &[u8],
        delta: Block,
        message: &[u8],
        rng: &mut impl CryptoRng,
    ) -> Result<(Self, Vec<u8>), OtError> {
        let choices = Zeroizing::new(base_choices(delta));
        let (keys, answer) = base::receive(session_id, &choices, message, rng)?;
        Ok((Self { delta, keys: Zeroizing::new(keys) }, answer))
    }

    /// Takes the tree message.
    pub fn finish(mut self, message: &[u8]) -> Result<CotSender, OtError> {
        let leaves = rebuild(self.delta, &self.keys, message)?;
        let delta = self.delta;
        self.delta.zeroize();
        Ok(CotSender { delta, leaves, unit: 0 })
    }
}

impl CotSender {
    /// The correlation.
    #[must_use]
    pub fn delta(&self) -> Block {
        self.delta
    }

    /// The keys of `count` OTs whose receiver drew its choices
    /// ([`super::CotReceiver::extend_random`]).
    pub fn extend_random(&mut self, count: usize, message: &[u8]) -> Result<Blocks, OtError> {
        self.extend(count, message, true)
    }

    /// The keys of `count` OTs whose receiver gave its choices
    /// ([`super::CotReceiver::extend_chosen`]).
    pub fn extend_chosen(&mut self, count: usize, message: &[u8]) -> Result<Blocks, OtError> {
        self.extend(count, message, false)
    }

    fn extend(&mut self, count: usize, message: &[u8], random: bool) -> Result<Blocks, OtError> {
        let (trees, expected) =
            if random { (TREES - 1, random_bytes(count)) } else { (TREES, chosen_bytes(count)) };
        OtError::check_length(MESSAGE, message, expected)?;
        check_padding(message, trees, count)?;
        let mut keys = Zeroizing::new(vec![Block::ZERO; count]);
        let (leaves, delta, unit) = (&self.leaves, self.delta, self.unit);
        keys.par_chunks_mut(STEP * TASK_STEPS)
            .zip(message.par_chunks(trees * STEP / 8 * TASK_STEPS))
            .enumerate()
            .for_each(|(task, (keys, message))| {
                let unit = unit + (task * TASK_STEPS * STEP_BLOCKS) as u64;
                aes::dispatch(Extend { leaves, delta, unit, random, keys, message });
            });
        self.unit += units(count);
        Ok(keys)
    }
}

impl Drop for SenderSetup {
    fn drop(&mut self) {
        self.delta.zeroize();
    }
}

impl Drop for CotSender {
    fn drop(&mut self) {
        self.delta.zeroize();
    }
}

/// Refuses set bits past the end of the vectors of the last step.
fn check_padding(message: &[u8], trees: usize, count: usize) -> Result<(), OtError> {
    let (length, mask) = last_step(count);
    let last = message.len() - trees * length;
    let padded = message[last..].chunks(length.max(1)).any(|vector| vector[length - 1] & !mask != 0);
    if padded { Err(OtError::Padding { message: MESSAGE }) } else { Ok(()) }
}

/// One task: some whole steps, the last of them perhaps shorter.
struct Extend<'a> {
    leaves: &'a Leaves,
    delta: Block,
    unit: u64,
    random: bool,
    keys: &'a mut [Block],
    message: &'a [u8],
}

impl Kernel for Extend<'_> {
    type Output = ();

    #[inline(always)]
    fn run<A: AesBackend>(self, aes: A) {
        let streams = Streams::new(aes, self.leaves);
        let trees = if self.random { TREES - 1 } else { TREES };
        let mut matrix: Matrix<STEP_WORDS> = [[0; STEP_WORDS]; 128];
        let mut unit = self.unit;
        for (keys, message) in self.keys.chunks_mut(STEP).zip(self.message.chunks(trees * STEP / 8)) {
            let vectors = Vectors { bytes: message, length: keys.len().div_ceil(8), random: self.random };
            step(&streams, unit, self.delta, &mut matrix, vectors);
            transpose(&mut matrix, keys);
            unit += STEP_BLOCKS as u64;
        }
        matrix.as_flattened_mut().zeroize();
        streams.wipe();
    }
}

/// The receiver's vectors c_i of one step.
#[derive(Clone, Copy)]
struct Vectors<'m> {
    bytes: &'m [u8],
    /// Bytes of one vector.
    length: usize,
    /// Whether choices are random, so that c_0 is zero and not sent.
    random: bool,
}

impl Vectors<'_> {
    /// c_i of tree i, if it is not zero by definition.
    #[inline(always)]
    fn of(self, tree: usize) -> Option<Row> {
        let place = tree.checked_sub(usize::from(self.random))?;
        Some(read_vector(&self.bytes[place * self.length..][..self.length]))
    }
}

/// Fills the matrix with w_i = v_i + Delta_i c_i.
#[inline(always)]
fn step<A: AesBackend>(
    streams: &Streams<A>,
    unit: u64,
    delta: Block,
    matrix: &mut Matrix<STEP_WORDS>,
    vectors: Vectors<'_>,
) {
    for (tree, rows) in matrix.as_chunks_mut().0.iter_mut().enumerate() {
        streams.fold(tree, unit, false, &mut [0; STEP_WORDS], rows);
        let Some(correction) = vectors.of(tree) else { continue };
        for (bit, row) in rows.iter_mut().enumerate() {
            // Hidden from the compiler, which would skip the loop where the bit of Delta is clear:
            // a secret branch.
            let mask = ((delta.value() >> (DIGIT_BITS * tree + bit)) as u64 & 1).wrapping_neg();
            let mask = core::hint::black_box(mask);
            for (word, correction) in row.iter_mut().zip(&correction) {
                *word ^= correction & mask;
            }
        }
    }
}

/// A row from its byte form, zeros behind it.
#[inline(always)]
fn read_vector(bytes: &[u8]) -> Row {
    let mut row: Row = [0; STEP_WORDS];
    for (word, bytes) in row.iter_mut().zip(bytes.chunks(8)) {
        let mut buffer = [0; 8];
        buffer[..bytes.len()].copy_from_slice(bytes);
        *word = u64::from_le_bytes(buffer);
    }
    row
}
