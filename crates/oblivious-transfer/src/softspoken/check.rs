//! The check of a batch: that the receiver used the same choices with every tree.
//!
//! A receiver could send c_i = u_i + x_i with another x_i for some tree. Then the keys carry
//! Delta_i x_i there in place of Delta_i x, and the pads of a few OTs tell all of Delta.
//!
//! ```text
//! receiver                                                        sender
//!   c, for one unit of 128 OTs more than is asked for    -->
//!               both: the challenge, a hash of all that the receiver has sent
//!   h(x), a digest of all h(v_j)                         -->      that of all h(w_j) - Delta_j h(x)?
//! ```
//! h is the polynomial hash of [`crate::field`] at the challenge. It maps a bit vector, cut into
//! blocks, to one block and is linear. v_j and w_j are the 128 vectors of both parties, and w_j =
//! v_j + Delta_j x where the receiver was honest. The unit that is added hides x: its choices are
//! random and enter h(x) with a factor that is a power of the challenge. The sender could compute
//! all h(v_j) itself. (Roy 2022, sections 4 and 5, where the linear hash is any universal one.)
//!
//! **Soundness.** Two vectors of n blocks that differ have the same hash with probability n 2^-128
//! at most. So trees whose x_i differ have different h(x_i), and only those with the h(x) that was
//! sent agree for every Delta. Of any other tree the digest fixes a digit: the check holds if
//! Delta_i is this one and fails for all others. So a receiver that deviates in g trees goes
//! undetected with probability 16^-g, the same as for guessing these g digits. Then it knows them
//! and can compute what the honest macs would have been.
//!
//! The challenge is a hash of the receiver's own messages, which spares a round trip. A receiver
//! may try many messages, and each is a new chance for two of 32 vectors to collide: below 496 n
//! 2^-128. A client accepts plans of 4 GB at most, so a batch has less than 2^30 OTs and n is below
//! 2^23. So a trial, which hashes the whole message, succeeds with probability 2^-96 at most, and
//! with 2^-103 for the batches of the shipped models. The trees come before any challenge: the
//! digest of their tags enters it.
//!
//! **Offsets.** Whoever makes the trees can choose them so that two macs of a batch are equal, four
//! bits at a time. The keys are equal then too, and so are the pads that the receiver did NOT
//! choose, wherever both OTs are hashed under one key. For that reason a hash in the malicious
//! setting is tweaked by the position, pi(pi(x) ^ i) ^ pi(x), at twice the cost of every hash of
//! garbling and of pads (Guo et al., S&P 2020). Instead both parties add to OT i the block
//! AES_K(i), with K from the same hash as the challenge. The correlation stays, and no receiver
//! knows K before all else of the batch is fixed. So macs are random and different but for chance,
//! as the re-keyed hash of [`crate::hash`] asks. One AES call an OT and side is what it costs.

use rayon::prelude::{ParallelIterator, ParallelSlice};
use zeroize::Zeroizing;

use super::{STEP, TASK_STEPS, VECTORS};
use crate::aes::AesBackend;
use crate::block::Block;
use crate::check::{DIGEST_BYTES, digest, require_equal};
use crate::error::OtError;
use crate::field::Polynomial;
use crate::transpose::{Matrix, ROWS};

const MESSAGE: &str = "SoftSpoken extension message";

/// Offsets added at once.
const WIDTH: usize = 64;

/// The hashes of the 128 bit vectors of a batch, or of a part of it.
pub(super) type RowHashes = Zeroizing<[Block; ROWS]>;

/// What all challenges of an extension depend on: its session and its trees.
pub(super) struct Transcript([u8; DIGEST_BYTES]);

/// What both parties draw from the receiver's messages once a batch is fixed.
pub(super) struct Challenge {
    /// The linear hash.
    pub(super) hash: Polynomial,
    /// The key of the offsets.
    pub(super) offsets: Block,
}

impl Transcript {
    /// `trees` is the receiver's tree message.
    pub(super) fn new(session_id: &[u8], trees: &[u8]) -> Self {
        let mut hasher = blake3::Hasher::new_derive_key("oblivious-transfer 2026 SoftSpoken transcript");
        hasher.update(&(session_id.len() as u64).to_le_bytes());
        hasher.update(session_id);
        hasher.update(trees);
        Self(*hasher.finalize().as_bytes())
    }

    /// The challenge of the batch that begins at stream unit `unit`, from its vectors.
    pub(super) fn challenge(&self, unit: u64, vectors: &[u8]) -> Challenge {
        let mut hasher = blake3::Hasher::new_derive_key("oblivious-transfer 2026 SoftSpoken challenge");
        hasher.update(&self.0);
        hasher.update(&unit.to_le_bytes());
        hasher.update(&(vectors.len() as u64).to_le_bytes());
        let pieces = vectors.par_chunks(VECTORS * STEP / 8 * TASK_STEPS);
        for piece in pieces.map(blake3::hash).collect::<Vec<_>>() {
            hasher.update(piece.as_bytes());
        }
        let mut drawn = [[0; Block::BYTES]; 2];
        hasher.finalize_xof().fill(drawn.as_flattened_mut());
        let [point, offsets] = drawn.map(Block::from_bytes);
        Challenge { hash: Polynomial::at(point), offsets }
    }
}

impl Challenge {
    /// Goes on hashing the vectors with the first `units` blocks of the rows of a step.
    #[inline(always)]
    pub(super) fn hash_rows<const W: usize>(
        &self,
        hashes: &mut [Block; ROWS],
        rows: &Matrix<W>,
        units: usize,
    ) {
        let mut blocks = [Block::ZERO; W];
        let blocks = &mut blocks[..units];
        for (hash, row) in hashes.iter_mut().zip(rows) {
            for (block, words) in blocks.iter_mut().zip(row.as_chunks().0) {
                *block = Block::from_words(*words);
            }
            *hash = self.hash.extend(*hash, blocks);
        }
    }

    /// The hashes of whole vectors from those of their pieces, each with its number of blocks.
    pub(super) fn join(&self, pieces: Vec<(RowHashes, usize)>) -> RowHashes {
        let mut whole = Zeroizing::new([Block::ZERO; ROWS]);
        for (piece, blocks) in pieces {
            for (whole, piece) in whole.iter_mut().zip(piece.iter()) {
                *whole = self.hash.shifted(*whole, blocks) ^ *piece;
            }
        }
        whole
    }
}

/// Adds the offsets of positions `first`, `first` + 1, ... of a batch.
#[inline(always)]
pub(super) fn add_offsets<A: AesBackend>(aes: A, key: &A::Schedule, first: u64, blocks: &mut [Block]) {
    for (chunk, first) in blocks.chunks_mut(WIDTH).zip((first..).step_by(WIDTH)) {
        let mut offsets: [Block; WIDTH] = core::array::from_fn(|i| Block::from_words([first + i as u64, 0]));
        aes.encrypt(key, &mut offsets);
        for (block, offset) in chunk.iter_mut().zip(offsets) {
            *block ^= offset;
        }
    }
}

/// The receiver's proof: h(x), and the digest of all h(v_j).
pub(super) fn prove(choices: Block, rows: &RowHashes) -> Vec<u8> {
    [choices.to_bytes().as_slice(), &rows_digest(rows)].concat()
}

/// The sender's check of a proof of [`super::PROOF_BYTES`], from the hashes of its own vectors.
pub(super) fn verify(delta: Block, mut rows: RowHashes, proof: &[u8]) -> Result<(), OtError> {
    let (choices, sent) = proof.split_at(Block::BYTES);
    let mut bytes = [0; Block::BYTES];
    bytes.copy_from_slice(choices);
    let choices = Block::from_bytes(bytes);
    for (row, hash) in rows.iter_mut().enumerate() {
        *hash ^= Block::mask(delta.value() >> row & 1 == 1) & choices;
    }
    require_equal(MESSAGE, &rows_digest(&rows), sent)
}

fn rows_digest(rows: &RowHashes) -> [u8; DIGEST_BYTES] {
    digest("oblivious-transfer 2026 SoftSpoken batch", rows.as_slice())
}
