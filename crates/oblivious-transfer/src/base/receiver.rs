//! The base OT receiver, who obtains the key of its choice in each OT.

use curve25519_dalek::ristretto::{CompressedRistretto, RistrettoBasepointTable, RistrettoPoint};
use curve25519_dalek::scalar::Scalar;
use rand_core::CryptoRng;
use subtle::{Choice, ConditionallySelectable};
use zeroize::Zeroize;

use super::{Exchange, Oracles, POINT, SENDER_MESSAGE_BYTES, decode, receiver_message_bytes};
use crate::block::Block;
use crate::error::OtError;

const MESSAGE: &str = "base OT sender message";

/// Answers the sender's message; returns the chosen keys and the message to the sender.
pub fn receive(
    session_id: &[u8],
    choices: &[bool],
    message: &[u8],
    rng: &mut impl CryptoRng,
) -> Result<(Vec<Block>, Vec<u8>), OtError> {
    OtError::check_length(MESSAGE, message, SENDER_MESSAGE_BYTES)?;
    let mut encoded = [0; POINT];
    encoded.copy_from_slice(message);
    // Every index multiplies the same point, so one table pays for itself.
    let peer = Peer { table: RistrettoBasepointTable::create(&decode(MESSAGE, 0, encoded)?), encoded };
    let mut answer = Vec::with_capacity(receiver_message_bytes(choices.len()));
    let keys = choices.iter().enumerate().map(|(index, choice)| {
        let (key, elements) = peer.one(&Oracles { session_id }, index, u8::from(*choice), rng);
        elements.iter().for_each(|element| answer.extend_from_slice(element.as_bytes()));
        key
    });
    Ok((keys.collect(), answer))
}

/// The sender's element A.
struct Peer {
    table: RistrettoBasepointTable,
    encoded: [u8; POINT],
}

impl Peer {
    fn one(
        &self,
        oracles: &Oracles<'_>,
        index: usize,
        choice: u8,
        rng: &mut impl CryptoRng,
    ) -> (Block, [CompressedRistretto; 2]) {
        let mut secret = Scalar::random(rng);
        let other = RistrettoPoint::random(rng).compress();
        let own = RistrettoPoint::mul_base(&secret) - oracles.to_group(index, choice, &other);
        let (own, bit) = (own.compress(), Choice::from(choice));
        let receiver = [select(&own, &other, bit), select(&other, &own, bit)];
        let exchange = Exchange { sender: &self.encoded, receiver };
        let key = oracles.to_key(index, choice, &(&self.table * &secret), &exchange);
        secret.zeroize();
        (key, exchange.receiver)
    }
}

/// `a` if `choice` is 0, else `b`.
fn select(a: &CompressedRistretto, b: &CompressedRistretto, choice: Choice) -> CompressedRistretto {
    CompressedRistretto(<[u8; POINT]>::conditional_select(&a.0, &b.0, choice))
}
