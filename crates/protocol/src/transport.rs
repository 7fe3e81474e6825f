//! Ways to reach the peer: TCP, and a pair of channels in memory.

use std::net::SocketAddr;
use std::time::Duration;

use tokio::net::{TcpStream, ToSocketAddrs, lookup_host};
use tokio::time::timeout;

use crate::channel::{Channel, Timeouts};
use crate::error::{Error, Party, Result};

/// How long a connection attempt may take.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);
/// Room in each direction of an in-memory pair.
const MEMORY_BYTES: usize = 1 << 16;

/// Plain TCP shows everyone on the way the traffic of a session and lets them take part in it: only the loopback
/// interface may carry it, unless the operator insists.
///
/// # Errors
/// [`Error::Config`] if `address` is not on loopback and `insecure` is not set.
pub fn require_loopback(address: SocketAddr, insecure: bool) -> Result<()> {
    if insecure || address.ip().is_loopback() {
        return Ok(());
    }
    Err(Error::Config(format!(
        "{address} is not on this machine, and plain TCP is neither encrypted nor authenticated; use a secure tunnel that \
         ends on loopback, or pass --insecure if the network between is trusted"
    )))
}

/// Connects to a server.
///
/// # Errors
/// [`Error::Config`] for an address that does not resolve or must not be used, [`Error::Io`] if nobody answers.
pub async fn connect(server: impl ToSocketAddrs, insecure: bool, timeouts: Timeouts) -> Result<Channel> {
    let mut addresses = Vec::new();
    for address in lookup_host(server).await.map_err(|e| Error::Config(format!("server address: {e}")))? {
        require_loopback(address, insecure)?;
        addresses.push(address);
    }
    let stream = timeout(CONNECT_TIMEOUT, TcpStream::connect(addresses.as_slice()))
        .await
        .map_err(|_| Error::Io(std::io::ErrorKind::TimedOut.into()))??;
    accepted(stream, Party::Server, timeouts)
}

/// Wraps a TCP connection to `peer`. Many steps of the protocol are short messages that wait for each other, so Nagle's
/// algorithm is turned off.
///
/// # Errors
/// [`Error::Io`] if the socket cannot be set up.
pub fn accepted(stream: TcpStream, peer: Party, timeouts: Timeouts) -> Result<Channel> {
    stream.set_nodelay(true)?;
    Ok(Channel::new(stream, peer, timeouts))
}

/// A client's and a server's channel, joined in memory.
#[must_use]
pub fn memory_pair(timeouts: Timeouts) -> (Channel, Channel) {
    let (client, server) = tokio::io::duplex(MEMORY_BYTES);
    (Channel::new(client, Party::Server, timeouts), Channel::new(server, Party::Client, timeouts))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn plain_tcp_stays_on_loopback() {
        require_loopback(([127, 0, 0, 1], 1).into(), false).unwrap();
        require_loopback("[::1]:1".parse().unwrap(), false).unwrap();
        require_loopback(([192, 168, 0, 1], 1).into(), true).unwrap();
        let refused = require_loopback(([0, 0, 0, 0], 1).into(), false).unwrap_err();
        assert!(refused.to_string().contains("--insecure"));
    }
}
