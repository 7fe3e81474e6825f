//! A byte stream and who is at its other end.

use std::fmt;
use std::net::SocketAddr;

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

/// A connected byte stream.
#[derive(Debug)]
pub struct Connection<S> {
    /// Bytes in order, both ways.
    pub stream: S,
    /// Who is at the other end.
    pub peer: PeerAddress,
}
