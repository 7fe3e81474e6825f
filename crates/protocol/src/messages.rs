//! The control messages of a session: greeting, acceptance, request, abort. Bulk messages are raw bytes whose layout
//! belongs to the cryptographic crates.

use wincode::{SchemaRead, SchemaWrite};

use crate::method::{Comparison, MAX_RECORD_SEGMENTS, Method};

/// Longest text that a peer may give as a reason.
pub const MAX_REASON: usize = 400;
/// Longest abort frame.
pub(crate) const MAX_ABORT_BYTES: usize = MAX_REASON + 16;
/// Longest greeting.
pub(crate) const MAX_HELLO_BYTES: usize = 256;
/// Longest acceptance without the architecture.
const MAX_ACCEPT_HEAD_BYTES: usize = 128;
/// Longest encoding of an architecture that a client reads.
pub const MAX_ARCHITECTURE_BYTES: usize = 1 << 16;
/// Longest acceptance.
pub(crate) const MAX_ACCEPT_BYTES: usize = MAX_ACCEPT_HEAD_BYTES + MAX_ARCHITECTURE_BYTES;
/// A request is two bytes: what is asked for, and a count where it needs one.
pub(crate) const REQUEST_BYTES: usize = 2;

/// The first bytes of every greeting.
pub(crate) const MAGIC: [u8; 8] = *b"ppecg\0\0\x01";

/// The oldest version of the protocol that this program speaks.
pub const OLDEST_VERSION: u16 = 1;
/// The newest version of the protocol that this program speaks.
pub const NEWEST_VERSION: u16 = 1;

macro_rules! codec {
    ($name:ident) => {
        impl $name {
            pub(crate) fn encode(&self) -> Vec<u8> {
                // Writing plain data into memory cannot fail; an empty message would be refused by the peer.
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
    /// The public architecture in the byte form of `deepcardio`.
    pub(crate) architecture: Vec<u8>,
}

/// Either side's last word.
#[derive(SchemaRead, SchemaWrite, Debug, PartialEq, Eq)]
pub(crate) struct Abort {
    reason: String,
}

codec!(Hello);
codec!(Accept);
codec!(Abort);

impl Abort {
    pub(crate) fn new(reason: &str) -> Self {
        Self { reason: reason.chars().filter(|c| !c.is_control()).take(MAX_REASON / 4).collect() }
    }

    /// The reason, safe to print on a terminal.
    pub(crate) fn printable(&self) -> String {
        self.reason.chars().filter(|c| !c.is_control()).take(MAX_REASON).collect()
    }
}

/// What a client asks for between two inferences.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Request {
    /// Run the offline phase of one inference, then its online phase, by this method.
    Infer(Method),
    /// Find the label of the sum of the scores of this many segments, the last ones classified: 2 to
    /// [`MAX_RECORD_SEGMENTS`]. Where labels alone are revealed.
    OverallLabel(u8),
    /// End the session in order.
    Finish,
}

impl Request {
    /// The byte of [`Request::OverallLabel`].
    const OVERALL_LABEL: u8 = 4;
    /// The requests without a count.
    const PLAIN: [Self; 4] = [
        Self::Finish,
        Self::Infer(Method::Gc),
        Self::Infer(Method::Ot(Comparison::Ripple)),
        Self::Infer(Method::Ot(Comparison::Tree)),
    ];

    pub(crate) fn encode(self) -> [u8; REQUEST_BYTES] {
        match self {
            Self::Finish => [0, 0],
            Self::Infer(Method::Gc) => [1, 0],
            Self::Infer(Method::Ot(Comparison::Ripple)) => [2, 0],
            Self::Infer(Method::Ot(Comparison::Tree)) => [3, 0],
            Self::OverallLabel(segments) => [Self::OVERALL_LABEL, segments],
        }
    }

    pub(crate) fn decode(bytes: &[u8]) -> Result<Self, String> {
        if let [Self::OVERALL_LABEL, segments] = *bytes {
            return if (2..=MAX_RECORD_SEGMENTS).contains(&usize::from(segments)) {
                Ok(Self::OverallLabel(segments))
            } else {
                Err(format!("the label of {segments} segments, and not of 2 to {MAX_RECORD_SEGMENTS}"))
            };
        }
        Self::PLAIN
            .into_iter()
            .find(|request| request.encode() == bytes)
            .ok_or_else(|| "no such request".into())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

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
    fn reasons_lose_control_characters_and_excess() {
        let abort = Abort { reason: "a\x1b[31mb\n".repeat(200) };
        assert!(abort.printable().chars().all(|c| !c.is_control()));
        assert_eq!(abort.printable().chars().count(), MAX_REASON);
        assert!(Abort::new(&"é".repeat(900)).encode().len() <= MAX_ABORT_BYTES);
    }

    #[test]
    fn requests_round_trip() {
        let overall = (2..=MAX_RECORD_SEGMENTS as u8).map(Request::OverallLabel);
        for request in Request::PLAIN.into_iter().chain(overall) {
            assert_eq!(Request::decode(&request.encode()), Ok(request));
        }
    }

    #[test]
    fn every_two_bytes_are_one_request_or_refused() {
        let all = (0..=u16::MAX).map(u16::to_le_bytes);
        let requests = all.filter_map(|bytes| Some((bytes, Request::decode(&bytes).ok()?)));
        let mut count = 0;
        for (bytes, request) in requests {
            assert_eq!(request.encode(), bytes);
            count += 1;
        }
        assert_eq!(count, Request::PLAIN.len() + MAX_RECORD_SEGMENTS - 1);
        for bytes in [&[][..], &[0], &[4], &[0, 0, 0], &[4, 1, 0]] {
            assert!(Request::decode(bytes).is_err());
        }
        let refused = Request::decode(&[4, 1]).unwrap_err();
        assert_eq!(refused, "the label of 1 segments, and not of 2 to 128");
    }
}
