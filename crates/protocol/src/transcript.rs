//! Checksums of what travels in one direction of a connection. Each commits to all that came
//! before.
//!
//! Both parties run the same chain of hashes: the sender over what it sends, the receiver over what
//! arrives. A frame, or a part of one, is followed by its checksum, the first 16 bytes of
//!
//! ```text
//! value_i = BLAKE3 keyed with the key of the direction (value_(i-1) | header_i | payload_i),   value_0 = 0
//! ```
//! The header says how long the payload is, so no two transcripts give the same input. Keyed BLAKE3
//! is a pseudorandom function: who lacks the key guesses a checksum with probability 2^-128, and
//! has one guess, because the first difference ends the session. `value_i` depends on every frame
//! before it. So a frame that is changed, left out, repeated, moved or brought from another session
//! or direction has the wrong checksum, or the next one has. The lanes of a connection share the
//! chain of their direction, in the order on the wire.
//!
//! `key_share` says where the keys come from.

use zeroize::{Zeroize, ZeroizeOnDrop};

use crate::wire::{CHECKSUM_BYTES, HEADER_BYTES};

/// What follows a frame.
pub(crate) type Checksum = [u8; CHECKSUM_BYTES];

/// The chain of one direction.
#[derive(Zeroize, ZeroizeOnDrop)]
pub(crate) struct Chain {
    /// Has the key, and what was absorbed of the present frame.
    hasher: blake3::Hasher,
    value: [u8; blake3::OUT_LEN],
    /// For the positive control of tests: what a receiver without a check would take.
    #[cfg(test)]
    unchecked: bool,
}

/// The chains of both directions, as one party uses them.
pub(crate) struct Chains {
    /// Of what it sends.
    pub(crate) sending: Chain,
    /// Of what it receives.
    pub(crate) receiving: Chain,
}

impl Chain {
    /// The chain before the first frame.
    pub(crate) fn new(key: &[u8; blake3::KEY_LEN]) -> Self {
        Self {
            hasher: blake3::Hasher::new_keyed(key),
            value: [0; blake3::OUT_LEN],
            #[cfg(test)]
            unchecked: false,
        }
    }

    /// Begins a frame with its header.
    pub(crate) fn begin(&mut self, header: &[u8; HEADER_BYTES]) {
        self.hasher.reset();
        self.hasher.update(&self.value);
        self.hasher.update(header);
    }

    /// Takes the next bytes of the frame's payload.
    pub(crate) fn absorb(&mut self, payload: &[u8]) {
        self.hasher.update(payload);
    }

    /// Ends the frame and gives its checksum.
    pub(crate) fn finish(&mut self) -> Checksum {
        self.value = *self.hasher.finalize().as_bytes();
        std::array::from_fn(|i| self.value[i])
    }

    /// The checksum of a whole frame.
    pub(crate) fn seal(&mut self, header: &[u8; HEADER_BYTES], payload: &[u8]) -> Checksum {
        self.begin(header);
        self.absorb(payload);
        self.finish()
    }

    /// Ends the frame and says whether `received` is its checksum. It takes the same time whatever
    /// differs.
    pub(crate) fn agrees(&mut self, received: &Checksum) -> bool {
        let own = self.finish();
        let difference = own.iter().zip(received).fold(0, |all, (own, received)| all | (own ^ received));
        #[cfg(test)]
        if self.unchecked {
            return true;
        }
        difference == 0
    }

    /// The same, and every checksum is taken for right.
    #[cfg(test)]
    pub(crate) fn unchecked(self) -> Self {
        let mut chain = self;
        chain.unchecked = true;
        chain
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HEADER: [u8; HEADER_BYTES] = [44, 3, 0, 0, 0];

    #[test]
    fn checksums_have_golden_bytes() {
        let mut chain = Chain::new(&[7; 32]);
        let expected = |before: &[u8], payload: &[u8]| {
            *blake3::keyed_hash(&[7; 32], &[before, &HEADER, payload].concat()).as_bytes()
        };
        let first = expected(&[0; 32], b"abc");
        let second = expected(&first, b"xyz");
        assert_eq!(chain.seal(&HEADER, b"abc"), first[..16]);
        assert_eq!(chain.seal(&HEADER, b"xyz"), second[..16]);
    }

    #[test]
    fn what_was_said_before_and_in_which_pieces_decide_alike_at_both_ends() {
        let (mut whole, mut pieces) = (Chain::new(&[1; 32]), Chain::new(&[1; 32]));
        for payload in [&b"one"[..], b"", b"another"] {
            let checksum = whole.seal(&HEADER, payload);
            pieces.begin(&HEADER);
            payload.chunks(2).for_each(|piece| pieces.absorb(piece));
            assert!(pieces.agrees(&checksum));
        }
        let mut other = Chain::new(&[1; 32]);
        other.seal(&HEADER, b"0ne");
        assert_ne!(other.seal(&HEADER, b"same"), whole.seal(&HEADER, b"same"));
        let mut key = Chain::new(&[2; 32]);
        assert_ne!(key.seal(&HEADER, b"same"), Chain::new(&[1; 32]).seal(&HEADER, b"same"));
    }

    #[test]
    fn every_bit_of_a_checksum_counts() {
        let right = Chain::new(&[1; 32]).seal(&HEADER, b"abc");
        for bit in 0..8 * CHECKSUM_BYTES {
            let mut wrong = right;
            wrong[bit / 8] ^= 1 << (bit % 8);
            for (checksum, taken) in [(wrong, false), (right, true)] {
                let mut chain = Chain::new(&[1; 32]);
                chain.begin(&HEADER);
                chain.absorb(b"abc");
                assert_eq!(chain.agrees(&checksum), taken, "{bit}");
            }
        }
    }
}
