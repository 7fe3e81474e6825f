//! Why the other party cannot be reached.

use std::io;
use std::net::SocketAddr;

/// Why a connection was not made.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// Plain TCP beyond this machine, without the operator's consent.
    #[error(
        "{0} is not on this machine, and plain TCP is neither encrypted nor authenticated; use TLS \
         (--tls-ca at the \
         client, --tls-cert and --tls-key at the server), or pass --insecure if the network between is \
         trusted"
    )]
    NotLoopback(SocketAddr),
    /// The address of the server names nothing.
    #[error("server address: {0}")]
    Address(io::Error),
    /// Nobody can listen there.
    #[error("cannot listen on {address}: {source}")]
    Listen {
        /// Where.
        address: SocketAddr,
        /// Why.
        source: io::Error,
    },
    /// The network failed, or nobody answered.
    #[error("network: {0}")]
    Io(#[from] io::Error),
}

/// Results of this crate.
pub type Result<T, E = Error> = std::result::Result<T, E>;
