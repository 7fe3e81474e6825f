//! The bytes of a fuzzer as the messages of a peer.

/// Control bytes from here on ask for a message of a wrong length.
const WRONG_LENGTHS: u8 = 0xf8;

/// A peer that says what a fuzzer's bytes make it say.
///
/// Each message takes one control byte.
///
/// | of the control byte | what it says |
/// |---|---|
/// | below 0xf8 | the message has the length that is due |
/// | bit 0 | what the bytes leave open is pseudorandom, else zero |
/// | bit 1 | the last byte is zero, so that padding bits are what they must be |
/// | bits 2 and 3 | how many bytes the message takes: all that there are, 2, 8 or 32 |
/// | bit 4 | they stand at its end, else at its beginning |
///
/// Messages behind the last byte have the length that is due, and bits 0 and 1 of the last control
/// byte hold for them. So a short input reaches both ends of every message of a long exchange, and
/// what fills the late ones differs from input to input.
pub struct Peer<'a> {
    bytes: &'a [u8],
    state: u64,
    /// Bits 0 and 1 of the last control byte.
    filling: u8,
}

impl<'a> Peer<'a> {
    /// A peer with these bytes.
    #[must_use]
    pub fn new(bytes: &'a [u8]) -> Self {
        Self { bytes, state: bytes.len() as u64 | 1, filling: 0 }
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
        let control = if self.bytes.is_empty() { self.filling } else { self.byte() };
        self.filling = control & 3;
        let length = match control {
            ..WRONG_LENGTHS => due,
            0xf8 => 0,
            0xf9 => due.saturating_sub(1),
            0xfa => due + 1,
            _ => 2 * due,
        };
        let taken = [usize::MAX, 2, 8, 32][usize::from(control / 4 % 4)].min(length);
        let own: Vec<u8> = (0..taken.min(self.bytes.len())).map(|_| self.byte()).collect();
        let mut message: Vec<u8> = (0..length).map(|_| self.fill(control & 1 == 1)).collect();
        let start = if control & 16 == 16 { length - own.len() } else { 0 };
        message[start..start + own.len()].copy_from_slice(&own);
        if control & 2 == 2
            && let Some(last) = message.last_mut()
        {
            *last = 0;
        }
        message
    }

    fn fill(&mut self, random: bool) -> u8 {
        if !random {
            return 0;
        }
        self.state ^= self.state << 13;
        self.state ^= self.state >> 7;
        self.state ^= self.state << 17;
        self.state as u8
    }
}
