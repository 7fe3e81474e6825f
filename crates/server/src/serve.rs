//! The accept loop: every connection on its own, all on one prepared model.
//!
//! The loop waits for connections and for nothing else. A session that fails, hangs or is cut off
//! ends alone. On shutdown the port closes first; sessions that wait are told to leave, those that
//! work may finish for a while.

use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use protocol::channel::{Channel, Timeouts};
use protocol::error::Error;
use protocol::meter::Phase;
use protocol::method::Reveal;
use protocol::server::{self, Arrival, Failed, Given, Parting, Service, Summary};
use shares::Role;
use tokio::net::TcpStream;
use tokio::time::{interval, sleep, timeout};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use tracing::{Instrument, debug, error_span, info, warn};
use transport::connection::{Connection, PeerAddress};
use transport::tcp::Listener;

use crate::accounts::{Account, Opening};
use crate::admission::lobby::{Lobby, Room, Visitor};
use crate::admission::places::{Capacity, NoPlace, Place, Places};
use crate::live::Live;
use crate::secure::{self, Entered};
use crate::sessions::{Client, Entry};
use crate::vitals::{BEAT, Health, Metrics, Outcome, Refusal, Running};

/// How long a client that cannot be served is given to read why.
const REFUSAL: Duration = Duration::from_secs(1);
/// How long a client may take from its connection to the end of its set-up.
const SET_UP: Duration = Duration::from_secs(60);
/// How long a client waits for a place before it is sent away. By itself it would give up a silent
/// server after 60 s.
const QUEUE: Duration = Duration::from_secs(20);
/// How often somebody in the queue makes the longest idle session leave.
const LOOK: Duration = Duration::from_secs(1);
/// When to come back if all places are taken.
const BUSY: Duration = Duration::from_secs(10);
/// When to come back if the server stops, or a session has lasted as long as any may.
const SOON: Duration = Duration::from_secs(1);
/// Pause after the system could not accept a connection (out of file descriptors, say).
const BACKOFF: Duration = Duration::from_millis(200);

/// Bounds of the accept loop.
#[derive(Clone, Copy, Debug)]
pub struct Bounds {
    /// Connections that have not made the set-up.
    pub lobby: Room,
    /// Sessions at one time.
    pub places: Capacity,
    /// How long silent clients are waited for.
    pub timeouts: Timeouts,
    /// How long a session may last; a longer one is told to leave as soon as it waits.
    pub session: Duration,
    /// How long sessions may go on after the signal to stop.
    pub drain: Duration,
}

impl Bounds {
    /// The defaults with so many sessions.
    #[must_use]
    pub fn with_sessions(sessions: usize, timeouts: Timeouts) -> Self {
        Self {
            lobby: Room { most: 256, most_of_one: 128 },
            places: Capacity { sessions, sessions_of_one: sessions.div_ceil(2), queue: 16, memory: None },
            timeouts,
            session: Duration::from_secs(24 * 3600),
            drain: Duration::from_secs(30),
        }
    }
}

/// What every connection needs.
struct Host {
    live: Arc<Live>,
    bounds: Bounds,
    lobby: Arc<Lobby>,
    places: Arc<Places>,
    stop: CancellationToken,
}

/// Accepts sessions until `stop` is cancelled, then drains. Gives the number of sessions that were
/// cut off.
pub async fn serve(listener: Listener, live: Arc<Live>, bounds: Bounds, stop: CancellationToken) -> usize {
    let host = Arc::new(Host {
        live,
        bounds,
        lobby: Lobby::new(bounds.lobby),
        places: Places::new(bounds.places),
        stop: stop.clone(),
    });
    let tasks = TaskTracker::new();
    let mut number = 0u64;
    let health = &host.live.vitals().health;
    health.ready();
    loop {
        let accepted = tokio::select! {
            () = stop.cancelled() => break,
            accepted = alive(health, listener.accept()) => accepted,
        };
        match accepted {
            Ok(connection) => {
                number += 1;
                let visitor = host.lobby.enter(address(&connection));
                // It is there at every level of the log.
                let span = error_span!("session", number, address = %connection.peer);
                tasks.spawn(Arc::clone(&host).receive(connection, visitor).instrument(span));
            }
            Err(error) => {
                warn!(%error, "could not accept a connection");
                sleep(BACKOFF).await;
            }
        }
    }
    health.leave();
    // Nobody is to wait for a server that stops: from here on connections are refused.
    drop(listener);
    host.drain(tasks).await
}

/// Waits for `work`, and shows meanwhile that somebody does.
async fn alive<T>(health: &Health, work: impl Future<Output = T>) -> T {
    let mut beats = interval(BEAT);
    tokio::pin!(work);
    loop {
        tokio::select! {
            done = &mut work => return done,
            _ = beats.tick() => health.beat(),
        }
    }
}

fn why(full: NoPlace) -> Refusal {
    match full {
        NoPlace::Full(_) => Refusal::Busy,
        NoPlace::Crowding(_) => Refusal::Crowding,
        NoPlace::TooLarge => Refusal::Memory,
    }
}

/// Pairs in memory stand for this machine.
fn address(connection: &Connection<TcpStream>) -> IpAddr {
    match connection.peer {
        PeerAddress::Tcp(address) => address.ip(),
        _ => IpAddr::from([127, 0, 0, 1]),
    }
}

impl Host {
    fn metrics(&self) -> &Metrics {
        &self.live.vitals().metrics
    }

    /// From the connection to its end.
    async fn receive(self: Arc<Self>, connection: Connection<TcpStream>, visitor: Visitor) {
        // A reload serves the next client with something else.
        let service = self.live.service();
        let in_set_up = self.metrics().one(Running::SetUp);
        let address = connection.peer.to_string();
        let Some((arrival, client)) = self.set_up(connection, &service, &visitor).await else { return };
        drop((visitor, in_set_up));
        let placed = self.place(client.client(), service.session_bytes(arrival.backend())).await;
        let (place, account) = match placed {
            Ok(place) => {
                let opening = Opening {
                    client: client.client().clone(),
                    address,
                    model: service.model_digest().to_owned(),
                };
                match self.live.accounts().open(opening).await {
                    Ok(account) => (place, account),
                    Err(parting) => {
                        self.metrics().refused(Refusal::Quota);
                        return send_away(arrival, parting).await;
                    }
                }
            }
            Err(parting) => return send_away(arrival, parting).await,
        };
        self.session(arrival, place, &client, account).await;
    }

    async fn set_up<'a>(
        &self,
        connection: Connection<TcpStream>,
        service: &'a Service,
        visitor: &Visitor,
    ) -> Option<(Arrival<'a>, Entry)> {
        tokio::select! {
            () = self.stop.cancelled() => None,
            () = visitor.evicted() => {
                debug!("a connection without a set-up had to go for others");
                self.metrics().refused(Refusal::Evicted);
                None
            }
            arrived = timeout(SET_UP, self.welcome(connection, service)) => arrived.unwrap_or_else(|_| {
                warn!("a client did not end its set-up within {} s", SET_UP.as_secs());
                self.metrics().refused(Refusal::Slow);
                None
            })
        }
    }

    async fn welcome<'a>(
        &self,
        connection: Connection<TcpStream>,
        service: &'a Service,
    ) -> Option<(Arrival<'a>, Entry)> {
        let timeouts = self.bounds.timeouts;
        let Entered { connection, entry } = secure::enter(connection, &self.live, timeouts).await?;
        let channel = Channel::bound(connection.stream, Role::Client, timeouts, connection.binding);
        let (reveal, refused) = match self.live.accounts().admit(entry.client()).await {
            Ok(reveal) => (reveal, None),
            Err(parting) => (None, Some(parting)),
        };
        let reveal = reveal.map_or_else(|| service.reveal(), Reveal::from);
        match server::welcome(channel, service, reveal).await {
            Ok(arrival) => match refused {
                None => Some((arrival, entry)),
                Some(parting) => {
                    self.metrics().refused(Refusal::Quota);
                    send_away(arrival, parting).await;
                    None
                }
            },
            Err(failure) => {
                self.metrics().refused(Refusal::SetUp);
                failed(&failure.error, failure.given);
                None
            }
        }
    }

    /// A place, or what to tell the client that gets none.
    async fn place(&self, client: &Client, bytes: u64) -> Result<Place, Parting> {
        let busy = |reason: String| Parting { after: BUSY, reason };
        let mut place = self.places.take(client.clone(), bytes).map_err(|full| {
            self.metrics().refused(why(full));
            busy(full.to_string())
        })?;
        let _queued = self.metrics().one(Running::Queued);
        let others_wait = busy("others wait, and your session did".into());
        let waiting = async {
            loop {
                match timeout(LOOK, &mut place).await {
                    Ok(place) => return place,
                    Err(_) => {
                        let own = self.places.has_its_share(client).then_some(client);
                        self.live.registry().make_room(own, &others_wait);
                    }
                }
            }
        };
        let none = || {
            self.metrics().refused(Refusal::Busy);
            busy(format!("all {} places are taken", self.bounds.places.sessions))
        };
        tokio::select! {
            () = self.stop.cancelled() => {
                self.metrics().refused(Refusal::Stopping);
                Err(stopping())
            }
            place = timeout(QUEUE, waiting) => place.map_err(|_| none())?.map_err(|_| none()),
        }
    }

    async fn session(&self, arrival: Arrival<'_>, place: Place, entry: &Entry, account: Box<dyn Account>) {
        info!(backend = %arrival.backend(), client = %entry.client(), "session begins");
        entry.seat();
        let _running = self.metrics().one(Running::Session);
        if self.stop.is_cancelled() {
            entry.attendance().ask_to_leave(stopping());
        }
        let served = self.attend(arrival, entry, &*account).await;
        drop(place);
        match served {
            Ok(summary) => {
                self.metrics().ended(if summary.parting.is_some() {
                    Outcome::SentAway
                } else {
                    Outcome::InOrder
                });
                ended(&summary);
                let total = summary.ledger.total(|_| true);
                let outcome = summary.parting.as_ref().map_or("in order", |parting| &parting.reason);
                account.close(Some((total.sent, total.received)), outcome);
            }
            Err(Failed { error, given }) => {
                let is_own = matches!(error, Error::Internal(_));
                self.metrics().ended(if is_own { Outcome::Internal } else { Outcome::Failed });
                failed(&error, given);
                account.close(None, &error.to_string());
            }
        }
    }

    /// Serves a session for as long as any may last.
    async fn attend(
        &self,
        arrival: Arrival<'_>,
        entry: &Entry,
        account: &dyn Account,
    ) -> Result<Summary, Failed> {
        let served = arrival.serve(entry.attendance(), account);
        tokio::pin!(served);
        tokio::select! {
            served = &mut served => served,
            () = sleep(self.bounds.session) => {
                let reason = "your session has lasted as long as any may; connect again".to_owned();
                entry.attendance().ask_to_leave(Parting { after: SOON, reason });
                served.await
            }
        }
    }

    /// Lets running sessions end for a while; gives the number of those that are cut off.
    async fn drain(&self, tasks: TaskTracker) -> usize {
        tasks.close();
        self.live.registry().ask_all_to_leave(&stopping());
        if !tasks.is_empty() {
            info!(sessions = self.live.registry().seated(), "waiting for running sessions");
        }
        let health = &self.live.vitals().health;
        if alive(health, timeout(self.bounds.drain, tasks.wait())).await.is_ok() {
            return 0;
        }
        let cut = self.live.registry().seated();
        warn!(sessions = cut, "leaving although sessions still run");
        cut
    }
}

/// Tells a client when to come back. One that does not read it is dropped all the same.
async fn send_away(arrival: Arrival<'_>, parting: Parting) {
    info!(reason = parting.reason, "sent a client away");
    let _unread = timeout(REFUSAL, arrival.send_away(&parting)).await;
}

fn stopping() -> Parting {
    Parting { after: SOON, reason: "the server stops".into() }
}

fn ended(summary: &Summary) {
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
        told_to_leave = summary.parting.as_ref().map(|parting| parting.reason.as_str()),
        "session ended"
    );
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
