//! Silent OT extension: Ferret (Yang, Weng, Lan, Zhang, Wang, CCS 2020), semi-honest, with correlated GGM trees (Guo,
//! Yang, Wang, Zhang, Xie, Liu, Zhao, "Half-tree", EUROCRYPT 2023): about 0.09 bytes of traffic for a correlated OT.
//!
//! ```text
//! either party, the peer the same at the same time
//!   (SoftSpoken set-up in both directions, see crate::softspoken)
//!   SilentRequested   48,128 SoftSpoken OTs to receive   -- SETUP_REQUEST_BYTES -->
//!   SilentReplied     trees of the initial stage         -- SETUP_REPLY_BYTES -->
//!   SilentExtension   per part, again and again:
//!                     announce: trees of the part        -- PART_BYTES -->
//!                     extend: PART_COTS correlated OTs in each direction
//! ```
//! **One stage.** For each direction both hold a reserve of k + t h correlated OTs. t trees of 2^h leaves give t noise blocks: the
//! sender holds v, the receiver w = v except at one secret place alpha of each tree, where w = v ^ Delta. The receiver's alpha is
//! read off its random choice bits in t h reserve OTs, so it sends nothing. With A a public sparse matrix over GF(2), the
//! outputs are y = v + A s (sender; s = first k keys) and z = w + A r (receiver; r = first k macs): again
//! correlated OTs on Delta, whose choice bits e + A u (u = choice bits of the reserve, e = noise of weight t) are
//! pseudorandom by the learning-parity-with-noise assumption with regular noise. Some outputs of every tree refill the
//! reserve; the others go to the caller, tree after tree, while they are in the cache.
//!
//! **Both directions go in step** and share A. Their secrets and noise are independent, so if e + A u looks random given A for
//! one, it does for both (replace one after the other). Reading s and r at random places is what costs most; side by side, one
//! cache line serves both. So a party announces its trees first, which takes little, and grows them again with those of
//! the peer.
//!
//! **Choice bits** stand in bit 0: every key has bit 0 clear, Delta has it set, so a mac's bit 0 is its choice.
//!
//! **Trees.** Children of x are H(x) and x ^ H(x), so each level sums to Delta and one block a level is sent. H is the
//! circular correlation robust hash of [`crate::hash`] under a key that serves one tree alone.
//!
//! ```
//! use oblivious_transfer::block::Block;
//! use oblivious_transfer::error::OtError;
//! use oblivious_transfer::silent::{PART_COTS, Party, SilentRequested, choices_of};
//! use oblivious_transfer::softspoken::{CotReceiver, CotSender, ReceiverSetup, SenderSetup};
//! # use rand_chacha::{ChaCha20Rng, rand_core::SeedableRng};
//! # fn main() -> Result<(), OtError> {
//! # let mut rng = ChaCha20Rng::seed_from_u64(1);
//! # let mut softspoken = |id: &[u8]| -> Result<(CotReceiver, CotSender), OtError> {
//! #     let delta = Block::random(&mut rng).with_lsb(true);
//! #     let (receiver, message) = ReceiverSetup::start(id, &mut rng);
//! #     let (sender, message) = SenderSetup::start(id, delta, &message, &mut rng)?;
//! #     let (receiver, message) = receiver.finish(&message, &mut rng)?;
//! #     Ok((receiver, sender.finish(&message)?))
//! # };
//! let (mut a_receives, mut b_sends) = softspoken(b"session 1, A receives")?;
//! let (mut b_receives, mut a_sends) = softspoken(b"session 1, B receives")?;
//!
//! let (a, request_of_a) = SilentRequested::start(b"session 1", Party::A, &mut a_receives);
//! let (b, request_of_b) = SilentRequested::start(b"session 1", Party::B, &mut b_receives);
//! # let mut rng = ChaCha20Rng::seed_from_u64(2);
//! let (a, reply_of_a) = a.reply(&mut a_sends, &request_of_b, &mut rng)?;
//! let (b, reply_of_b) = b.reply(&mut b_sends, &request_of_a, &mut rng)?;
//! let (mut a, mut b) = (a.finish(&reply_of_b)?, b.finish(&reply_of_a)?);
//!
//! let (from_a, from_b) = (a.announce(1), b.announce(1));
//! let keys = a.extend(&from_b[0], |_, keys, _| keys.to_vec())?.concat();
//! let macs = b.extend(&from_a[0], |_, _, macs| macs.to_vec())?.concat();
//! assert_eq!(keys.len(), PART_COTS);
//! for (key, mac) in keys.iter().zip(&macs) {
//!     assert!(*mac == *key ^ (Block::mask(mac.lsb()) & a.delta()));
//! }
//! assert!(choices_of(&macs).count_ones().abs_diff(PART_COTS / 2) < 4000);
//! # Ok(())
//! # }
//! ```
//!
//! # Parameters and what is known to attack them
//! | stage | n outputs | k | t | block | used |
//! |---|---|---|---|---|---|
//! | initial | 360,448 | 36,864 | 1,408 | 256 | once a session, to make the first reserve |
//! | main | 5,242,880 | 327,680 | 2,560 | 2,048 | again and again |
//!
//! A session's table of k pairs takes 10 MB. Against k twice as great, when each direction still had a table of its own, six
//! sessions at once took a quarter less time, one alone about the same; an OT costs 0.04 bytes more.
//!
//! Rows of A have ten ones (counted with multiplicity), drawn by AES in counter mode from a seed of the session and
//! stage. `security.rs` computes, as a test, a lower estimate in bits of the cost of the attacks below and demands 136:
//!
//! | attack | initial | main |
//! |---|---|---|
//! | information sets (pooled Gauss, Stern) on the whole code (Liu, Wang, Yang, Yu, EUROCRYPT 2024) | 224 | 249 |
//! | statistical decoding with checks of weight (k + 1) / 2 | 453 | 495 |
//! | the same information sets on a sparse sub-code, a random column set | 174 | 186 |
//! | the same on the smallest column set that exists at all | 142 | 151 |
//! | algebraic, with guessed noise-free places | 177 | 189 |
//!
//! - Solving N linear equations is charged as N^2 everywhere (the literature takes N^2.8 for dense ones), memory as free.
//! - *Sparse sub-code*: of n rows with d = 10 ones about n f^d lie within any f k columns. At f = (k/n)^(1/(d-1)) these are as many
//!   rows as columns, so f k noise-free samples suffice instead of k, and the linear algebra is sparse. It is
//!   what binds a local code: k = 452000, t = 1280, blocks of 8192, a common choice, stands below 94 bits in this model,
//!   hence more and shorter blocks here, four times its noise rate. The second line grants the attacker, at no cost, the smallest column
//!   set that the first moment method allows to exist.
//! - *Algebraic*: Briaud and Oygarden (EUROCRYPT 2023) and its refinement AGB 2.0 (eprint 2025/1476) use that the product of
//!   two noise bits of one block vanishes: t block (block - 1) / 2 quadratic equations in k - t unknowns. The estimate minimises over
//!   the guessed places and over column sets; the degree is that of the first non-positive coefficient of
//!   (1 + z)^unknowns / (1 + z^2)^equations, the charge the square of the number of monomials. It is our own coarser model of
//!   these attacks, not their estimator; its quadratic linear algebra and the margin over 128 bits are meant for what it misses.

mod code;
mod extension;
mod run;
#[cfg(test)]
mod security;
mod setup;
mod tree;

pub use extension::SilentExtension;
pub use setup::{SilentReplied, SilentRequested};

use crate::bits::BitVec;
use crate::block::Block;
use crate::softspoken;

/// The two parties of a session, told apart by agreement.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Party {
    /// One of them.
    A,
    /// The other.
    B,
}

impl Party {
    const fn peer(self) -> Self {
        match self {
            Self::A => Self::B,
            Self::B => Self::A,
        }
    }
}

/// The sizes of one stage: t trees of 2^h leaves, k reserve OTs in the code.
#[derive(Clone, Copy)]
struct Stage {
    /// k.
    secret: usize,
    /// t.
    trees: usize,
    /// h.
    depth: usize,
}

impl Stage {
    /// Leaves of one tree.
    const fn leaves(self) -> usize {
        1 << self.depth
    }

    /// Correlated OTs that one run consumes.
    const fn reserve(self) -> usize {
        self.secret + self.trees * self.depth
    }
}

const INITIAL_SECRET: usize = 9 << 12;
const MAIN_SECRET: usize = 5 << 16;

/// Run once, from SoftSpoken OTs.
const INITIAL: Stage = Stage { secret: INITIAL_SECRET, trees: 1408, depth: 8 };
/// Run again and again, from its own outputs.
const MAIN: Stage = Stage { secret: MAIN_SECRET, trees: 2560, depth: 11 };

/// Outputs of every main tree that refill the reserve.
const KEPT: usize = MAIN.reserve().div_ceil(MAIN.trees);
/// Trees of one part.
const PART_TREES: usize = 128;
const PARTS: usize = MAIN.trees / PART_TREES;

const _: () = assert!(INITIAL.trees * INITIAL.leaves() >= KEPT * MAIN.trees);
const _: () = assert!(PARTS * PART_TREES == MAIN.trees);

/// Correlated OTs of each direction that reach the caller in one piece.
pub const CHUNK_COTS: usize = MAIN.leaves() - KEPT;
/// Pieces of one part.
pub const PART_CHUNKS: usize = PART_TREES;
/// Correlated OTs of each direction of one part.
pub const PART_COTS: usize = PART_CHUNKS * CHUNK_COTS;
/// Bytes of either party's message for one part.
pub const PART_BYTES: usize = PART_TREES * MAIN.depth * Block::BYTES;
/// Bytes of either party's set-up request.
pub const SETUP_REQUEST_BYTES: usize = softspoken::random_bytes(INITIAL.reserve());
/// Bytes of either party's set-up reply.
pub const SETUP_REPLY_BYTES: usize = INITIAL.trees * INITIAL.depth * Block::BYTES;

/// Parts that give at least `count` correlated OTs in each direction.
#[must_use]
pub const fn parts_for(count: usize) -> usize {
    count.div_ceil(PART_COTS)
}

/// The choice bits of a piece of macs.
#[must_use]
pub fn choices_of(macs: &[Block]) -> BitVec {
    let words = macs.chunks(64).map(|chunk| {
        chunk.iter().zip(0..).fold(0, |word, (mac, place)| word | u64::from(mac.lsb()) << place)
    });
    BitVec::from_words(words.collect(), macs.len())
}

#[cfg(test)]
mod tests;
