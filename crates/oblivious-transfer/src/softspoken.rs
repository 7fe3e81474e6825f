//! SoftSpoken OT extension: correlated OTs on a Delta that the sender gives, for 4 bytes each.
//!
//! This is Roy's protocol (CRYPTO 2022) against semi-honest parties, with k = 4.
//!
//! ```text
//! CotReceiver                                     CotSender (Delta)
//!   base OT sender            -- 32 bytes -->       base OT receiver, choices from Delta's bits
//!                            <-- 8192 bytes --
//!   32 trees of 16 leaves     -- 4096 bytes -->     all leaves but leaf Delta_i of tree i
//!
//!   per batch: u_i ^ x for the trees i -->          keys, mac = key ^ x * Delta
//! ```
//! Delta is cut into 32 digits of 4 bits, Delta_i, with a tree for each. Let r_y be the PRG stream
//! of leaf y of tree i. Sums are over GF(2^4), whose elements are written as four bit vectors.
//! - The receiver computes u_i = sum of r_y and v_i = sum of y * r_y.
//! - The sender lacks the leaf Delta_i. It computes w_i = sum of (y - Delta_i) r_y = v_i + Delta_i
//!   u_i (figure 5 of the paper).
//! - The receiver sends c_i = u_i + x, where x are its choices. The sender adds Delta_i c_i.
//! - The 128 bit vectors are then transposed, which gives one block for each OT.
//!
//! With random choices x = u_0. Then c_0 is zero and is not sent.
//!
//! **Cost**: 3.875 bytes and 4 AES calls a side for each random OT, or 4 bytes with given choices.
//! Streams are consumed in units of 128 OTs. No position is used twice: what a batch leaves of its
//! last unit is dropped.
//!
//! **Security**: the correlated OTs are exactly those of the ideal functionality, up to the PRG
//! (AES-128) and the base OTs. A semi-honest sender sees c_i masked by u_i, of which it lacks one
//! leaf.

mod fold;
mod receiver;
mod sender;
mod tree;

pub use receiver::{CotReceiver, ReceiverSetup};
pub use sender::{CotSender, SenderSetup};
pub use tree::TREES_MESSAGE_BYTES;

use crate::block::Block;

/// Bits of a digit of Delta, k in the paper.
const DIGIT_BITS: usize = 4;
/// Leaves of a tree.
const LEAVES: usize = 1 << DIGIT_BITS;
/// Digits of Delta, one tree each.
const TREES: usize = 128 / DIGIT_BITS;
/// OTs made in one step: one leaf gives [`STEP_BLOCKS`] blocks.
const STEP: usize = 128 * STEP_BLOCKS;
/// Stream blocks of a leaf used in one step.
const STEP_BLOCKS: usize = 16;
/// 64-bit words of one bit vector of a step.
const STEP_WORDS: usize = 2 * STEP_BLOCKS;
/// Steps that one task makes before another thread may take over.
///
/// The leaves' keys are expanded once a task.
const TASK_STEPS: usize = 32;

/// Bytes of the message for `count` OTs with random choices.
#[must_use]
pub const fn random_bytes(count: usize) -> usize {
    (TREES - 1) * vector_bytes(count)
}

/// Bytes of the message for `count` OTs with given choices.
#[must_use]
pub const fn chosen_bytes(count: usize) -> usize {
    TREES * vector_bytes(count)
}

/// Bytes of one bit vector over all steps; steps are whole bytes, so only the last one is padded.
const fn vector_bytes(count: usize) -> usize {
    count.div_ceil(8)
}

/// Stream units of 128 OTs that a batch consumes.
const fn units(count: usize) -> u64 {
    count.div_ceil(128) as u64
}

/// Bytes of a vector in the last step of a batch, and the mask of the bits used in its last byte.
const fn last_step(count: usize) -> (usize, u8) {
    let rest = count % STEP;
    let length = if rest == 0 && count > 0 { STEP / 8 } else { rest.div_ceil(8) };
    (length, if count.is_multiple_of(8) { u8::MAX } else { (1 << (count % 8)) - 1 })
}

/// A bit vector of one step.
type Row = [u64; STEP_WORDS];

/// The leaf seeds of all trees, wiped when dropped.
type Leaves = zeroize::Zeroizing<Vec<[Block; LEAVES]>>;

#[cfg(test)]
mod tests;
