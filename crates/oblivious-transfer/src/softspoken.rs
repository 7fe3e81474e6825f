//! SoftSpoken OT extension: correlated OTs on a Delta that the sender gives, for 4 bytes each.
//!
//! This is Roy's protocol (CRYPTO 2022) with k = 4 and both of its consistency checks.
//!
//! ```text
//! CotReceiver                                     CotSender (Delta)
//!   base OT sender            -- 32 bytes -->       base OT receiver, choices from Delta's bits
//!                            <-- 8192 bytes --
//!   32 trees of 16 leaves     -- 5152 bytes -->     all leaves but leaf Delta_i of tree i, checked
//!
//!   per batch: u_i ^ x for the trees i, a proof -->  keys, mac = key ^ x * Delta, checked
//! ```
//! Delta is cut into 32 digits of 4 bits, Delta_i, with a tree for each. Let r_y be the PRG stream
//! of leaf y of tree i. Sums are over GF(2^4), whose elements are written as four bit vectors.
//! - The receiver computes u_i = sum of r_y and v_i = sum of y * r_y.
//! - The sender lacks the leaf Delta_i. It computes w_i = sum of (y - Delta_i) r_y = v_i + Delta_i
//!   u_i (figure 5 of the paper).
//! - The receiver sends c_i = u_i + x, where x are its choices. The sender adds Delta_i c_i.
//! - The 128 bit vectors are then transposed, which gives one block for each OT.
//!
//! The choices are random: x = u_0. Then c_0 is zero and is not sent.
//!
//! **Cost**: 3.875 bytes for each OT; 4 AES calls a side, one more for the offsets of `check.rs`,
//! and one product in GF(2^128). A batch is rounded up to units of 128 OTs. It takes one unit more
//! for its check (496 bytes) and 48 bytes of proof. There is no further round trip. On a
//! processor with 256-bit VAES and VPCLMULQDQ an OT takes the receiver 21 ns of one core, where it
//! took 16 without check and offsets. No position of a stream is used twice.
//!
//! **Security**: against parties that deviate, up to the PRG (AES-128), BLAKE3 as a random oracle,
//! and the base OTs.
//! - A sender says nothing after the base OTs. It sees c_i masked by u_i, of which it lacks one
//!   leaf, and a proof that it could have computed itself but for h(x), which is masked.
//! - A receiver that deviates is caught, unless it guesses digits of Delta: `tree.rs` for the
//!   trees,
//!   `check.rs` for the batches. Who goes undetected with probability 2^-b has learnt b bits of
//!   Delta. Keys are given out only once both checks have passed.

mod check;
mod fold;
mod receiver;
mod sender;
mod tree;

pub use receiver::{CotReceiver, ReceiverSetup};
pub use sender::{CotSender, SenderSetup};
pub use tree::TREES_MESSAGE_BYTES;

use crate::block::Block;
use crate::check::DIGEST_BYTES;

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

/// Bytes of the proof behind the vectors: a block and a digest.
const PROOF_BYTES: usize = Block::BYTES + DIGEST_BYTES;

/// Vectors of a message: that of tree 0 is zero and not sent.
const VECTORS: usize = TREES - 1;

/// Bytes of the message for `count` OTs.
#[must_use]
pub const fn random_bytes(count: usize) -> usize {
    vectors_bytes(count) + PROOF_BYTES
}

/// Bytes of the vectors of a batch.
const fn vectors_bytes(count: usize) -> usize {
    VECTORS * units(count) * Block::BYTES
}

/// Stream units of 128 OTs that a batch consumes, one of them for the check.
const fn units(count: usize) -> usize {
    count.div_ceil(128) + 1
}

/// A bit vector of one step.
type Row = [u64; STEP_WORDS];

/// The leaf seeds of all trees, wiped when dropped.
type Leaves = zeroize::Zeroizing<Vec<[Block; LEAVES]>>;

#[cfg(test)]
mod tests;
