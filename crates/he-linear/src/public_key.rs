//! The input holder's public key, an encryption of zero: (a, b = e - a s), `a` from a seed.

use crate::codec::{read_residues, residue_bytes};
use crate::error::{Error, Message};
use crate::params::{RING_DEGREE, SEED_BYTES};
use crate::plan::check_length;
use crate::rns::Polynomial;
use crate::sample::{self, Stream};

/// Exact bytes of a public key: the seed of `a`, then `b`.
pub const PUBLIC_KEY_BYTES: usize = SEED_BYTES + residue_bytes(RING_DEGREE);

/// A public key as the weight holder uses it.
#[derive(Clone)]
pub struct PublicKey {
    /// Transformed.
    pub(crate) a: Polynomial,
    /// Transformed.
    pub(crate) b: Polynomial,
}

impl PublicKey {
    /// Reads a peer's public key.
    ///
    /// # Errors
    /// If the length is not [`PUBLIC_KEY_BYTES`] or a coefficient is not reduced.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, Error> {
        check_length(Message::PublicKey, bytes, PUBLIC_KEY_BYTES)?;
        let (seed, b) = split_seed(bytes);
        let b = read_residues(b, 0..RING_DEGREE, Message::PublicKey)?;
        Ok(Self { a: sample::uniform(&seed, Stream::Key).forward(), b: b.forward() })
    }
}

/// Splits the leading seed off a message that is known to be long enough.
pub(crate) fn split_seed(bytes: &[u8]) -> ([u8; SEED_BYTES], &[u8]) {
    let mut seed = [0; SEED_BYTES];
    let (head, rest) = bytes.split_at(SEED_BYTES);
    seed.copy_from_slice(head);
    (seed, rest)
}
