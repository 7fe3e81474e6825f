//! The one place for bytes on the wire: frames, their tags and their lanes.
//!
//! A frame is `tag u8 | length u32 little-endian | payload | checksum`. The greeting, that is all
//! frames up to the key shares, has no checksum; all after it have one of 16 bytes (`transcript`).
//! A session with a client of version 3 has none at all. The receiver always knows from the plan
//! which tag and which length is due, or which upper bound for the few variable messages of the
//! handshake. A frame that announces anything else is refused before a byte of its payload is read
//! or room for it is made.
//!
//! The highest bit of the tag byte says the lane. It is 0 on the main lane. On the lane ahead it is
//! 1, and a long frame travels in parts: each has a header of its own, whose length is what is left
//! of the frame, this part included. `channel` says how long a part is and how the lanes share a
//! connection.

use std::fmt;

/// Bytes of a frame before its payload.
pub const HEADER_BYTES: usize = 5;
/// Bytes of a frame behind its payload, once the parties have keys.
pub const CHECKSUM_BYTES: usize = 16;

macro_rules! tags {
    ($($(#[$doc:meta])* $name:ident = $value:literal, $text:literal;)*) => {
        /// The kinds of message, as the first byte of a frame.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
        #[repr(u8)]
        pub enum Tag { $($(#[$doc])* $name = $value,)* }

        impl Tag {
            /// Every tag, in the order of this list.
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
    /// Either, on the lane ahead alone: room for more parts. The length is the room; no payload
    /// follows.
    Credit = 5, "a grant of room";
    /// Server: the session ends here; when to come back.
    Later = 6, "a notice to come back later";
    /// Either, in the greeting: its half of the key agreement for checksums.
    KeyShare = 7, "a key share";
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
    /// Offline: what a receiver of silent OTs asks to check them.
    SilentQuestion = 33, "a question on silent OTs";
    /// Offline: what their sender answers.
    SilentAnswer = 34, "an answer on silent OTs";
    /// Client, offline: corrections that bind its share's bits to OTs.
    InputCorrections = 31, "input corrections";
    /// Client, online: the masked input of a layer.
    MaskedInput = 40, "a masked input";
    /// Server, online: garbled tables of one batch.
    GarbledTables = 41, "garbled tables";
    /// Client, online: corrections that make the output additive.
    OutputCorrections = 43, "output corrections";
    /// Online, both at once: opened bits of a comparison round.
    Opening = 44, "an opening";
    /// Server, online: its share of the scores.
    Scores = 50, "shares of the scores";
    /// Server, online: what decodes the label alone, or the label and how sure it is.
    Label = 51, "a label decoding";
    /// Client: the numbers of the inferences whose scores a record sums.
    Segments = 52, "a list of segments";
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
    /// Whether so many bytes may come.
    pub(crate) fn admits(self, got: usize) -> bool {
        match self {
            Self::Exactly(n) => got == n,
            Self::AtMost(n) => got <= n,
        }
    }

    /// The most bytes that may come.
    pub(crate) fn bound(self) -> usize {
        match self {
            Self::Exactly(n) | Self::AtMost(n) => n,
        }
    }
}

/// One of the two independent streams of frames on a connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Lane {
    /// What a session is about now.
    Main,
    /// What the next inference needs, while the present one is classified.
    Ahead,
}

/// The bit of a tag byte that says [`Lane::Ahead`].
const AHEAD: u8 = 0x80;

/// The head of a frame, or of a part of one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Header {
    pub(crate) lane: Lane,
    pub(crate) tag: Tag,
    pub(crate) length: usize,
}

impl Header {
    /// `None` if the payload is longer than a frame can say.
    pub(crate) fn encode(lane: Lane, tag: Tag, length: usize) -> Option<[u8; HEADER_BYTES]> {
        let [a, b, c, d] = u32::try_from(length).ok()?.to_le_bytes();
        let lane = match lane {
            Lane::Main => 0,
            Lane::Ahead => AHEAD,
        };
        Some([tag as u8 | lane, a, b, c, d])
    }

    /// A grant of room to who sends ahead.
    pub(crate) fn credit(room: usize) -> Option<[u8; HEADER_BYTES]> {
        Self::encode(Lane::Ahead, Tag::Credit, room)
    }

    pub(crate) fn decode([byte, a, b, c, d]: [u8; HEADER_BYTES]) -> Result<Self, UnknownTag> {
        let lane = if byte & AHEAD == 0 { Lane::Main } else { Lane::Ahead };
        let tag = Tag::from_byte(byte & !AHEAD).map_err(|_| UnknownTag(byte))?;
        Ok(Self { lane, tag, length: u32::from_le_bytes([a, b, c, d]) as usize })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn headers_have_golden_bytes() {
        assert_eq!(Header::encode(Lane::Main, Tag::Hello, 0x0102_0304), Some([1, 4, 3, 2, 1]));
        assert_eq!(Header::encode(Lane::Ahead, Tag::Hello, 0x0102_0304), Some([129, 4, 3, 2, 1]));
        assert_eq!(Header::credit(1 << 19), Some([133, 0, 0, 8, 0]));
        let header = Header { lane: Lane::Main, tag: Tag::GarbledTables, length: 1 };
        assert_eq!(Header::decode([41, 1, 0, 0, 0]), Ok(header));
        assert_eq!(Header::decode([169, 1, 0, 0, 0]), Ok(Header { lane: Lane::Ahead, ..header }));
        assert_eq!(Header::decode([0xff, 1, 0, 0, 0]), Err(UnknownTag(0xff)));
    }

    #[test]
    fn every_tag_leaves_room_for_the_lane() {
        assert!(Tag::ALL.iter().all(|&tag| (tag as u8) & AHEAD == 0));
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
}
