//! The base OT sender, who obtains both keys of each OT.

use curve25519_dalek::ristretto::{CompressedRistretto, RistrettoPoint};
use curve25519_dalek::scalar::Scalar;
use rand_core::CryptoRng;
use rayon::prelude::{IndexedParallelIterator, IntoParallelRefIterator, ParallelIterator};
use zeroize::Zeroize;

use super::{Exchange, Oracles, POINT, SENDER_MESSAGE_BYTES, decode, receiver_message_bytes};
use crate::block::Block;
use crate::error::OtError;

const MESSAGE: &str = "base OT receiver message";

/// A sender who has sent A and waits for the receiver's elements.
pub struct Sender {
    secret: Scalar,
    public: [u8; SENDER_MESSAGE_BYTES],
}

impl Sender {
    /// Draws a and returns A.
    #[must_use]
    pub fn start(rng: &mut impl CryptoRng) -> (Self, [u8; SENDER_MESSAGE_BYTES]) {
        let secret = Scalar::random(rng);
        let public = RistrettoPoint::mul_base(&secret).compress().to_bytes();
        (Self { secret, public }, public)
    }

    /// The two keys of each of `count` OTs from the receiver's message.
    pub fn finish(self, session_id: &[u8], count: usize, message: &[u8]) -> Result<Vec<[Block; 2]>, OtError> {
        OtError::check_length(MESSAGE, message, receiver_message_bytes(count))?;
        let elements = message.as_chunks::<POINT>().0.as_chunks::<2>().0;
        elements.par_iter().enumerate().map(|(index, pair)| self.keys(session_id, index, *pair)).collect()
    }

    fn keys(&self, session_id: &[u8], index: usize, pair: [[u8; POINT]; 2]) -> Result<[Block; 2], OtError> {
        let oracles = Oracles { session_id };
        let points = [decode(MESSAGE, 2 * index, pair[0])?, decode(MESSAGE, 2 * index + 1, pair[1])?];
        let exchange = Exchange { sender: &self.public, receiver: pair.map(CompressedRistretto) };
        let key = |branch: u8, own: RistrettoPoint, other: &CompressedRistretto| {
            let shared = (own + oracles.to_group(index, branch, other)) * self.secret;
            oracles.to_key(index, branch, &shared, &exchange)
        };
        let [first, second] = &exchange.receiver;
        Ok([key(0, points[0], second), key(1, points[1], first)])
    }
}

impl Drop for Sender {
    fn drop(&mut self) {
        self.secret.zeroize();
    }
}
