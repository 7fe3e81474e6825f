//! Silent OT extension: correlated OTs for about 0.09 bytes of traffic each.
//!
//! This is Ferret (Yang, Weng, Lan, Zhang, Wang, CCS 2020) with its consistency check. Its trees
//! are the correlated GGM trees of "Half-tree" (Guo, Yang, Wang, Zhang, Xie, Liu, Zhao, EUROCRYPT
//! 2023).
//!
//! ```text
//! either party, the peer the same at the same time
//!   (SoftSpoken set-up in both directions, see crate::softspoken)
//!   SilentRequested   48,256 SoftSpoken OTs to receive   -- SETUP_REQUEST_BYTES -->
//!   SilentReplied     trees of the initial stage         -- SETUP_REPLY_BYTES -->
//!   SilentExtension   per part, again and again:
//!                     announce: trees of the part        -- PART_BYTES -->
//!                     extend: PART_COTS correlated OTs in each direction, Unchecked
//!   SilentAsked       check of all parts since the last  -- QUESTION_BYTES -->
//!   SilentAnswered                                       -- ANSWER_BYTES -->
//!                     Checked: what was made may be used
//! ```
//!
//! **Correlated OT.** The sender has a correlation Delta and a key for each OT. The receiver has a
//! choice bit and a mac for each: the key, plus Delta if the choice is 1. A key's bit 0 is clear
//! and that of Delta is set, so a mac's bit 0 is its choice.
//!
//! **One stage** turns k + t h correlated OTs of each direction, the *reserve*, and 128 a part for
//! the check, into more of them.
//! - There are t trees of 2^h leaves, which give t noise blocks. The sender holds the leaves v. The
//!   receiver holds w, which equals v except at one secret place alpha of each tree, where
//!   w = v ^ Delta.
//! - The place alpha is read off the receiver's random choice bits in h reserve OTs of the tree. So
//!   the receiver sends nothing.
//! - A is a public sparse matrix over GF(2). The sender's s are its keys of the first k reserve
//!   OTs, the receiver's r its macs of them. The outputs are y = v + A s and z = w + A r.
//! - The outputs are correlated OTs on Delta. With u the choice bits of the reserve and e the noise
//!   of weight t, their choice bits are e + A u. These are pseudorandom by the assumption of
//!   learning parity with regular noise.
//! - Some outputs of every tree refill the reserve. The others go to the caller, tree after tree,
//!   while they are in the cache.
//!
//! **Both directions go in step** and share A. Their secrets and noise are independent. So if
//! e + A u looks random given A for one direction, it does for both: replace one after the other.
//! What costs most is reading s and r at random places. Side by side, one cache line serves both.
//! So a party announces its trees first, which takes little time, and grows them again together
//! with those of the peer.
//!
//! **Parties that deviate.** A receiver sends nothing but the SoftSpoken messages, which are
//! checked there, and a question that tells its sender nothing and it nothing. Its macs are moved
//! by the sender's leaves, which are random to it, so it cannot choose them: no two are equal but
//! by chance, and the re-keyed hash of [`crate::hash`] needs no tweak for the pads that are made of
//! them. A sender can send wrong sums: `check.rs` finds them, before anything is used. It can
//! choose its own keys, and makes its own pads equal at most: what it receives is masked by choices
//! that it does not know, whatever its keys are.
//!
//! **Trees.** The children of a node x are H(x) and x ^ H(x). So each level sums to Delta, and one
//! block a level is sent. H is the circular correlation robust hash of [`crate::hash`], under a key
//! that serves one tree alone.
//!
//! ```
//! use oblivious_transfer::block::Block;
//! use oblivious_transfer::error::OtError;
//! use oblivious_transfer::silent::{PART_COTS, SilentRequested, choices_of};
//! use oblivious_transfer::softspoken::{CotReceiver, CotSender, ReceiverSetup, SenderSetup};
//! use shares::Role;
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
//! let (mut client_receives, mut server_sends) = softspoken(b"session 1, the client receives")?;
//! let (mut server_receives, mut client_sends) = softspoken(b"session 1, the server receives")?;
//!
//! let start = |own, softspoken: &mut _| SilentRequested::start(b"session 1", own, softspoken);
//! let (client, from_client) = start(Role::Client, &mut client_receives);
//! let (server, from_server) = start(Role::Server, &mut server_receives);
//! # let mut rng = ChaCha20Rng::seed_from_u64(2);
//! let (client, reply_of_client) = client.reply(&mut client_sends, &from_server, &mut rng)?;
//! let (server, reply) = server.reply(&mut server_sends, &from_client, &mut rng)?;
//! let (mut client, mut server) = (client.finish(&reply)?, server.finish(&reply_of_client)?);
//!
//! let (of_client, of_server) = (client.announce(1), server.announce(1));
//! let keys = client.extend(&of_server[0], |_, keys, _| keys.to_vec())?;
//! let macs = server.extend(&of_client[0], |_, _, macs| macs.to_vec())?;
//!
//! let ((client, of_client), (server, of_server)) = (client.check(), server.check());
//! let ((client, of_client), (server, of_server)) =
//!     (client.answer(&of_server)?, server.answer(&of_client)?);
//! let (client, checked) = client.finish(&of_server)?;
//! let (server, passed) = server.finish(&of_client)?;
//! let (keys, macs) = (keys.accept(&checked)?.concat(), macs.accept(&passed)?.concat());
//! assert_eq!(keys.len(), PART_COTS);
//! for (key, mac) in keys.iter().zip(&macs) {
//!     assert!(*mac == *key ^ (Block::mask(mac.lsb()) & client.delta()));
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
//! A session's table of k pairs takes 10 MB. A k twice as great was measured when each direction
//! still had a table of its own: against it, six sessions at once took a quarter less time, and one
//! alone about the same. An OT costs 0.04 bytes more.
//!
//! Rows of A have ten ones, counted with multiplicity. They are drawn by AES in counter mode from a
//! seed of the session and stage. `security.rs` computes, as a test, a lower estimate of the cost
//! of the attacks below, in bits, and demands 136:
//!
//! | attack | initial | main |
//! |---|---|---|
//! | information sets (pooled Gauss, Stern) on the whole code (Liu, Wang, Yang, Yu, EUROCRYPT 2024) | 224 | 249 |
//! | statistical decoding with checks of weight (k + 1) / 2 | 453 | 495 |
//! | the same information sets on a sparse sub-code, a random column set | 174 | 186 |
//! | the same on a greedy column set | 150 | 159 |
//! | the same on the smallest column set that exists at all | 142 | 151 |
//! | algebraic, with guessed noise-free places | 177 | 189 |
//!
//! - Solving N linear equations is charged as N^2 everywhere, and memory as free. Wiedemann's
//!   algorithm on these sparse rows takes 20 N^2, which makes the second last row 143 and 155. The
//!   literature takes N^2.8 for dense equations: 145 and 157.
//! - *Sparse sub-code*: of n rows with d = 10 ones, about n f^d lie within any f k columns. At f =
//!   (k/n)^(1/(d-1)) these are as many rows as columns. So f k noise-free samples suffice instead
//!   of k, and the linear algebra is sparse. A set that is better than a random one is found by
//!   throwing away the column with the fewest rows again and again. The next line grants the
//!   attacker, at no cost, the smallest column set that the first moment method allows to exist.
//!   Chen, Shu and Zhou (arXiv 2407.19215) attack sparse LPN of low noise by going over to such a
//!   smaller domain. This attack binds a local code. A common choice is k = 452000, t = 1280,
//!   blocks of 8192; it stands at 76 bits in this model, and at 68 with a greedy set. Hence there
//!   are more and shorter blocks here, four times its noise rate.
//! - *Algebraic*: Briaud and Oygarden (EUROCRYPT 2023) and the refinement AGB 2.0 (eprint
//!   2025/1476) use that the product of two noise bits of one block vanishes. That gives t block
//!   (block - 1) / 2 quadratic equations in k - t unknowns. The estimate minimises over the guessed
//!   places and over column sets. The degree is that of the first non-positive coefficient of (1 +
//!   z)^unknowns / (1 + z^2)^equations, and the charge is the square of the number of monomials. It
//!   is our own coarser model of these attacks, not their estimator. Its quadratic linear algebra
//!   and the margin over 128 bits are meant for what it misses.
//! - Ports of the costs that the papers state give, initial and main: AGB 238 and 252, AGB 2.0 231
//!   and 250, the hybrid with information sets (eprint 2025/1284) 223 and 250. The authors' public
//!   estimator, as an independent review quotes it: pooled Gauss 254 and 288, SD-ISD 239 and 275,
//!   regular ISD by permutation 265 and 303, AGB 236 (initial), AGB 2.0 287 (main). None of these
//!   sees that the code is sparse, which is why the sub-codes decide.
//!
//! `python3 docs/security/estimates/run.py --check` computes all but the quoted figures again.

mod check;
mod code;
mod extension;
#[cfg(any(test, feature = "testkit"))]
mod lone_tree;
mod points;
mod run;
#[cfg(test)]
mod security;
mod setup;
mod tree;
mod unchecked;

pub use check::{ANSWER_BYTES, QUESTION_BYTES};
pub use extension::{SilentAnswered, SilentAsked, SilentExtension};
#[cfg(any(test, feature = "testkit"))]
pub use lone_tree::LoneTree;
pub use setup::{SilentReplied, SilentRequested};
pub use unchecked::{Checked, Unchecked};

use crate::bits::BitVec;
use crate::block::Block;
use crate::softspoken;

/// The sizes of one stage.
#[derive(Clone, Copy)]
struct Stage {
    /// k: reserve OTs that the code reads.
    secret: usize,
    /// t: trees, each of which makes one noise bit.
    trees: usize,
    /// h: levels of a tree, which has 2^h leaves.
    depth: usize,
    /// Trees of one part, which are hashed together for the check.
    part: usize,
}

impl Stage {
    /// Leaves of one tree.
    const fn leaves(self) -> usize {
        1 << self.depth
    }

    /// Correlated OTs that one run consumes: for the code, for the trees and for the check.
    const fn reserve(self) -> usize {
        self.secret + self.trees * self.depth + self.trees / self.part * check::MASKS
    }
}

const INITIAL_SECRET: usize = 9 << 12;
const MAIN_SECRET: usize = 5 << 16;

/// Run once, from SoftSpoken OTs.
const INITIAL: Stage = Stage { secret: INITIAL_SECRET, trees: 1408, depth: 8, part: 1408 };
/// Run again and again, from its own outputs.
const MAIN: Stage = Stage { secret: MAIN_SECRET, trees: 2560, depth: 11, part: PART_TREES };

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
