//! A lane of a connection, as the steps of the protocol use it.

use std::sync::Arc;
use std::time::Duration;

use shares::Role;
use tokio::io::{AsyncRead, AsyncWrite};
use zeroize::Zeroizing;

use crate::channel::due::{Due, Timeouts};
use crate::channel::halves::{FrameReceiver, FrameSender, both};
use crate::channel::shared::Shared;
use crate::channel::times::Times;
use crate::error::{Error, Result, when};
use crate::key_share::Binding;
use crate::messages::{Abort, Later};
use crate::meter::{Ledger, Phase, Scope};
use crate::transcript::Chains;
use crate::wire::{Lane, Tag};

/// Whether this party must wait a whole round trip for the next frame, or half of one.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Turn {
    Spoke,
    Heard,
}

/// A lane of a connection to the peer, with books of its own.
pub struct Channel {
    sender: FrameSender,
    receiver: FrameReceiver,
    times: Times,
    trips: Ledger,
    turn: Turn,
}

impl Channel {
    /// The main lane of a connected stream to `peer`, which ends no TLS session.
    pub fn new<S>(stream: S, peer: Role, timeouts: Timeouts) -> Self
    where
        S: AsyncRead + AsyncWrite + Send + Unpin + 'static,
    {
        Self::bound(stream, peer, timeouts, None)
    }

    /// The main lane of a connected stream to `peer`, bound to a TLS session if that ends here.
    ///
    /// `binding` is then the exporter of that session (RFC 8446, section 7.5), for a label of this
    /// protocol. Both ends of the session have the same. It enters the keys of the checksums, so a
    /// stream that was spliced together from two TLS sessions ends at its first checked frame.
    pub fn bound<S>(stream: S, peer: Role, timeouts: Timeouts, binding: Option<Zeroizing<[u8; 32]>>) -> Self
    where
        S: AsyncRead + AsyncWrite + Send + Unpin + 'static,
    {
        Self::of(&Arc::new(Shared::new(stream, peer, timeouts, binding)), Lane::Main)
    }

    fn of(shared: &Arc<Shared>, lane: Lane) -> Self {
        Self {
            sender: FrameSender { shared: Arc::clone(shared), lane, ledger: Ledger::default() },
            receiver: FrameReceiver { shared: Arc::clone(shared), lane, ledger: Ledger::default() },
            times: Times::default(),
            trips: Ledger::default(),
            turn: Turn::Heard,
        }
    }

    /// Opens the lane ahead of this connection, once. The peer must not send on it before: open it
    /// before the message that allows the peer to.
    ///
    /// # Errors
    /// [`Error::Internal`] if it is open already.
    pub fn open_ahead(&mut self) -> Result<Self> {
        if !self.sender.shared.open_ahead() {
            return Err(Error::internal("the lane ahead is open already"));
        }
        Ok(Self::of(&self.sender.shared, Lane::Ahead))
    }

    /// Who is at the other end.
    #[must_use]
    pub fn peer(&self) -> Role {
        self.sender.shared.peer
    }

    /// The exporter of the TLS session that ends here, if there is one.
    pub(crate) fn binding(&self) -> Option<&Binding> {
        self.sender.shared.binding.as_ref()
    }

    /// From here on every frame on either lane has a checksum, in both directions. To be called
    /// between two frames.
    pub(crate) fn protect(&mut self, chains: Chains) {
        self.sender.shared.protect(chains);
    }

    pub(crate) async fn send(&mut self, scope: Scope, tag: Tag, payload: &[u8]) -> Result<()> {
        self.turn = Turn::Spoke;
        match self.sender.send(scope, tag, payload).await {
            Err(failure) => Err(self.sender.explained(failure).await),
            sent => sent,
        }
    }

    pub(crate) async fn receive(&mut self, due: Due) -> Result<Vec<u8>> {
        self.hear(due.scope);
        self.receiver.receive(due).await
    }

    /// Receives the first frame of a request, for which the peer may take its time.
    pub(crate) async fn receive_idle(&mut self, due: Due) -> Result<Vec<u8>> {
        self.hear(due.scope);
        let idle = self.sender.shared.timeouts.idle;
        self.receiver.receive_within(due, idle).await
    }

    /// Sends and receives at once: both parties speak without waiting for each other.
    pub(crate) async fn exchange(&mut self, payload: &[u8], due: Due) -> Result<Vec<u8>> {
        let trips = if self.turn == Turn::Spoke { 2 } else { 1 };
        self.trips.at(due.scope).one_way_trips += trips;
        self.turn = Turn::Heard;
        let send = self.sender.send(due.scope, due.tag, payload);
        let ((), received) = both(send, self.receiver.receive(due)).await?;
        Ok(received)
    }

    /// Both directions, for streaming one while reading the other. Book the trips with
    /// [`Channel::book_trips`].
    pub(crate) fn halves(&mut self) -> (&mut FrameSender, &mut FrameReceiver) {
        self.turn = Turn::Heard;
        (&mut self.sender, &mut self.receiver)
    }

    pub(crate) fn book_trips(&mut self, scope: Scope, one_way_trips: u64) {
        self.trips.at(scope).one_way_trips += one_way_trips;
    }

    /// Where the wall time of steps is booked. It is a handle of its own:
    /// `channel.times().timed(scope, step(channel))`.
    pub(crate) fn times(&self) -> Times {
        self.times.clone()
    }

    /// The books of this lane so far; a new account begins.
    #[must_use]
    pub fn take_ledger(&mut self) -> Ledger {
        let mut ledger = self.times.take();
        ledger.merge(&self.trips.take());
        ledger.merge(&self.sender.ledger.take());
        ledger.merge(&self.receiver.ledger.take());
        if self.sender.lane == Lane::Ahead {
            let credits = self.sender.shared.take_credit_bytes();
            if credits > 0 {
                ledger.at(Scope::session(Phase::Offline)).received += credits;
            }
        }
        ledger
    }

    /// Tells the peer why the session ends, as far as it still listens and is not in the middle of
    /// another frame, and ends the connection with both its lanes.
    pub(crate) async fn abort(&mut self, reason: &str) {
        self.end(Tag::Abort, &Abort::new(reason).encode()).await;
    }

    /// Tells the peer when to come back, and ends the connection as [`Channel::abort`] does.
    ///
    /// A peer without checksums is of version 3, which knows no notice but that of an abort.
    pub(crate) async fn send_away(&mut self, after: Duration, reason: &str) {
        if !self.sender.shared.is_protected() {
            return self.abort(&format!("{reason}; come back {}", when(after))).await;
        }
        self.end(Tag::Later, &Later::new(after, reason).encode()).await;
    }

    async fn end(&mut self, tag: Tag, last_word: &[u8]) {
        // The peer may be gone already, which is no news: the reason for ending is reported by the
        // caller.
        if self.sender.send_whole(Scope::SETUP, tag, last_word).await.is_ok() {
            self.sender.shared.hang_up().await;
        }
    }

    fn hear(&mut self, scope: Scope) {
        if self.turn == Turn::Spoke {
            self.trips.at(scope).one_way_trips += 2;
        }
        self.turn = Turn::Heard;
    }
}
