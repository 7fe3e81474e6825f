//! Plain TCP, which everyone on the way can read and change: on loopback, or where the operator
//! insists.

use std::io;
use std::net::SocketAddr;
use std::time::Duration;

use socket2::{SockRef, TcpKeepalive};
use tokio::net::{TcpListener, TcpSocket, TcpStream, ToSocketAddrs, lookup_host};
use tokio::time::timeout;

use crate::connection::{Connection, PeerAddress};
use crate::error::{Error, Result};

/// How long a connection attempt may take.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);
/// A connection that was quiet for so long is probed. Routers forget quiet connections, many after
/// five minutes.
const KEEPALIVE_QUIET: Duration = Duration::from_secs(60);
/// Between two probes. The system's usual count of probes, nine, finds a dead peer within four
/// minutes.
const KEEPALIVE_INTERVAL: Duration = Duration::from_secs(20);

/// The system's buffer takes no more while so many bytes in it are unsent. On loopback this changes
/// neither the throughput nor the processor time of messages of 5 MB.
#[cfg(target_os = "linux")]
const UNSENT_BYTES: u32 = 1 << 16;

/// Plain TCP shows everyone on the way the traffic of a session and lets them take part in it. Only
/// the loopback interface may carry it, unless the operator insists.
///
/// # Errors
/// [`Error::NotLoopback`] if `address` is not on loopback and `insecure` is not set.
pub fn require_loopback(address: SocketAddr, insecure: bool) -> Result<()> {
    if insecure || address.ip().is_loopback() { Ok(()) } else { Err(Error::NotLoopback(address)) }
}

/// Connects to a server.
///
/// # Errors
/// [`Error::Address`] and [`Error::NotLoopback`] for an address that does not resolve or must not
/// be used, [`Error::Io`] if nobody answers.
pub async fn connect(server: impl ToSocketAddrs, insecure: bool) -> Result<Connection<TcpStream>> {
    let mut addresses = Vec::new();
    for address in lookup_host(server).await.map_err(Error::Address)? {
        require_loopback(address, insecure)?;
        addresses.push(address);
    }
    let stream = timeout(CONNECT_TIMEOUT, TcpStream::connect(addresses.as_slice()))
        .await
        .map_err(|_| Error::Io(io::ErrorKind::TimedOut.into()))??;
    let peer = stream.peer_addr()?;
    Ok(prepared(stream, peer)?)
}

/// Connections that wait until the program accepts them.
const BACKLOG: u32 = 1024;

/// An address to listen on later: clients are refused until then.
///
/// A program that needs long to start finds out early that somebody else listens there.
#[derive(Debug)]
pub struct Reserved {
    socket: TcpSocket,
    address: SocketAddr,
}

impl Reserved {
    /// Takes `address`; port 0 lets the system choose one.
    ///
    /// # Errors
    /// [`Error::NotLoopback`] as [`require_loopback`] says, [`Error::Listen`] if the address cannot
    /// be had.
    pub fn new(address: SocketAddr, insecure: bool) -> Result<Self> {
        require_loopback(address, insecure)?;
        let bound = || {
            let socket = if address.is_ipv4() { TcpSocket::new_v4() } else { TcpSocket::new_v6() }?;
            // Connections of a program that has ended keep nobody from its port.
            #[cfg(not(windows))]
            socket.set_reuseaddr(true)?;
            socket.bind(address)?;
            Ok(socket)
        };
        let socket = bound().map_err(|source| Error::Listen { address, source })?;
        Ok(Self { socket, address })
    }

    /// Listens; within a runtime alone.
    ///
    /// # Errors
    /// [`Error::Listen`] if somebody else listens there by now.
    pub fn listen(self) -> Result<Listener> {
        let Self { socket, address } = self;
        let listener = socket.listen(BACKLOG).map_err(|source| Error::Listen { address, source })?;
        Ok(Listener(listener))
    }
}

/// Where clients connect.
#[derive(Debug)]
pub struct Listener(TcpListener);

impl Listener {
    /// Listens on `address`; port 0 lets the system choose one.
    ///
    /// # Errors
    /// As [`Reserved::new`] says.
    pub async fn bind(address: SocketAddr, insecure: bool) -> Result<Self> {
        Reserved::new(address, insecure)?.listen()
    }

    /// The address that clients connect to.
    ///
    /// # Errors
    /// If the system does not tell.
    pub fn local_addr(&self) -> io::Result<SocketAddr> {
        self.0.local_addr()
    }

    /// Waits for the next client. One that is gone before its connection is prepared is passed
    /// over.
    ///
    /// # Errors
    /// If the system cannot accept connections now, for instance for want of file descriptors.
    pub async fn accept(&self) -> io::Result<Connection<TcpStream>> {
        loop {
            let (stream, peer) = self.0.accept().await?;
            if let Ok(connection) = prepared(stream, peer) {
                return Ok(connection);
            }
        }
    }
}

/// Sets a connection's options.
/// - Many steps of the protocol are short messages that wait for each other, so Nagle's algorithm
///   is turned off.
/// - Between two requests a connection may be quiet for minutes, so probes keep it alive and find a
///   peer that is gone.
/// - Where the system can, it takes little more than it can send now, so that an urgent message
///   does not wait behind a megabyte of others in the system's buffer.
fn prepared(stream: TcpStream, peer: SocketAddr) -> io::Result<Connection<TcpStream>> {
    stream.set_nodelay(true)?;
    let keepalive = TcpKeepalive::new().with_time(KEEPALIVE_QUIET).with_interval(KEEPALIVE_INTERVAL);
    let socket = SockRef::from(&stream);
    socket.set_tcp_keepalive(&keepalive)?;
    #[cfg(target_os = "linux")]
    socket.set_tcp_notsent_lowat(UNSENT_BYTES)?;
    Ok(Connection::unproven(stream, PeerAddress::Tcp(peer)))
}

#[cfg(test)]
mod tests {
    use tokio::io::{AsyncReadExt, AsyncWriteExt};

    use super::*;

    #[test]
    fn plain_tcp_stays_on_loopback() {
        require_loopback(([127, 0, 0, 1], 1).into(), false).unwrap();
        require_loopback("[::1]:1".parse().unwrap(), false).unwrap();
        require_loopback(([192, 168, 0, 1], 1).into(), true).unwrap();
        let refused = require_loopback(([0, 0, 0, 0], 1).into(), false).unwrap_err();
        assert!(refused.to_string().contains("--insecure"));
    }

    #[tokio::test]
    async fn both_ends_know_each_other_and_are_prepared() {
        let listener = Listener::bind(([127, 0, 0, 1], 0).into(), false).await.unwrap();
        let address = listener.local_addr().unwrap();
        let (client, server) = tokio::join!(connect(address, false), listener.accept());
        let (mut client, mut server) = (client.unwrap(), server.unwrap());
        assert_eq!(client.peer, PeerAddress::Tcp(address));
        assert_eq!(server.peer, PeerAddress::Tcp(client.stream.local_addr().unwrap()));
        for stream in [&client.stream, &server.stream] {
            assert!(stream.nodelay().unwrap());
            assert!(SockRef::from(stream).keepalive().unwrap());
        }
        client.stream.write_all(b"question").await.unwrap();
        let mut heard = [0; 8];
        server.stream.read_exact(&mut heard).await.unwrap();
        assert_eq!(&heard, b"question");
    }

    #[tokio::test]
    async fn addresses_beyond_this_machine_and_without_meaning_are_refused() {
        let refused = connect("192.0.2.1:7464", false).await.unwrap_err();
        assert!(matches!(refused, Error::NotLoopback(_)), "{refused}");
        assert!(matches!(connect("no address", false).await.unwrap_err(), Error::Address(_)));
        let refused = Listener::bind(([0, 0, 0, 0], 0).into(), false).await.unwrap_err();
        assert!(matches!(refused, Error::NotLoopback(_)), "{refused}");
    }

    #[tokio::test]
    async fn an_address_is_had_once_and_clients_wait_for_nobody_there() {
        let reserved = Reserved::new(([127, 0, 0, 1], 0).into(), false).unwrap();
        let address = reserved.socket.local_addr().unwrap();
        let refused = connect(address, false).await.unwrap_err();
        assert!(matches!(refused, Error::Io(_)), "{refused}");
        let listener = reserved.listen().unwrap();
        connect(address, false).await.unwrap();
        let taken = Reserved::new(address, false).unwrap_err().to_string();
        assert!(taken.starts_with(&format!("cannot listen on {address}: ")), "{taken}");
        drop(listener);
    }
}
