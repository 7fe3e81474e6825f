//! A byte stream and who is at its other end.

use std::fmt;
use std::net::SocketAddr;

use zeroize::Zeroizing;

/// Who is at the other end of a stream, as far as the transport knows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum PeerAddress {
    /// Whoever holds this address. TCP proves no identity.
    Tcp(SocketAddr),
    /// The other end of a pair in this process.
    Memory,
}

impl fmt::Display for PeerAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Tcp(address) => address.fmt(f),
            Self::Memory => f.write_str("memory"),
        }
    }
}

/// The name that a verified certificate gives a client.
///
/// It is fit for logs: letters, digits, `-`, `_` and `.`, in lower case, so that one name has one
/// spelling.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Identity(String);

impl Identity {
    /// The most bytes of a name, as DNS has it.
    pub const MAX_BYTES: usize = 253;

    /// The identity called `name`, unless that is empty, too long or holds another character.
    #[must_use]
    pub fn new(name: &str) -> Option<Self> {
        let fits = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte);
        let is_name = (1..=Self::MAX_BYTES).contains(&name.len()) && name.bytes().all(fits);
        is_name.then(|| Self(name.to_ascii_lowercase()))
    }

    /// The name.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Identity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// A connected byte stream.
pub struct Connection<S> {
    /// Bytes in order, both ways.
    pub stream: S,
    /// Who is at the other end.
    pub peer: PeerAddress,
    /// The client's name by its certificate, at a server that asks for one.
    pub identity: Option<Identity>,
    /// 32 bytes that only the two ends of this very connection know, where TLS protects it. A
    /// checksum over them shows that nobody sits between.
    pub binding: Option<Zeroizing<[u8; 32]>>,
}

impl<S> Connection<S> {
    /// A stream that proves nothing about its other end.
    pub fn unproven(stream: S, peer: PeerAddress) -> Self {
        Self { stream, peer, identity: None, binding: None }
    }
}

/// The binding is nobody else's business.
impl<S: fmt::Debug> fmt::Debug for Connection<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Connection")
            .field("stream", &self.stream)
            .field("peer", &self.peer)
            .field("identity", &self.identity)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_identity_is_a_name_that_a_log_can_hold() {
        assert_eq!(Identity::new("Gateway-7.ward_3").unwrap().as_str(), "gateway-7.ward_3");
        let long = "a".repeat(Identity::MAX_BYTES + 1);
        for other in ["", "*.example", "a b", "a\n", "gr\u{fc}n", "\u{202e}x", &long] {
            assert_eq!(Identity::new(other), None, "{other:?}");
        }
    }

    #[test]
    fn a_binding_is_not_printed() {
        let mut connection = Connection::unproven((), PeerAddress::Memory);
        connection.binding = Some(Zeroizing::new([171; 32]));
        assert!(!format!("{connection:?}").contains("171"));
    }
}
