//! The receiver of correlated OTs: knows all leaves, chooses x.

use rand_core::CryptoRng;
use rayon::prelude::{IndexedParallelIterator, ParallelIterator, ParallelSliceMut};
use zeroize::Zeroizing;

use super::fold::Streams;
use super::tree::grow;
use super::{DIGIT_BITS, Leaves, Row, STEP, STEP_BLOCKS, STEP_WORDS, TASK_STEPS, TREES, last_step, units};
use crate::aes::{self, AesBackend, Kernel};
use crate::base;
use crate::bits::BitVec;
use crate::block::Block;
use crate::cot::ReceiverCots;
use crate::error::OtError;
use crate::transpose::{Matrix, transpose};

/// A receiver that has sent its first message and waits for the base OT answer.
pub struct ReceiverSetup {
    base: base::Sender,
    session_id: Vec<u8>,
}

/// A receiver of correlated OTs, ready to extend.
pub struct CotReceiver {
    leaves: Leaves,
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
        let keys = Zeroizing::new(self.base.finish(&self.session_id, TREES * DIGIT_BITS, answer)?);
        let roots = Zeroizing::new((0..TREES).map(|_| Block::random(rng)).collect::<Vec<_>>());
        let (leaves, message) = grow(&roots, &keys);
        Ok((CotReceiver { leaves, unit: 0 }, message))
    }
}

impl CotReceiver {
    /// `count` OTs with random choices; the message has [`super::random_bytes`] bytes.
    #[must_use]
    pub fn extend_random(&mut self, count: usize) -> (ReceiverCots, Vec<u8>) {
        self.extend(BitVec::zeros(count), true)
    }

    /// OTs with the given choices; the message has [`super::chosen_bytes`] bytes.
    #[must_use]
    pub fn extend_chosen(&mut self, choices: &BitVec) -> (ReceiverCots, Vec<u8>) {
        self.extend(choices.clone(), false)
    }

    fn extend(&mut self, choices: BitVec, random: bool) -> (ReceiverCots, Vec<u8>) {
        let count = choices.len();
        let trees = if random { TREES - 1 } else { TREES };
        let mut macs = Zeroizing::new(vec![Block::ZERO; count]);
        let mut words = Zeroizing::new(choices.words().to_vec());
        let mut message = vec![0; trees * super::vector_bytes(count)];
        let (leaves, unit) = (&self.leaves, self.unit);
        macs.par_chunks_mut(STEP * TASK_STEPS)
            .zip(words.par_chunks_mut(STEP_WORDS * TASK_STEPS))
            .zip(message.par_chunks_mut(trees * STEP / 8 * TASK_STEPS))
            .enumerate()
            .for_each(|(task, ((macs, choices), message))| {
                let unit = unit + (task * TASK_STEPS * STEP_BLOCKS) as u64;
                aes::dispatch(Extend { leaves, unit, random, macs, choices, message });
            });
        clear_padding(&mut message, trees, count);
        self.unit += units(count);
        (ReceiverCots { macs, choices: BitVec::from_words(core::mem::take(&mut *words), count) }, message)
    }
}

/// One task: some whole steps, the last of them perhaps shorter.
struct Extend<'a> {
    leaves: &'a Leaves,
    unit: u64,
    random: bool,
    macs: &'a mut [Block],
    /// In: the choices, if they are given. Out: the choices.
    choices: &'a mut [u64],
    message: &'a mut [u8],
}

impl Kernel for Extend<'_> {
    type Output = ();

    #[inline(always)]
    fn run<A: AesBackend>(self, aes: A) {
        let streams = Streams::new(aes, self.leaves);
        let trees = if self.random { TREES - 1 } else { TREES };
        let steps = self
            .macs
            .chunks_mut(STEP)
            .zip(self.choices.chunks_mut(STEP_WORDS))
            .zip(self.message.chunks_mut(trees * STEP / 8));
        let mut matrix: Matrix<STEP_WORDS> = [[0; STEP_WORDS]; 128];
        let mut unit = self.unit;
        for ((macs, choices), message) in steps {
            let length = macs.len().div_ceil(8);
            step(
                &streams,
                unit,
                &mut matrix,
                choices,
                Vectors { bytes: message, length, random: self.random },
            );
            transpose(&mut matrix, macs);
            unit += STEP_BLOCKS as u64;
        }
        zeroize::Zeroize::zeroize(matrix.as_flattened_mut());
        streams.wipe();
    }
}

/// Where the vectors u_i ^ x of one step go.
struct Vectors<'m> {
    bytes: &'m mut [u8],
    /// Bytes of one vector.
    length: usize,
    /// Whether the choices are random: x is u_0, and the vector of tree 0 is zero and not sent.
    random: bool,
}

/// Fills the matrix with v, the message with u_i ^ x, and, if they are random, the choices with
/// u_0.
#[inline(always)]
fn step<A: AesBackend>(
    streams: &Streams<A>,
    unit: u64,
    matrix: &mut Matrix<STEP_WORDS>,
    choices: &mut [u64],
    vectors: Vectors<'_>,
) {
    let Vectors { bytes, length, random } = vectors;
    let mut x: Row = [0; STEP_WORDS];
    x[..choices.len()].copy_from_slice(choices);
    for (tree, rows) in matrix.as_chunks_mut().0.iter_mut().enumerate() {
        let mut u: Row = [0; STEP_WORDS];
        streams.fold(tree, unit, true, &mut u, rows);
        let Some(place) = tree.checked_sub(usize::from(random)) else {
            x = u;
            continue;
        };
        for (u, x) in u.iter_mut().zip(&x) {
            *u ^= x;
        }
        write_vector(&u, &mut bytes[place * length..][..length]);
    }
    choices.copy_from_slice(&x[..choices.len()]);
}

/// The byte form of the first bits of a row; padding is cleared later.
#[inline(always)]
fn write_vector(row: &Row, bytes: &mut [u8]) {
    for (bytes, word) in bytes.chunks_mut(8).zip(row) {
        bytes.copy_from_slice(&word.to_le_bytes()[..bytes.len()]);
    }
}

/// Clears the unused bits of the vectors of the last step.
fn clear_padding(message: &mut [u8], trees: usize, count: usize) {
    let (length, mask) = last_step(count);
    let last = message.len() - trees * length;
    for vector in message[last..].chunks_mut(length.max(1)) {
        vector[length - 1] &= mask;
    }
}
