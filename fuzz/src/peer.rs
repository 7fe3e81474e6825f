//! The bytes of a fuzzer as the messages of a peer.

/// Control bytes from here on ask for a message of a wrong length.
const WRONG_LENGTHS: u8 = 0xf8;

/// A peer that says what a fuzzer's bytes make it say.
///
/// Each message takes one control byte. Below 0xf8 the message has the length that is due. Its content is taken from
/// the bytes; when they are used up, it is filled with zeros, or with a pseudorandom sequence if the control byte is
/// odd. If bit 1 of the control byte is set, the last byte is zero: then padding bits are what they must be.
pub struct Peer<'a> {
    bytes: &'a [u8],
    state: u64,
}

impl<'a> Peer<'a> {
    /// A peer with these bytes.
    #[must_use]
    pub fn new(bytes: &'a [u8]) -> Self {
        Self { bytes, state: bytes.len() as u64 | 1 }
    }

    /// The next byte, 0 behind the last.
    pub fn byte(&mut self) -> u8 {
        let Some((first, rest)) = self.bytes.split_first() else { return 0 };
        self.bytes = rest;
        self.state = (self.state ^ u64::from(*first)).wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1;
        *first
    }

    /// A message where one of `due` bytes is due.
    pub fn message(&mut self, due: usize) -> Vec<u8> {
        let control = self.byte();
        let length = match control {
            ..WRONG_LENGTHS => due,
            0xf8 => 0,
            0xf9 => due.saturating_sub(1),
            0xfa => due + 1,
            _ => 2 * due,
        };
        let mut message: Vec<u8> = (0..length).map(|_| self.content(control & 1 == 1)).collect();
        if control & 2 == 2
            && let Some(last) = message.last_mut()
        {
            *last = 0;
        }
        message
    }

    fn content(&mut self, random: bool) -> u8 {
        if self.bytes.is_empty() && random {
            self.state ^= self.state << 13;
            self.state ^= self.state >> 7;
            self.state ^= self.state << 17;
            return self.state as u8;
        }
        self.byte()
    }
}
