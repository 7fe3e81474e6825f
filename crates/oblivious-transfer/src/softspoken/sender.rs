//! The sender of correlated OTs: gives Delta, knows all leaves but one of each tree.

use rand_core::CryptoRng;
use rayon::prelude::{IndexedParallelIterator, ParallelIterator, ParallelSlice, ParallelSliceMut};
use zeroize::{Zeroize, Zeroizing};

use super::check::{Challenge, RowHashes, Transcript, add_offsets, verify};
use super::fold::Streams;
use super::tree::{base_choices, rebuild};
use super::{
    DIGIT_BITS, Leaves, PROOF_BYTES, Row, STEP, STEP_BLOCKS, STEP_WORDS, TASK_STEPS, VECTORS, random_bytes,
    units,
};
use crate::aes::{self, AesBackend, Kernel};
use crate::base;
use crate::block::Block;
use crate::cot::Blocks;
use crate::error::OtError;
use crate::transpose::{Matrix, ROWS, transpose};

const MESSAGE: &str = "SoftSpoken extension message";

/// A sender that has answered the base OTs and waits for the trees.
pub struct SenderSetup {
    session_id: Vec<u8>,
    delta: Block,
    keys: Blocks,
}

/// A sender of correlated OTs, ready to extend.
pub struct CotSender {
    delta: Block,
    leaves: Leaves,
    transcript: Transcript,
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
        Ok((Self { session_id: session_id.to_vec(), delta, keys: Zeroizing::new(keys) }, answer))
    }

    /// Takes the tree message.
    ///
    /// # Errors
    /// [`OtError::Length`] if it has another length. [`OtError::Inconsistent`] if its trees fail
    /// their check: the receiver deviates.
    pub fn finish(mut self, message: &[u8]) -> Result<CotSender, OtError> {
        let leaves = rebuild(&self.session_id, self.delta, &self.keys, message)?;
        let transcript = Transcript::new(&self.session_id, message);
        let delta = self.delta;
        self.delta.zeroize();
        Ok(CotSender { delta, leaves, transcript, unit: 0 })
    }
}

impl CotSender {
    /// The correlation.
    #[must_use]
    pub fn delta(&self) -> Block {
        self.delta
    }

    /// The keys of `count` OTs ([`super::CotReceiver::extend_random`]).
    ///
    /// # Errors
    /// [`OtError::Length`] if the message has another length. [`OtError::Inconsistent`] if the
    /// batch fails its check: the receiver deviates. No further batch may be taken then.
    pub fn extend_random(&mut self, count: usize, message: &[u8]) -> Result<Blocks, OtError> {
        self.extend(count, message)?.verify()
    }

    pub(super) fn extend<'m>(&mut self, count: usize, message: &'m [u8]) -> Result<Unverified<'m>, OtError> {
        OtError::check_length(MESSAGE, message, random_bytes(count))?;
        let (vectors, proof) = message.split_at(message.len() - PROOF_BYTES);
        let challenge = &self.transcript.challenge(self.unit, vectors);
        let mut keys = Zeroizing::new(vec![Block::ZERO; 128 * units(count)]);
        let (leaves, delta, unit) = (&self.leaves, self.delta, self.unit);
        let hashes = keys
            .par_chunks_mut(STEP * TASK_STEPS)
            .zip(vectors.par_chunks(VECTORS * STEP / 8 * TASK_STEPS))
            .enumerate()
            .map(|(task, (keys, vectors))| {
                let first = task * TASK_STEPS * STEP_BLOCKS;
                let units = keys.len() / 128;
                (aes::dispatch(Extend { leaves, delta, challenge, unit, first, keys, vectors }), units)
            })
            .collect();
        keys.truncate(count);
        self.unit += units(count) as u64;
        Ok(Unverified { delta, keys, hashes: challenge.join(hashes), proof })
    }
}

/// A batch whose receiver may have deviated.
pub(super) struct Unverified<'m> {
    delta: Block,
    pub(super) keys: Blocks,
    hashes: RowHashes,
    proof: &'m [u8],
}

impl Unverified<'_> {
    /// The keys, if the receiver can prove that it used the same choices with every tree.
    pub(super) fn verify(self) -> Result<Blocks, OtError> {
        verify(self.delta, self.hashes, self.proof)?;
        Ok(self.keys)
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

/// One task: some whole steps, the last of them perhaps shorter.
struct Extend<'a> {
    leaves: &'a Leaves,
    delta: Block,
    challenge: &'a Challenge,
    /// Where the batch begins in the stream.
    unit: u64,
    /// Unit of the batch with which the task begins.
    first: usize,
    keys: &'a mut [Block],
    vectors: &'a [u8],
}

impl Kernel for Extend<'_> {
    type Output = RowHashes;

    #[inline(always)]
    fn run<A: AesBackend>(self, aes: A) -> RowHashes {
        let streams = Streams::new(aes, self.leaves);
        let [offsets] = aes.schedule(&[self.challenge.offsets]);
        let mut hashes = Zeroizing::new([Block::ZERO; ROWS]);
        let mut matrix: Matrix<STEP_WORDS> = [[0; STEP_WORDS]; ROWS];
        let mut first = self.first as u64;
        for (keys, vectors) in self.keys.chunks_mut(STEP).zip(self.vectors.chunks(VECTORS * STEP / 8)) {
            let units = keys.len() / 128;
            step(&streams, self.unit + first, self.delta, &mut matrix, Vectors { bytes: vectors, units });
            self.challenge.hash_rows(&mut hashes, &matrix, units);
            transpose(&mut matrix, keys);
            add_offsets(aes, &offsets, 128 * first, keys);
            first += STEP_BLOCKS as u64;
        }
        matrix.as_flattened_mut().zeroize();
        streams.wipe();
        hashes
    }
}

/// The receiver's vectors c_i of one step.
#[derive(Clone, Copy)]
struct Vectors<'m> {
    bytes: &'m [u8],
    /// Blocks of one vector.
    units: usize,
}

impl Vectors<'_> {
    /// c_i of tree i; that of tree 0 is zero by definition.
    #[inline(always)]
    fn of(self, tree: usize) -> Option<Row> {
        let length = self.units * Block::BYTES;
        let vector = &self.bytes[tree.checked_sub(1)? * length..][..length];
        let mut row: Row = [0; STEP_WORDS];
        for (word, bytes) in row.iter_mut().zip(vector.as_chunks().0) {
            *word = u64::from_le_bytes(*bytes);
        }
        Some(row)
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
