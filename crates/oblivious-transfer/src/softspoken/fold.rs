//! The hot loop: expand the leaves of a tree and fold them into u and v.
//!
//! This is the divide and conquer sum of Roy 2022, section 5.1.

use super::{DIGIT_BITS, LEAVES, Leaves, Row, STEP_BLOCKS, STEP_WORDS};
use crate::aes::AesBackend;
use crate::block::Block;

/// The expanded leaf keys of all trees, for one task.
pub(super) struct Streams<A: AesBackend> {
    aes: A,
    keys: Vec<[A::Schedule; LEAVES]>,
}

/// One step's stream blocks of a leaf.
type Stream = [Block; STEP_BLOCKS];

impl<A: AesBackend> Streams<A> {
    #[inline(always)]
    pub(super) fn new(aes: A, leaves: &Leaves) -> Self {
        let mut keys = Vec::with_capacity(leaves.len());
        for seeds in leaves.iter() {
            keys.push(aes.schedule(seeds));
        }
        Self { aes, keys }
    }

    /// Adds u and v of tree `tree` at stream unit `unit`.
    ///
    /// Row j of `v` collects the leaves with bit j set. Leaf 0 does not enter v. It enters u only
    /// if `first_leaf` says so.
    #[inline(always)]
    pub(super) fn fold(
        &self,
        tree: usize,
        unit: u64,
        first_leaf: bool,
        u: &mut Row,
        v: &mut [Row; DIGIT_BITS],
    ) {
        let mut streams = [[Block::ZERO; STEP_BLOCKS]; LEAVES];
        for (leaf, (key, stream)) in self.keys[tree].iter().zip(&mut streams).enumerate() {
            if leaf == 0 && !first_leaf {
                continue;
            }
            for (offset, block) in (0..).zip(stream.iter_mut()) {
                *block = Block::from_words([unit + offset, 0]);
            }
            self.aes.encrypt(key, stream);
        }
        halve(&mut streams, v);
        store(&streams[0], u);
    }

    #[inline(always)]
    pub(super) fn wipe(mut self) {
        self.aes.wipe(self.keys.as_flattened_mut());
    }
}

/// Folds neighbours into one, four times; what is added from odd places belongs to that bit's row.
#[inline(always)]
fn halve(streams: &mut [Stream; LEAVES], v: &mut [Row; DIGIT_BITS]) {
    let mut width = LEAVES;
    for row in v {
        let mut odd = streams[1];
        for place in 1..width / 2 {
            add(&mut odd, &streams[2 * place + 1]);
        }
        store(&odd, row);
        width /= 2;
        for place in 0..width {
            let mut sum = streams[2 * place];
            add(&mut sum, &streams[2 * place + 1]);
            streams[place] = sum;
        }
    }
}

#[inline(always)]
fn add(sum: &mut Stream, other: &Stream) {
    for (sum, other) in sum.iter_mut().zip(other) {
        *sum ^= *other;
    }
}

#[inline(always)]
fn store(stream: &Stream, row: &mut [u64; STEP_WORDS]) {
    for (words, block) in row.as_chunks_mut().0.iter_mut().zip(stream) {
        *words = block.words();
    }
}
