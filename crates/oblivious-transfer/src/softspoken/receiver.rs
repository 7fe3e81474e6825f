//! The receiver of correlated OTs: knows all leaves, chooses x.
//!
//! A batch takes two passes. The first makes u and v and the vectors for the sender, which fix the
//! challenge. The second hashes v for the check and transposes it.

use rand_core::CryptoRng;
use rayon::prelude::{IndexedParallelIterator, ParallelIterator, ParallelSliceMut};
use zeroize::{Zeroize, Zeroizing};

use super::check::{Challenge, RowHashes, Transcript, add_offsets, prove};
use super::fold::Streams;
use super::tree::grow;
use super::{
    DIGIT_BITS, Leaves, Row, STEP, STEP_BLOCKS, STEP_WORDS, TASK_STEPS, TREES, VECTORS, units, vectors_bytes,
};
use crate::aes::{self, AesBackend, Kernel};
use crate::base;
use crate::bits::BitVec;
use crate::block::Block;
use crate::cot::ReceiverCots;
use crate::error::OtError;
use crate::transpose::{Matrix, ROWS, transpose};

/// A receiver that has sent its first message and waits for the base OT answer.
pub struct ReceiverSetup {
    base: base::Sender,
    session_id: Vec<u8>,
}

/// A receiver of correlated OTs, ready to extend.
pub struct CotReceiver {
    leaves: Leaves,
    transcript: Transcript,
    /// Stream units of 128 OTs already used.
    unit: u64,
}

impl ReceiverSetup {
    /// Begins the set-up; returns the message to the sender ([`base::SENDER_MESSAGE_BYTES`]).
    #[must_use]
    pub fn start(session_id: &[u8], rng: &mut impl CryptoRng) -> (Self, Vec<u8>) {
        let (base, message) = base::Sender::start(rng);
        (Self { base, session_id: session_id.to_vec() }, message.to_vec())
    }

    /// Takes the sender's answer; returns the tree message ([`super::TREES_MESSAGE_BYTES`]).
    pub fn finish(self, answer: &[u8], rng: &mut impl CryptoRng) -> Result<(CotReceiver, Vec<u8>), OtError> {
        let roots = Zeroizing::new((0..TREES).map(|_| Block::random(rng)).collect::<Vec<_>>());
        self.finish_with(&roots, answer)
    }

    fn finish_with(self, roots: &[Block], answer: &[u8]) -> Result<(CotReceiver, Vec<u8>), OtError> {
        let keys = Zeroizing::new(self.base.finish(&self.session_id, TREES * DIGIT_BITS, answer)?);
        let (leaves, message) = grow(&self.session_id, roots, &keys);
        let transcript = Transcript::new(&self.session_id, &message);
        Ok((CotReceiver { leaves, transcript, unit: 0 }, message))
    }
}

impl CotReceiver {
    /// `count` OTs with random choices; the message has [`super::random_bytes`] bytes.
    #[must_use]
    pub fn extend_random(&mut self, count: usize) -> (ReceiverCots, Vec<u8>) {
        let batch = self.batch(count);
        self.finish(count, batch)
    }

    /// The first pass over a batch of `count` OTs and those of its check.
    fn batch(&self, count: usize) -> Batch {
        let units = units(count);
        let mut rows = Zeroizing::new(vec![Block::ZERO; 128 * units]);
        let mut choices = Zeroizing::new(vec![0; 2 * units]);
        let mut vectors = vec![0; vectors_bytes(count)];
        let (leaves, unit) = (&self.leaves, self.unit);
        rows.par_chunks_mut(STEP * TASK_STEPS)
            .zip(choices.par_chunks_mut(STEP_WORDS * TASK_STEPS))
            .zip(vectors.par_chunks_mut(VECTORS * STEP / 8 * TASK_STEPS))
            .enumerate()
            .for_each(|(task, ((rows, choices), vectors))| {
                let unit = unit + (task * TASK_STEPS * STEP_BLOCKS) as u64;
                aes::dispatch(Extend { leaves, unit, rows, choices, vectors });
            });
        Batch { rows, choices, vectors }
    }

    /// The second pass: the macs, in place of the rows, and the proof behind the vectors.
    fn finish(&mut self, count: usize, batch: Batch) -> (ReceiverCots, Vec<u8>) {
        let Batch { rows: mut macs, mut choices, vectors } = batch;
        let challenge = &self.transcript.challenge(self.unit, &vectors);
        self.unit += units(count) as u64;
        let task = |(task, rows): (usize, &mut [Block])| {
            let (first, units) = ((task * STEP * TASK_STEPS) as u64, rows.len() / 128);
            (aes::dispatch(Finish { challenge, first, rows }), units)
        };
        let hashes = macs.par_chunks_mut(STEP * TASK_STEPS).enumerate().map(task).collect();
        let blocks = choices.as_chunks().0.iter().map(|words| Block::from_words(*words));
        let blocks = Zeroizing::new(blocks.collect::<Vec<_>>());
        let proof = prove(challenge.hash.extend(Block::ZERO, &blocks), &challenge.join(hashes));
        macs.truncate(count);
        let choices = BitVec::from_words(core::mem::take(&mut *choices), count);
        (ReceiverCots { macs, choices }, [vectors, proof].concat())
    }
}

/// A batch after the first pass.
struct Batch {
    /// The 128 vectors v_j, step by step.
    rows: Zeroizing<Vec<Block>>,
    /// x.
    choices: Zeroizing<Vec<u64>>,
    /// c_i = u_i ^ x, step by step.
    vectors: Vec<u8>,
}

/// One task of the first pass: some whole steps, the last of them perhaps shorter.
struct Extend<'a> {
    leaves: &'a Leaves,
    unit: u64,
    rows: &'a mut [Block],
    choices: &'a mut [u64],
    vectors: &'a mut [u8],
}

impl Kernel for Extend<'_> {
    type Output = ();

    #[inline(always)]
    fn run<A: AesBackend>(self, aes: A) {
        let streams = Streams::new(aes, self.leaves);
        let steps = self
            .rows
            .chunks_mut(STEP)
            .zip(self.choices.chunks_mut(STEP_WORDS))
            .zip(self.vectors.chunks_mut(VECTORS * STEP / 8));
        let mut matrix: Matrix<STEP_WORDS> = [[0; STEP_WORDS]; ROWS];
        let mut unit = self.unit;
        for ((rows, choices), vectors) in steps {
            step(&streams, unit, &mut matrix, choices, vectors);
            for (blocks, row) in rows.chunks_mut(choices.len() / 2).zip(&matrix) {
                for (block, words) in blocks.iter_mut().zip(row.as_chunks().0) {
                    *block = Block::from_words(*words);
                }
            }
            unit += STEP_BLOCKS as u64;
        }
        matrix.as_flattened_mut().zeroize();
        streams.wipe();
    }
}

/// Fills the matrix with v, the choices with u_0 and the vectors with u_i ^ u_0 for the other
/// trees.
#[inline(always)]
fn step<A: AesBackend>(
    streams: &Streams<A>,
    unit: u64,
    matrix: &mut Matrix<STEP_WORDS>,
    choices: &mut [u64],
    vectors: &mut [u8],
) {
    let length = 8 * choices.len();
    let mut x: Row = [0; STEP_WORDS];
    for (tree, rows) in matrix.as_chunks_mut().0.iter_mut().enumerate() {
        let mut u: Row = [0; STEP_WORDS];
        streams.fold(tree, unit, true, &mut u, rows);
        let Some(place) = tree.checked_sub(1) else {
            x = u;
            continue;
        };
        let vector = vectors[place * length..][..length].as_chunks_mut().0;
        for (bytes, (u, x)) in vector.iter_mut().zip(u.iter().zip(&x)) {
            *bytes = (u ^ x).to_le_bytes();
        }
    }
    choices.copy_from_slice(&x[..choices.len()]);
}

/// One task of the second pass.
struct Finish<'a> {
    challenge: &'a Challenge,
    /// Position of the first OT in the batch.
    first: u64,
    /// In: the rows of v. Out: the macs.
    rows: &'a mut [Block],
}

impl Kernel for Finish<'_> {
    type Output = RowHashes;

    #[inline(always)]
    fn run<A: AesBackend>(self, aes: A) -> RowHashes {
        let [offsets] = aes.schedule(&[self.challenge.offsets]);
        let mut hashes = Zeroizing::new([Block::ZERO; ROWS]);
        let mut matrix: Matrix<STEP_WORDS> = [[0; STEP_WORDS]; ROWS];
        for (blocks, first) in self.rows.chunks_mut(STEP).zip((self.first..).step_by(STEP)) {
            let units = blocks.len() / 128;
            for (row, blocks) in matrix.iter_mut().zip(blocks.chunks(units)) {
                for (words, block) in row.as_chunks_mut().0.iter_mut().zip(blocks) {
                    *words = block.words();
                }
            }
            self.challenge.hash_rows(&mut hashes, &matrix, units);
            transpose(&mut matrix, blocks);
            add_offsets(aes, &offsets, first, blocks);
        }
        matrix.as_flattened_mut().zeroize();
        hashes
    }
}

#[cfg(test)]
pub(super) mod deviant;
