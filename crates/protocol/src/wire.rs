//! The one place for bytes on the wire: frames and their tags.
//!
//! A frame is `tag u8 | length u32 little-endian | payload`. The receiver always knows which tag and which length (or
//! which upper bound, for the few variable messages of the handshake) is due, from the plan; a frame that
//! announces anything else is refused before a byte of its payload is read or room for it is made.

use std::fmt;

use crate::error::Fault;

/// Bytes of a frame before its payload.
pub const HEADER_BYTES: usize = 5;

macro_rules! tags {
    ($($(#[$doc:meta])* $name:ident = $value:literal, $text:literal;)*) => {
        /// The kinds of message, as the first byte of a frame.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
        #[repr(u8)]
        pub enum Tag { $($(#[$doc])* $name = $value,)* }

        impl Tag {
            /// Every tag, in order of its byte.
            pub const ALL: &'static [Tag] = &[$(Tag::$name,)*];

            fn from_byte(byte: u8) -> Result<Self, UnknownTag> {
                match byte { $($value => Ok(Self::$name),)* _ => Err(UnknownTag(byte)) }
            }
        }

        impl fmt::Display for Tag {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(match self { $(Self::$name => $text,)* })
            }
        }
    };
}

tags! {
    /// Client: versions, parameters and backend it speaks.
    Hello = 1, "a greeting";
    /// Server: its choice, policy and architecture.
    Accept = 2, "an acceptance";
    /// Either: the session ends here, with a reason.
    Abort = 3, "an abort notice";
    /// Client: what it wants next (one inference, the label of a record, or the end).
    Request = 4, "a request";
    /// Client: homomorphic public key.
    PublicKey = 10, "a public key";
    /// Base oblivious transfers, first message.
    BaseOtOffer = 11, "a base OT offer";
    /// Base oblivious transfers, second message.
    BaseOtReply = 12, "a base OT reply";
    /// Seeds of an OT extension.
    CotSeeds = 13, "seeds of an OT extension";
    /// Silent OT set-up, first message.
    SilentRequest = 14, "a silent OT request";
    /// Silent OT set-up, second message.
    SilentReply = 15, "a silent OT reply";
    /// Client, offline: a layer's encrypted mask.
    EncryptedMask = 20, "an encrypted mask";
    /// Server, offline: the masked product of that layer.
    MaskedProduct = 21, "a masked product";
    /// Offline: one message of an OT extension.
    Extension = 30, "an OT extension message";
    /// Offline: one part of a silent OT extension.
    SilentPart = 32, "a part of a silent OT extension";
    /// Client, offline: corrections that bind its share's bits to OTs.
    InputCorrections = 31, "input corrections";
    /// Client, online: the masked input of a layer.
    MaskedInput = 40, "a masked input";
    /// Server, online: garbled tables of one batch.
    GarbledTables = 41, "garbled tables";
    /// Server, online: corrections of its output choices.
    OutputChoices = 42, "output choices";
    /// Client, online: corrections that make the output additive.
    OutputCorrections = 43, "output corrections";
    /// Online, both at once: opened bits of a comparison round.
    Opening = 44, "an opening";
    /// Server, online: its share of the scores.
    Scores = 50, "shares of the scores";
    /// Server, online: what decodes the label alone.
    Label = 51, "a label decoding";
}

/// A byte that names no message.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("sent a message of unknown kind {0:#04x}; it may not speak this protocol at all")]
pub struct UnknownTag(pub u8);

/// How long a payload may be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Length {
    /// Exactly so many bytes.
    Exactly(usize),
    /// At most so many bytes.
    AtMost(usize),
}

impl Length {
    fn admits(self, got: usize) -> bool {
        match self {
            Self::Exactly(n) => got == n,
            Self::AtMost(n) => got <= n,
        }
    }

    fn bound(self) -> usize {
        match self {
            Self::Exactly(n) | Self::AtMost(n) => n,
        }
    }
}

/// The head of a frame.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Header {
    pub(crate) tag: Tag,
    pub(crate) length: usize,
}

impl Header {
    /// `None` if the payload is longer than a frame can say.
    pub(crate) fn encode(tag: Tag, length: usize) -> Option<[u8; HEADER_BYTES]> {
        let [a, b, c, d] = u32::try_from(length).ok()?.to_le_bytes();
        Some([tag as u8, a, b, c, d])
    }

    pub(crate) fn decode([tag, a, b, c, d]: [u8; HEADER_BYTES]) -> Result<Self, UnknownTag> {
        Ok(Self { tag: Tag::from_byte(tag)?, length: u32::from_le_bytes([a, b, c, d]) as usize })
    }

    /// Checks that this is the frame that is due.
    pub(crate) fn check(self, tag: Tag, length: Length) -> Result<usize, Fault> {
        if self.tag != tag {
            return Err(Fault::OutOfPhase { expected: tag, got: self.tag });
        }
        if !length.admits(self.length) {
            return Err(Fault::WrongLength { tag, expected: length.bound(), got: self.length });
        }
        Ok(self.length)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn headers_have_golden_bytes() {
        assert_eq!(Header::encode(Tag::Hello, 0x0102_0304), Some([1, 4, 3, 2, 1]));
        assert_eq!(Header::decode([41, 1, 0, 0, 0]), Ok(Header { tag: Tag::GarbledTables, length: 1 }));
    }

    #[test]
    fn every_byte_is_a_tag_or_refused() {
        for byte in 0..=u8::MAX {
            match Tag::from_byte(byte) {
                Ok(tag) => assert_eq!(tag as u8, byte),
                Err(unknown) => assert_eq!(unknown, UnknownTag(byte)),
            }
        }
        assert_eq!((0..=u8::MAX).filter(|&b| Tag::from_byte(b).is_ok()).count(), Tag::ALL.len());
    }

    #[test]
    fn a_header_is_held_against_what_is_due() {
        let header = Header { tag: Tag::Scores, length: 12 };
        assert_eq!(header.check(Tag::Scores, Length::Exactly(12)), Ok(12));
        assert_eq!(header.check(Tag::Scores, Length::AtMost(12)), Ok(12));
        assert_eq!(
            header.check(Tag::Scores, Length::AtMost(11)),
            Err(Fault::WrongLength { tag: Tag::Scores, expected: 11, got: 12 })
        );
        assert_eq!(
            header.check(Tag::Label, Length::Exactly(12)),
            Err(Fault::OutOfPhase { expected: Tag::Label, got: Tag::Scores })
        );
    }
}
