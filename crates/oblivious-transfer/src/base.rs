//! 1-of-2 base OT on random 128-bit keys, over Ristretto.
//!
//! This is the endemic OT of Masny and Rindal (CCS 2019, figure 8).
//!
//! ```text
//! Sender                                   Receiver (choice bits c_i)
//!   a random, A = aG        -- A -->
//!                                            b random, R_(1-c) random, R_c = bG - H(i, c, R_(1-c))
//!                         <-- R_0, R_1 --
//!   k_j = KDF(a (R_j + H(i, j, R_(1-j))))    k_c = KDF(bA)
//! ```
//! H maps to the group. Both random oracles are BLAKE3 over the session identifier and the index.
//! The KDF also takes in the whole exchange of that index.
//!
//! Malicious parties can at most choose their own outputs. That holds under the computational
//! Diffie-Hellman assumption in the random oracle model. Points are validated when they are
//! decoded.
//!
//! `A` serves all indices of one batch. A batch must not be reused: a session identifier belongs to
//! one batch.

use curve25519_dalek::ristretto::{CompressedRistretto, RistrettoPoint};

use crate::block::Block;
use crate::error::OtError;

mod receiver;
mod sender;

pub use receiver::receive;
pub use sender::Sender;

/// Bytes of an encoded group element.
const POINT: usize = 32;

/// Bytes of the sender's message.
pub const SENDER_MESSAGE_BYTES: usize = POINT;

/// Bytes of the receiver's message for `count` OTs.
#[must_use]
pub const fn receiver_message_bytes(count: usize) -> usize {
    count * 2 * POINT
}

/// Decodes one element, refusing anything but a canonical encoding.
fn decode(message: &'static str, index: usize, bytes: [u8; POINT]) -> Result<RistrettoPoint, OtError> {
    CompressedRistretto(bytes).decompress().ok_or(OtError::Point { message, index })
}

/// The two random oracles, bound to one session.
struct Oracles<'a> {
    session_id: &'a [u8],
}

impl Oracles<'_> {
    /// H(index, branch, other): a group element.
    fn to_group(&self, index: usize, branch: u8, other: &CompressedRistretto) -> RistrettoPoint {
        let mut hasher = blake3::Hasher::new_derive_key("oblivious-transfer 2026 base OT hash to group");
        self.absorb(&mut hasher, index, branch);
        hasher.update(other.as_bytes());
        let mut uniform = [0; 64];
        hasher.finalize_xof().fill(&mut uniform);
        RistrettoPoint::from_uniform_bytes(&uniform)
    }

    /// The key of a branch: KDF of the shared point and the exchange that led to it.
    fn to_key(&self, index: usize, branch: u8, shared: &RistrettoPoint, exchange: &Exchange<'_>) -> Block {
        let mut hasher = blake3::Hasher::new_derive_key("oblivious-transfer 2026 base OT key");
        self.absorb(&mut hasher, index, branch);
        hasher.update(exchange.sender);
        hasher.update(exchange.receiver[0].as_bytes());
        hasher.update(exchange.receiver[1].as_bytes());
        hasher.update(shared.compress().as_bytes());
        let mut key = [0; Block::BYTES];
        hasher.finalize_xof().fill(&mut key);
        Block::from_bytes(key)
    }

    fn absorb(&self, hasher: &mut blake3::Hasher, index: usize, branch: u8) {
        hasher.update(&(self.session_id.len() as u64).to_le_bytes());
        hasher.update(self.session_id);
        hasher.update(&(index as u64).to_le_bytes());
        hasher.update(&[branch]);
    }
}

/// What both parties saw of one OT.
struct Exchange<'a> {
    sender: &'a [u8; POINT],
    receiver: [CompressedRistretto; 2],
}

#[cfg(test)]
mod tests;
