//! From an accepted connection to a client that may be served: the handshake of TLS, and who the
//! client is.

use std::sync::Arc;
use std::time::Duration;

use protocol::channel::{Channel, Timeouts};
use protocol::server::{Attendance, refuse};
use shares::Role;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio::time::timeout;
use tracing::{info, warn};
use transport::connection::{Connection, PeerAddress};
use transport::stream::Stream;
use transport::tls::certificates::Certificates;
use transport::tls::server::{ServerTls, Unwelcome};

use crate::live::{Live, REVOKED};
use crate::sessions::{Client, Entry};
use crate::vitals::Refusal;

/// How long a client that is not let in is given to read why.
const REFUSAL: Duration = Duration::from_secs(1);

const NO_TLS: &str = "it speaks TLS alone; pass --tls-ca with the file that its operator gave you, or set \
                      `tls-ca` in the \
                      configuration file";
const NAMELESS: &str =
    "the certificate of this client holds no DNS name to know it by; ask its operator for another";

/// A client that was let in.
#[derive(Debug)]
pub struct Entered {
    /// The way to it.
    pub connection: Connection<Stream>,
    /// Its place among the sessions that run.
    pub entry: Entry,
}

/// Lets a client in, after the handshake of TLS if the server speaks it. The log says why one is
/// not let in, and so does the client, as far as it can be told.
///
/// It takes as long as the client wants, up to ten seconds.
pub async fn enter(connection: Connection<TcpStream>, live: &Live, timeouts: Timeouts) -> Option<Entered> {
    let tls = live.tls();
    let connection = match &tls {
        None => connection.into(),
        Some(tls) => handshake(connection, tls, live, timeouts).await?,
    };
    let certificates = shown(&connection.stream);
    let client = Client::of(connection.identity.as_ref(), connection.peer);
    let entry = {
        let attendance = Attendance::observed(Arc::clone(live.vitals()) as _);
        live.registry().register(client, certificates.clone(), attendance)
    };
    if is_revoked_by_now(live, tls.as_ref(), certificates.as_ref()) {
        warn!(client = %entry.client(), reason = "the certificate was revoked meanwhile", "refused");
        live.vitals().metrics.refused(Refusal::Revoked);
        note(live, connection.peer, "the certificate was revoked meanwhile");
        turn_away(connection.stream, REVOKED, timeouts).await;
        return None;
    }
    Some(Entered { connection, entry })
}

async fn handshake(
    connection: Connection<TcpStream>,
    tls: &ServerTls,
    live: &Live,
    timeouts: Timeouts,
) -> Option<Connection<Stream>> {
    let peer = connection.peer;
    let unwelcome = match tls.handshake(connection).await {
        Ok(connection) => return Some(connection),
        Err(unwelcome) => unwelcome,
    };
    live.vitals().metrics.refused(why(&unwelcome));
    match unwelcome {
        Unwelcome::Silent => info!("gone before the handshake of TLS ended"),
        Unwelcome::Refused(reason) => {
            warn!(reason, "refused");
            note(live, peer, &reason);
        }
        Unwelcome::Plain(connection) => {
            warn!(reason = "the client does not speak TLS", "refused");
            note(live, peer, "the client does not speak TLS");
            turn_away(connection.stream, NO_TLS, timeouts).await;
        }
        Unwelcome::Nameless(connection) => {
            warn!(reason = "the client's certificate holds no DNS name", "refused");
            note(live, peer, "the client's certificate holds no DNS name");
            turn_away(connection.stream, NAMELESS, timeouts).await;
        }
    }
    None
}

fn why(unwelcome: &Unwelcome) -> Refusal {
    match unwelcome {
        Unwelcome::Silent | Unwelcome::Refused(_) => Refusal::Tls,
        Unwelcome::Plain(_) => Refusal::NoTls,
        Unwelcome::Nameless(_) => Refusal::Nameless,
    }
}

/// Enters a failed authentication in the audit trail.
fn note(live: &Live, peer: PeerAddress, reason: &str) {
    if let PeerAddress::Tcp(address) = peer {
        live.accounts().unauthenticated(address.ip(), reason);
    }
}

/// Tells a client why it is not served. One that does not read it is dropped all the same.
pub async fn turn_away<S>(stream: S, reason: &str, timeouts: Timeouts)
where
    S: AsyncRead + AsyncWrite + Send + Unpin + 'static,
{
    let channel = Channel::new(stream, Role::Client, timeouts);
    let _unread = timeout(REFUSAL, refuse(channel, reason)).await;
}

fn shown(stream: &Stream) -> Option<Certificates> {
    match stream {
        Stream::Tls(stream) => stream.peer_certificates(),
        Stream::Plain(_) => None,
    }
}

/// Whether new lists came between the handshake and the entry among the running sessions. Those
/// that come later look at the entry.
fn is_revoked_by_now(live: &Live, used: Option<&Arc<ServerTls>>, shown: Option<&Certificates>) -> bool {
    let (Some(now), Some(used), Some(shown)) = (live.tls(), used, shown) else { return false };
    !Arc::ptr_eq(&now, used) && now.revokes(shown)
}
