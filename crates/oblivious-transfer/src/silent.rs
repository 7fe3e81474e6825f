//! Silent OT extension: Ferret (Yang, Weng, Lan, Zhang, Wang, CCS 2020), semi-honest, with correlated GGM trees (Guo,
//! Yang, Wang, Zhang, Xie, Liu, Zhao, "Half-tree", EUROCRYPT 2023): about 0.09 bytes of traffic for a correlated OT.
//!
//! ```text
//! SilentReceiver                                          SilentSender (Delta, bit 0 set)
//!   (SoftSpoken set-up, see crate::softspoken)
//!   48,128 SoftSpoken OTs            -- SETUP_REQUEST_BYTES -->
//!                                   <-- SETUP_REPLY_BYTES --     one small stage fills the first reserve
//!   per part, again and again:
//!                                   <-- PART_BYTES --            PART_COTS correlated OTs
//! ```
//! **One stage.** Both hold a reserve of k + t h correlated OTs. t trees of 2^h leaves give t noise blocks: the sender
//! holds v, the receiver w = v except at one secret place alpha of each tree, where w = v ^ Delta. The receiver's alpha is
//! read off its random choice bits in t h reserve OTs, so it sends nothing. With A a public sparse matrix over GF(2), the
//! outputs are y = v + A s (sender; s = first k keys) and z = w + A r (receiver; r = first k macs): again
//! correlated OTs on Delta, whose choice bits e + A u (u = choice bits of the reserve, e = noise of weight t) are
//! pseudorandom by the learning-parity-with-noise assumption with regular noise. Some outputs of every tree refill the
//! reserve; the others go to the caller, tree after tree, while they are in the cache.
//!
//! **Choice bits** stand in bit 0: every key has bit 0 clear, Delta has it set, so a mac's bit 0 is its choice.
//!
//! **Trees.** Children of x are H(x) and x ^ H(x), so each level sums to Delta and one block a level is sent. H is the
//! circular correlation robust hash of [`crate::hash`] under a key that serves one tree alone.
//!
//! ```
//! use oblivious_transfer::block::Block;
//! use oblivious_transfer::error::OtError;
//! use oblivious_transfer::silent::{PART_COTS, SilentReceiverSetup, SilentSender, choices_of};
//! use oblivious_transfer::softspoken::{ReceiverSetup, SenderSetup};
//! # use rand_chacha::{ChaCha20Rng, rand_core::SeedableRng};
//! # fn main() -> Result<(), OtError> {
//! # let mut rng = ChaCha20Rng::seed_from_u64(1);
//! let delta = Block::random(&mut rng).with_lsb(true);
//! let (receiver, message) = ReceiverSetup::start(b"session 1, server sends", &mut rng);
//! let (sender, message) = SenderSetup::start(b"session 1, server sends", delta, &message, &mut rng)?;
//! let (mut receiver, message) = receiver.finish(&message, &mut rng)?;
//! let mut sender = sender.finish(&message)?;
//!
//! let (receiver, message) = SilentReceiverSetup::start(b"session 1, server sends", &mut receiver);
//! let (mut sender, message) = SilentSender::new(b"session 1, server sends", &mut sender, &message, &mut rng)?;
//! let mut receiver = receiver.finish(&message)?;
//!
//! let (sums, message) = sender.extend(|_, keys| keys.iter().fold(Block::ZERO, |sum, key| sum ^ *key));
//! let ones = receiver.extend(&message, |_, macs| {
//!     (macs.iter().fold(Block::ZERO, |sum, mac| sum ^ *mac), choices_of(macs).count_ones())
//! })?;
//! for (keys, (macs, ones)) in sums.into_iter().zip(&ones) {
//!     assert!(*macs == keys ^ (Block::mask(ones % 2 == 1) & delta));
//! }
//! assert!(ones.iter().map(|(_, ones)| ones).sum::<usize>().abs_diff(PART_COTS / 2) < 4000);
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
//! A party runs both directions at once, so two tables of k blocks compete for its caches: 5 MB each here. Against tables
//! of twice the size, six sessions at once took a quarter less time, one alone about the same; an OT costs 0.04 bytes more.
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
mod receiver;
#[cfg(test)]
mod security;
mod sender;
mod tree;

pub use receiver::{SilentReceiver, SilentReceiverSetup};
pub use sender::SilentSender;

use crate::bits::BitVec;
use crate::block::Block;
use crate::hash::{Domain, KeyDeriver, KeyIndex};
use crate::softspoken;

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

/// Correlated OTs that reach the caller in one piece.
pub const CHUNK_COTS: usize = MAIN.leaves() - KEPT;
/// Pieces of one part.
pub const PART_CHUNKS: usize = PART_TREES;
/// Correlated OTs of one part.
pub const PART_COTS: usize = PART_CHUNKS * CHUNK_COTS;
/// Bytes of the sender's message for one part.
pub const PART_BYTES: usize = PART_TREES * MAIN.depth * Block::BYTES;
/// Bytes of the receiver's set-up message.
pub const SETUP_REQUEST_BYTES: usize = softspoken::random_bytes(INITIAL.reserve());
/// Bytes of the sender's set-up message.
pub const SETUP_REPLY_BYTES: usize = INITIAL.trees * INITIAL.depth * Block::BYTES;

/// Parts that give at least `count` correlated OTs.
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

/// The public keys of one run of a stage.
struct RunKeys<'a> {
    deriver: &'a KeyDeriver,
    /// 0 for the initial stage, then the number of the main run.
    run: u32,
}

impl RunKeys<'_> {
    /// The hash key of one tree.
    fn tree(&self, tree: usize) -> Block {
        self.key(Domain::SilentTree, tree as u64)
    }

    /// The seed of the code.
    fn code(&self) -> Block {
        self.key(Domain::SilentCode, 0)
    }

    fn key(&self, domain: Domain, item: u64) -> Block {
        self.deriver.key(KeyIndex { domain, layer: 0, batch: self.run, item })
    }
}

#[cfg(test)]
mod tests;
