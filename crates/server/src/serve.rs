//! The accept loop: a bounded number of sessions, each on its own, all on one prepared model.
//!
//! A session that fails, hangs or is cut off ends alone. On shutdown the server stops accepting,
//! lets running sessions finish for a while, then leaves.

use std::sync::Arc;
use std::time::Duration;

use protocol::channel::{Channel, Timeouts};
use protocol::error::Error;
use protocol::meter::Phase;
use protocol::server::{self, Failed, Given, Service};
use shares::Role;
use tokio::net::TcpStream;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use tracing::{Instrument, info, info_span, warn};
use transport::connection::Connection;
use transport::tcp::Listener;

/// How long running sessions may go on after the signal to stop.
const DRAIN: Duration = Duration::from_secs(30);
/// How long a client that cannot be served is given to read why.
const REFUSAL: Duration = Duration::from_secs(1);
/// Pause after the system could not accept a connection (out of file descriptors, say).
const BACKOFF: Duration = Duration::from_millis(200);

/// Bounds of the accept loop.
#[derive(Clone, Copy, Debug)]
pub struct Bounds {
    /// Sessions at one time.
    pub max_sessions: usize,
    /// How long silent clients are waited for.
    pub timeouts: Timeouts,
}

/// Accepts sessions until `stop` is cancelled, then drains.
pub async fn serve(listener: Listener, service: Arc<Service>, bounds: Bounds, stop: CancellationToken) {
    let permits = Arc::new(Semaphore::new(bounds.max_sessions));
    let sessions = TaskTracker::new();
    let mut number = 0u64;
    loop {
        let accepted = tokio::select! {
            () = stop.cancelled() => break,
            accepted = listener.accept() => accepted,
        };
        let connection = match accepted {
            Ok(accepted) => accepted,
            Err(error) => {
                warn!(%error, "could not accept a connection");
                tokio::time::sleep(BACKOFF).await;
                continue;
            }
        };
        let Ok(permit) = Arc::clone(&permits).try_acquire_owned() else {
            refuse(connection, bounds).await;
            continue;
        };
        number += 1;
        let span = info_span!("session", number);
        sessions.spawn(session(connection, Arc::clone(&service), bounds, permit).instrument(span));
    }
    drain(sessions).await;
}

async fn drain(sessions: TaskTracker) {
    sessions.close();
    if !sessions.is_empty() {
        info!(sessions = sessions.len(), "waiting for running sessions");
    }
    if tokio::time::timeout(DRAIN, sessions.wait()).await.is_err() {
        warn!(sessions = sessions.len(), "leaving although sessions still run");
    }
}

/// Tells a client that there is no room; it waits in nobody's way.
async fn refuse(connection: Connection<TcpStream>, bounds: Bounds) {
    warn!("refused a client: {} sessions are running", bounds.max_sessions);
    let reason = format!("it serves its maximum of {} sessions; try again later", bounds.max_sessions);
    let channel = Channel::new(connection.stream, Role::Client, bounds.timeouts);
    // A client that does not read its refusal is dropped all the same.
    let _unread = tokio::time::timeout(REFUSAL, server::refuse(channel, &reason)).await;
}

async fn session(
    connection: Connection<TcpStream>,
    service: Arc<Service>,
    bounds: Bounds,
    permit: OwnedSemaphorePermit,
) {
    info!(address = %connection.peer, "client connected");
    let channel = Channel::new(connection.stream, Role::Client, bounds.timeouts);
    match server::serve(channel, &service).await {
        Ok(summary) => {
            let (given, total) = (summary.given, summary.ledger.total(|_| true));
            let online = summary.ledger.total(|scope| scope.phase == Phase::Online);
            info!(
                preparations = given.preparations,
                inferences = given.inferences,
                answers = given.answers(),
                bytes_sent = total.sent,
                bytes_received = total.received,
                seconds = total.time.as_secs_f64(),
                seconds_online = online.time.as_secs_f64(),
                "session ended"
            );
        }
        Err(Failed { error, given }) => failed(&error, given),
    }
    drop(permit);
}

/// A client that breaks off was given something all the same.
fn failed(error: &Error, given: Given) {
    let Given { preparations, inferences, .. } = given;
    let answers = given.answers();
    if matches!(error, Error::Internal(_)) {
        tracing::error!(%error, preparations, inferences, answers, "session failed");
    } else {
        warn!(%error, preparations, inferences, answers, "session failed");
    }
}
