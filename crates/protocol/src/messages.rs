//! The control messages of a session: greeting, acceptance, request, abort. Bulk messages are raw
//! bytes whose layout belongs to the cryptographic crates.

use std::time::Duration;

use wincode::{SchemaRead, SchemaWrite};

use crate::method::{Comparison, MAX_RECORD_SEGMENTS, Method};

/// Longest text that a peer may give as a reason.
pub const MAX_REASON: usize = 400;
/// Longest abort frame, and longest notice to come back later.
pub(crate) const MAX_ABORT_BYTES: usize = MAX_REASON + 16;
/// Longest greeting.
pub(crate) const MAX_HELLO_BYTES: usize = 256;
/// Longest acceptance without the architecture.
const MAX_ACCEPT_HEAD_BYTES: usize = 128;
/// Longest encoding of an architecture that a client reads.
pub const MAX_ARCHITECTURE_BYTES: usize = 1 << 16;
/// Longest acceptance.
pub(crate) const MAX_ACCEPT_BYTES: usize = MAX_ACCEPT_HEAD_BYTES + MAX_ARCHITECTURE_BYTES;
/// A request is what is asked for, in one byte, and a number where it needs one, in four.
pub(crate) const REQUEST_BYTES: usize = 5;

/// A segment of a record is the number of its inference.
pub(crate) const SEGMENT_BYTES: usize = 4;

/// The first bytes of every greeting.
pub(crate) const MAGIC: [u8; 8] = *b"ppecg\0\0\x01";

/// The oldest version of the protocol that a server speaks: the one before the newest, so that
/// gateways can be updated one by one. Never one without the mask of the linear layers and the
/// checks of oblivious transfers.
pub const OLDEST_VERSION: u16 = 3;
/// The newest version of the protocol. A client speaks this one alone, so that nobody on the way
/// can talk it down.
pub const NEWEST_VERSION: u16 = 4;
/// The first version whose frames have checksums.
pub(crate) const CHECKSUMS_SINCE: u16 = 4;
/// A key share is a point, and one byte that says whether its sender's transport is bound.
pub(crate) const KEY_SHARE_BYTES: usize = 33;

macro_rules! codec {
    ($name:ident) => {
        impl $name {
            pub(crate) fn encode(&self) -> Vec<u8> {
                // Writing plain data into memory cannot fail; an empty message would be refused by
                // the peer.
                wincode::serialize(self).unwrap_or_default()
            }

            pub(crate) fn decode(bytes: &[u8]) -> Result<Self, String> {
                wincode::deserialize_exact(bytes).map_err(|error| error.to_string())
            }
        }
    };
}

/// Client to server, first of all.
#[derive(SchemaRead, SchemaWrite, Debug, PartialEq, Eq)]
pub(crate) struct Hello {
    pub(crate) magic: [u8; 8],
    pub(crate) oldest: u16,
    pub(crate) newest: u16,
    /// Digest of every cryptographic parameter.
    pub(crate) parameters: [u8; 32],
    /// Byte of the non-linear backend asked for.
    pub(crate) backend: u8,
    /// The client's half of the session id.
    pub(crate) nonce: [u8; 16],
    /// Program and version, for messages to people.
    pub(crate) build: String,
}

/// Server to client, if they fit together.
#[derive(SchemaRead, SchemaWrite, Debug, PartialEq, Eq)]
pub(crate) struct Accept {
    pub(crate) version: u16,
    /// The server's half of the session id.
    pub(crate) nonce: [u8; 16],
    /// Random name of the loaded model; says nothing about its weights.
    pub(crate) model_id: [u8; 16],
    /// Byte of the policy on what the client learns.
    pub(crate) reveal: u8,
    /// Most prepared inferences that the server holds of one session; at least one.
    pub(crate) most_prepared: u16,
    /// The public architecture in the byte form of `deepcardio`.
    pub(crate) architecture: Vec<u8>,
}

/// Either side's half of the key agreement, right behind its [`Hello`] or [`Accept`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct KeyShare {
    /// An ephemeral X25519 public key.
    pub(crate) point: [u8; 32],
    /// Whether the sender's end of the connection is the end of a TLS session.
    pub(crate) bound: bool,
}

impl KeyShare {
    pub(crate) fn encode(&self) -> [u8; KEY_SHARE_BYTES] {
        let mut bytes = [u8::from(self.bound); KEY_SHARE_BYTES];
        for (byte, point) in bytes.iter_mut().zip(self.point) {
            *byte = point;
        }
        bytes
    }

    pub(crate) fn decode(bytes: &[u8]) -> Result<Self, String> {
        match bytes.split_first_chunk() {
            Some((&point, &[bound @ (0 | 1)])) => Ok(Self { point, bound: bound == 1 }),
            Some((_, [_])) => Err("neither bound to a TLS session nor unbound".into()),
            _ => Err("no such key share".into()),
        }
    }
}

/// Either side's last word.
#[derive(SchemaRead, SchemaWrite, Debug, PartialEq, Eq)]
pub(crate) struct Abort {
    reason: String,
}

/// The server's last word to a client that it sends away without fault.
#[derive(SchemaRead, SchemaWrite, Debug, PartialEq, Eq)]
pub(crate) struct Later {
    /// When it is worth coming back.
    seconds: u16,
    reason: String,
}

codec!(Hello);
codec!(Accept);
codec!(Abort);
codec!(Later);

impl Abort {
    pub(crate) fn new(reason: &str) -> Self {
        Self { reason: printable(reason).chars().take(MAX_REASON).collect() }
    }

    /// The reason, safe to print on a terminal.
    pub(crate) fn printable(&self) -> String {
        printable(&self.reason).chars().take(MAX_REASON).collect()
    }
}

impl Later {
    pub(crate) fn new(after: Duration, reason: &str) -> Self {
        let seconds = u16::try_from(after.as_secs()).unwrap_or(u16::MAX);
        Self { seconds, reason: Abort::new(reason).reason }
    }

    pub(crate) fn after(&self) -> Duration {
        Duration::from_secs(self.seconds.into())
    }

    /// The reason, safe to print on a terminal.
    pub(crate) fn printable(&self) -> String {
        printable(&self.reason).chars().take(MAX_REASON).collect()
    }
}

/// The text with a `?` for everything but printable ASCII: what a peer writes must not move the
/// cursor, turn the direction of writing or look like other letters.
fn printable(text: &str) -> String {
    text.chars().map(|c| if matches!(c, ' '..='~') { c } else { '?' }).collect()
}

/// What a client asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Request {
    /// End the session in order.
    Finish,
    /// Run the offline phase of one inference, by this method. Both parties number them from 0.
    Prepare(Method),
    /// Find the label of the sum of the scores of this many segments, 2 to
    /// [`MAX_RECORD_SEGMENTS`]; a list of their inferences follows. Where a record's label is
    /// revealed.
    OverallLabel(u8),
    /// Run the online phase of the prepared inference of this number, which uses it up.
    Infer(u32),
    /// Forget the prepared inference of this number.
    Drop(u32),
}

impl Request {
    /// The byte that says what is asked for, and the number.
    fn parts(self) -> (u8, u32) {
        match self {
            Self::Finish => (0, 0),
            Self::Prepare(Method::Gc) => (1, 0),
            Self::Prepare(Method::Ot(Comparison::Ripple)) => (2, 0),
            Self::Prepare(Method::Ot(Comparison::Tree)) => (3, 0),
            Self::OverallLabel(segments) => (4, segments.into()),
            Self::Infer(number) => (5, number),
            Self::Drop(number) => (6, number),
        }
    }

    pub(crate) fn encode(self) -> [u8; REQUEST_BYTES] {
        let (kind, number) = self.parts();
        let [a, b, c, d] = number.to_le_bytes();
        [kind, a, b, c, d]
    }

    pub(crate) fn decode(bytes: &[u8]) -> Result<Self, String> {
        let unknown = || "no such request".to_owned();
        let &[kind, a, b, c, d] = bytes else { return Err(unknown()) };
        match (kind, u32::from_le_bytes([a, b, c, d])) {
            (0, 0) => Ok(Self::Finish),
            (1, 0) => Ok(Self::Prepare(Method::Gc)),
            (2, 0) => Ok(Self::Prepare(Method::Ot(Comparison::Ripple))),
            (3, 0) => Ok(Self::Prepare(Method::Ot(Comparison::Tree))),
            (4, segments) => match u8::try_from(segments) {
                Ok(count) if (2..=MAX_RECORD_SEGMENTS).contains(&usize::from(count)) => {
                    Ok(Self::OverallLabel(count))
                }
                _ => Err(format!("the label of {segments} segments, and not of 2 to {MAX_RECORD_SEGMENTS}")),
            },
            (5, number) => Ok(Self::Infer(number)),
            (6, number) => Ok(Self::Drop(number)),
            _ => Err(unknown()),
        }
    }
}

/// The segments of a record, each by the number of its inference, as they are sent.
pub(crate) fn encode_segments(numbers: &[u32]) -> Vec<u8> {
    numbers.iter().flat_map(|number| number.to_le_bytes()).collect()
}

/// The segments of a record, as they were sent. What is left over of a number is not read: the
/// length of the message was checked.
pub(crate) fn decode_segments(bytes: &[u8]) -> Vec<u32> {
    bytes.as_chunks().0.iter().map(|number| u32::from_le_bytes(*number)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn segments_have_golden_bytes() {
        let bytes = [4, 3, 2, 1, 7, 0, 0, 0];
        assert_eq!(encode_segments(&[0x0102_0304, 7]), bytes);
        assert_eq!(decode_segments(&bytes), [0x0102_0304, 7]);
    }

    #[test]
    fn key_shares_have_golden_bytes() {
        let point = std::array::from_fn(|i| i as u8);
        for (bound, last) in [(false, 0), (true, 1)] {
            let share = KeyShare { point, bound };
            let bytes = share.encode();
            assert_eq!((&bytes[..32], bytes[32]), (&point[..], last));
            assert_eq!(KeyShare::decode(&bytes), Ok(share));
        }
        let mut bytes = KeyShare { point, bound: true }.encode();
        bytes[32] = 2;
        let refused = KeyShare::decode(&bytes).unwrap_err();
        assert_eq!(refused, "neither bound to a TLS session nor unbound");
        for length in [0, 31, 32, 34] {
            assert_eq!(KeyShare::decode(&vec![0; length]).unwrap_err(), "no such key share");
        }
    }

    fn hello() -> Hello {
        Hello {
            magic: MAGIC,
            oldest: 1,
            newest: 2,
            parameters: [3; 32],
            backend: 1,
            nonce: [4; 16],
            build: "pp-client 0.1.0".into(),
        }
    }

    #[test]
    fn a_greeting_keeps_its_bytes() {
        let bytes = hello().encode();
        assert!(bytes.len() <= MAX_HELLO_BYTES);
        assert_eq!(bytes.get(..14), Some(&b"ppecg\0\0\x01\x01\0\x02\0\x03\x03"[..]));
        assert_eq!(Hello::decode(&bytes).unwrap(), hello());
    }

    #[test]
    fn no_prefix_of_a_message_decodes() {
        let bytes = hello().encode();
        for cut in 0..bytes.len() {
            assert!(Hello::decode(bytes.get(..cut).unwrap()).is_err(), "cut at {cut}");
        }
        let longer = [bytes.as_slice(), &[0]].concat();
        assert!(Hello::decode(&longer).is_err());
    }

    #[test]
    fn a_hostile_length_is_an_error() {
        let mut bytes = Abort::new("x").encode();
        if let Some(length) = bytes.get_mut(..8) {
            length.copy_from_slice(&u64::MAX.to_le_bytes());
        }
        assert!(Abort::decode(&bytes).is_err());
    }

    #[test]
    fn reasons_are_printable_ascii_and_short() {
        let abort = Abort { reason: "a\x1b[31mb\n".repeat(200) };
        assert!(abort.printable().starts_with("a?[31mb?a"));
        assert_eq!(abort.printable().chars().count(), MAX_REASON);
        // Overrides and isolates of direction, marks, a joiner, a look-alike, DEL, C1 controls,
        // tags.
        for hostile in
            "\u{202e}\u{2066}\u{2069}\u{200f}\u{61c}\u{301}\u{200d}\u{430}\x7f\u{85}\u{9b}\u{e0041}".chars()
        {
            let abort = Abort { reason: format!("it is {hostile}full") };
            assert_eq!(abort.printable(), "it is ?full", "{}", hostile.escape_unicode());
        }
        assert!(Abort::new(&"é".repeat(900)).encode().len() <= MAX_ABORT_BYTES);
        assert_eq!(Abort::new("all 95: ~ and  !").printable(), "all 95: ~ and  !");
    }

    #[test]
    fn requests_have_golden_bytes() {
        for (request, bytes) in [
            (Request::Finish, [0, 0, 0, 0, 0]),
            (Request::Prepare(Method::Gc), [1, 0, 0, 0, 0]),
            (Request::Prepare(Method::Ot(Comparison::Ripple)), [2, 0, 0, 0, 0]),
            (Request::Prepare(Method::Ot(Comparison::Tree)), [3, 0, 0, 0, 0]),
            (Request::OverallLabel(128), [4, 128, 0, 0, 0]),
            (Request::Infer(0x0102_0304), [5, 4, 3, 2, 1]),
            (Request::Drop(u32::MAX), [6, 255, 255, 255, 255]),
        ] {
            assert_eq!(request.encode(), bytes);
            assert_eq!(Request::decode(&bytes), Ok(request));
        }
    }

    #[test]
    fn every_five_bytes_are_one_request_or_refused() {
        let numbers = (0..=300).chain([1 << 8, 1 << 16, 1 << 24, u32::MAX]);
        let all = numbers.flat_map(|number| (0..=u8::MAX).map(move |kind| (kind, number)));
        let mut requests = 0;
        for (kind, number) in all {
            let [a, b, c, d] = number.to_le_bytes();
            let bytes = [kind, a, b, c, d];
            if let Ok(request) = Request::decode(&bytes) {
                assert_eq!(request.encode(), bytes);
                requests += 1;
            }
        }
        // Four without a number, the overall labels, and twice as many numbers as were tried.
        assert_eq!(requests, 4 + MAX_RECORD_SEGMENTS - 1 + 2 * 305);
        for bytes in [&[][..], &[0], &[0, 0], &[0, 0, 0, 0, 0, 0], &[5, 0, 0, 0]] {
            assert_eq!(Request::decode(bytes).unwrap_err(), "no such request");
        }
        let refused = Request::decode(&[4, 1, 0, 0, 0]).unwrap_err();
        assert_eq!(refused, "the label of 1 segments, and not of 2 to 128");
    }
}
