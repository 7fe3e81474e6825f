//! A metered, framed, limited connection to the peer.
//!
//! The two directions are separate halves, so that a party can stream one way while it reads the other
//! (`halves`) and so that simultaneous messages never wait for each other (`exchange`).

mod times;

use std::time::Duration;

use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, BufReader, BufWriter};
use tokio::time::timeout;

use crate::error::{Error, Fault, Party, Result};
use crate::messages::{self, Abort};
use crate::meter::{Ledger, Scope};
use crate::wire::{HEADER_BYTES, Header, Length, Tag};

pub(crate) use times::Times;

/// Payloads are read in pieces of this size: room grows as bytes arrive, never ahead of them by more than this.
const PIECE_BYTES: usize = 1 << 20;
const BUFFER_BYTES: usize = 1 << 16;
/// How long a failed sender waits for the peer's reason, and how long a party that gave one waits for the peer to hang up.
const GRACE: Duration = Duration::from_millis(500);

/// How long a silent peer is waited for.
#[derive(Clone, Copy, Debug)]
pub struct Timeouts {
    /// Between two arrivals of bytes inside a step.
    pub progress: Duration,
    /// Between two requests of a session.
    pub idle: Duration,
}

impl Default for Timeouts {
    fn default() -> Self {
        Self { progress: Duration::from_secs(60), idle: Duration::from_secs(600) }
    }
}

/// What is due from the peer: the message, its length, and where to book it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Due {
    pub(crate) scope: Scope,
    pub(crate) tag: Tag,
    pub(crate) length: Length,
}

impl Due {
    pub(crate) fn exactly(scope: Scope, tag: Tag, bytes: usize) -> Self {
        Self { scope, tag, length: Length::Exactly(bytes) }
    }

    /// Whether nothing is due.
    pub(crate) fn is_empty(self) -> bool {
        self.length == Length::Exactly(0)
    }

    pub(crate) fn at_most(scope: Scope, tag: Tag, bytes: usize) -> Self {
        Self { scope, tag, length: Length::AtMost(bytes) }
    }
}

/// The sending half.
pub(crate) struct FrameSender {
    writer: BufWriter<Box<dyn AsyncWrite + Send + Unpin>>,
    ledger: Ledger,
    peer: Party,
    progress: Duration,
    /// A frame was begun and not finished: whatever followed would be read as its payload.
    unfinished: bool,
}

impl FrameSender {
    pub(crate) async fn send(&mut self, scope: Scope, tag: Tag, payload: &[u8]) -> Result<()> {
        let header = Header::encode(tag, payload.len())
            .ok_or_else(|| Error::internal(format!("{tag} is longer than a frame")))?;
        if self.unfinished {
            return Err(Error::internal("a frame was broken off; the connection cannot be used any more"));
        }
        self.unfinished = true;
        self.ledger.at(scope).sent += (HEADER_BYTES + payload.len()) as u64;
        self.write(&header).await?;
        self.write(payload).await?;
        bounded(self.peer, self.progress, self.writer.flush()).await?;
        self.unfinished = false;
        Ok(())
    }

    /// Writes all bytes; the peer must take some of them within every span of `progress`.
    async fn write(&mut self, mut bytes: &[u8]) -> Result<()> {
        while !bytes.is_empty() {
            let write = async { self.writer.write(bytes).await };
            let written = bounded(self.peer, self.progress, write).await?;
            if written == 0 {
                return Err(Error::Io(std::io::ErrorKind::WriteZero.into()));
            }
            bytes = bytes.get(written..).unwrap_or_default();
        }
        Ok(())
    }
}

/// Waits for `work` as long as the peer may take to read.
async fn bounded<T>(
    peer: Party,
    patience: Duration,
    work: impl Future<Output = std::io::Result<T>>,
) -> Result<T> {
    match timeout(patience, work).await {
        Ok(done) => Ok(done?),
        Err(_) => Err(Error::Peer { peer, fault: Fault::Silent(patience) }),
    }
}

/// The receiving half.
pub(crate) struct FrameReceiver {
    reader: BufReader<Box<dyn AsyncRead + Send + Unpin>>,
    ledger: Ledger,
    peer: Party,
    progress: Duration,
}

impl FrameReceiver {
    pub(crate) async fn receive(&mut self, due: Due) -> Result<Vec<u8>> {
        self.receive_within(due, self.progress).await
    }

    /// Waits at most `patience` for the frame to begin.
    async fn receive_within(&mut self, due: Due, patience: Duration) -> Result<Vec<u8>> {
        let mut head = [0; HEADER_BYTES];
        self.fill(&mut head, due.tag, patience).await?;
        self.ledger.at(due.scope).received += HEADER_BYTES as u64;
        let header = Header::decode(head).map_err(|unknown| self.fault(unknown.into()))?;
        if header.tag == Tag::Abort && due.tag != Tag::Abort {
            return Err(self.aborted(due.scope, header).await);
        }
        let length = header.check(due.tag, due.length).map_err(|fault| self.fault(fault))?;
        self.payload(due, length).await
    }

    async fn payload(&mut self, due: Due, length: usize) -> Result<Vec<u8>> {
        let mut payload = Vec::with_capacity(length.min(PIECE_BYTES));
        while payload.len() < length {
            let start = payload.len();
            payload.resize(length.min(start + PIECE_BYTES), 0);
            let piece = payload.get_mut(start..).unwrap_or_default();
            fill(&mut self.reader, piece, due.tag, self.progress, self.peer).await?;
        }
        self.ledger.at(due.scope).received += length as u64;
        Ok(payload)
    }

    async fn fill(&mut self, buffer: &mut [u8], tag: Tag, patience: Duration) -> Result<()> {
        fill(&mut self.reader, buffer, tag, patience, self.peer).await
    }

    async fn aborted(&mut self, scope: Scope, header: Header) -> Error {
        let due = Due::at_most(scope, Tag::Abort, messages::MAX_ABORT_BYTES);
        let length = match header.check(due.tag, due.length) {
            Ok(length) => length,
            Err(fault) => return self.fault(fault),
        };
        let peer = self.peer;
        match self.payload(due, length).await {
            Err(error) => error,
            Ok(bytes) => match Abort::decode(&bytes) {
                Ok(abort) => Error::Aborted { peer, reason: abort.printable() },
                Err(reason) => Error::invalid(peer, Tag::Abort, reason),
            },
        }
    }

    /// Why the peer hung up, if it said so.
    async fn reason(&mut self) -> Option<Error> {
        let mut head = [0; HEADER_BYTES];
        self.fill(&mut head, Tag::Abort, GRACE).await.ok()?;
        let header = Header::decode(head).ok()?;
        if header.tag != Tag::Abort {
            return None;
        }
        Some(self.aborted(Scope::SETUP, header).await)
    }

    /// Reads and forgets until the peer hangs up.
    async fn drain(&mut self) {
        let mut forgotten = [0; 4096];
        while matches!(self.reader.read(&mut forgotten).await, Ok(1..)) {}
    }

    fn fault(&self, fault: Fault) -> Error {
        Error::Peer { peer: self.peer, fault }
    }
}

/// Fills the buffer; some bytes must arrive within every span of `patience`.
async fn fill(
    reader: &mut (impl AsyncRead + Unpin),
    mut buffer: &mut [u8],
    tag: Tag,
    patience: Duration,
    peer: Party,
) -> Result<()> {
    while !buffer.is_empty() {
        let read = bounded(peer, patience, reader.read(buffer)).await?;
        if read == 0 {
            return Err(Error::Peer { peer, fault: Fault::Closed(tag) });
        }
        buffer = buffer.get_mut(read..).unwrap_or_default();
    }
    Ok(())
}

/// Runs the sending and the receiving of a streaming step side by side. A failure to receive ends both at once; a failure to
/// send waits a moment for the receiving half, which may hold the reason that the peer gave before it hung up.
pub(crate) async fn both<A, B>(
    send: impl Future<Output = Result<A>>,
    receive: impl Future<Output = Result<B>>,
) -> Result<(A, B)> {
    let send = async {
        let sent = send.await;
        if sent.is_err() {
            tokio::time::sleep(GRACE).await;
        }
        sent
    };
    tokio::try_join!(send, receive)
}

/// Whether this party must wait a whole round trip for the next frame, or half of one.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Turn {
    Spoke,
    Heard,
}

/// A connection to the peer.
pub struct Channel {
    sender: FrameSender,
    receiver: FrameReceiver,
    times: Times,
    trips: Ledger,
    turn: Turn,
    idle: Duration,
}

impl Channel {
    /// Wraps a connected stream to `peer`.
    pub fn new<S>(stream: S, peer: Party, timeouts: Timeouts) -> Self
    where
        S: AsyncRead + AsyncWrite + Send + Unpin + 'static,
    {
        let (reader, writer) = tokio::io::split(stream);
        let reader: Box<dyn AsyncRead + Send + Unpin> = Box::new(reader);
        let writer: Box<dyn AsyncWrite + Send + Unpin> = Box::new(writer);
        let progress = timeouts.progress;
        Self {
            sender: FrameSender {
                writer: BufWriter::with_capacity(BUFFER_BYTES, writer),
                ledger: Ledger::default(),
                peer,
                progress,
                unfinished: false,
            },
            receiver: FrameReceiver {
                reader: BufReader::with_capacity(BUFFER_BYTES, reader),
                ledger: Ledger::default(),
                peer,
                progress,
            },
            times: Times::default(),
            trips: Ledger::default(),
            turn: Turn::Heard,
            idle: timeouts.idle,
        }
    }

    /// Who is at the other end.
    #[must_use]
    pub fn peer(&self) -> Party {
        self.receiver.peer
    }

    pub(crate) async fn send(&mut self, scope: Scope, tag: Tag, payload: &[u8]) -> Result<()> {
        self.turn = Turn::Spoke;
        match self.sender.send(scope, tag, payload).await {
            // A peer that gave up while it was being spoken to left its reason unread.
            Err(Error::Io(gone)) => Err(self.receiver.reason().await.unwrap_or(Error::Io(gone))),
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
        let idle = self.idle;
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

    /// Both directions, for streaming one while reading the other. Book the trips with [`Channel::book_trips`].
    pub(crate) fn halves(&mut self) -> (&mut FrameSender, &mut FrameReceiver) {
        self.turn = Turn::Heard;
        (&mut self.sender, &mut self.receiver)
    }

    pub(crate) fn book_trips(&mut self, scope: Scope, one_way_trips: u64) {
        self.trips.at(scope).one_way_trips += one_way_trips;
    }

    /// Where the wall time of steps is booked. It is a handle of its own: `channel.times().timed(scope, step(channel))`.
    pub(crate) fn times(&self) -> Times {
        self.times.clone()
    }

    /// The books so far; a new account begins.
    #[must_use]
    pub fn take_ledger(&mut self) -> Ledger {
        let mut ledger = self.times.take();
        ledger.merge(&self.trips.take());
        ledger.merge(&self.sender.ledger.take());
        ledger.merge(&self.receiver.ledger.take());
        ledger
    }

    /// Tells the peer why the session ends, as far as it still listens and is not in the middle of another frame, and ends
    /// the connection. What the peer says meanwhile is taken and forgotten: TCP drops what it has yet to deliver when a
    /// connection is closed over unread bytes, and the reason would be lost.
    pub(crate) async fn abort(&mut self, reason: &str) {
        let bytes = Abort::new(reason).encode();
        // The peer may be gone already, which is no news: the reason for ending is reported by the caller.
        if self.sender.send(Scope::SETUP, Tag::Abort, &bytes).await.is_ok()
            && self.sender.writer.shutdown().await.is_ok()
        {
            let _impatient = timeout(GRACE, self.receiver.drain()).await;
        }
    }

    fn hear(&mut self, scope: Scope) {
        if self.turn == Turn::Spoke {
            self.trips.at(scope).one_way_trips += 2;
        }
        self.turn = Turn::Heard;
    }
}

#[cfg(test)]
mod tests {
    use transport::memory::Line;

    use super::*;

    const SCOPE: Scope = Scope::SETUP;

    fn pair() -> (Channel, Channel) {
        let patience = Duration::from_secs(5);
        let timeouts = Timeouts { progress: patience, idle: patience };
        let (client, server) = transport::memory::pair(Line::INSTANT, Line::INSTANT);
        (
            Channel::new(client.stream, Party::Server, timeouts),
            Channel::new(server.stream, Party::Client, timeouts),
        )
    }

    #[tokio::test]
    async fn frames_arrive_and_are_counted_at_both_ends() {
        let (mut client, mut server) = pair();
        client.send(SCOPE, Tag::Request, &[7; 9]).await.unwrap();
        let due = Due::exactly(SCOPE, Tag::Request, 9);
        assert_eq!(server.receive(due).await.unwrap(), [7; 9]);
        let (sent, received) = (client.take_ledger(), server.take_ledger());
        assert_eq!(sent.total(|_| true).sent, 14);
        assert_eq!(received.total(|_| true).received, 14);
    }

    #[tokio::test]
    async fn large_simultaneous_messages_do_not_wait_for_each_other() {
        let (mut client, mut server) = pair();
        let bytes = vec![3; 5 << 20];
        let due = Due::exactly(SCOPE, Tag::Opening, bytes.len());
        let (a, b) = tokio::join!(client.exchange(&bytes, due), server.exchange(&bytes, due));
        assert_eq!((a.unwrap().len(), b.unwrap().len()), (bytes.len(), bytes.len()));
        assert_eq!(client.take_ledger().total(|_| true).one_way_trips, 1);
    }

    #[tokio::test]
    async fn a_frame_that_is_not_due_names_the_peer() {
        let (mut client, mut server) = pair();
        client.send(SCOPE, Tag::Request, &[1]).await.unwrap();
        let error = server.receive(Due::exactly(SCOPE, Tag::Request, 2)).await.unwrap_err();
        assert_eq!(error.to_string(), "the client sent a request of 1 bytes where 2 were due");
        server.send(SCOPE, Tag::Scores, &[]).await.unwrap();
        let error = client.receive(Due::exactly(SCOPE, Tag::Label, 0)).await.unwrap_err();
        assert_eq!(error.to_string(), "the server sent shares of the scores where a label decoding was due");
    }

    #[tokio::test]
    async fn a_length_out_of_bounds_is_refused_before_its_payload() {
        let (mut stream, end) = tokio::io::duplex(64);
        let mut server = Channel::new(end, Party::Client, Timeouts::default());
        stream.write_all(&[Tag::Request as u8, 255, 255, 255, 255]).await.unwrap();
        let error = server.receive(Due::at_most(SCOPE, Tag::Request, 100)).await.unwrap_err();
        assert!(matches!(
            error,
            Error::Peer { fault: Fault::WrongLength { expected: 100, got: 0xFFFF_FFFF, .. }, .. }
        ));
    }

    #[tokio::test]
    async fn an_abort_carries_its_reason_and_a_hang_up_is_told() {
        let (mut client, mut server) = pair();
        server.abort("the server is full; try again in a minute").await;
        let error = client.receive(Due::exactly(SCOPE, Tag::Accept, 2)).await.unwrap_err();
        assert_eq!(
            error.to_string(),
            "the server ended the session: the server is full; try again in a minute"
        );
        drop(server);
        let error = client.receive(Due::exactly(SCOPE, Tag::Accept, 2)).await.unwrap_err();
        assert_eq!(error.to_string(), "the server closed the connection while an acceptance was due");
    }

    #[tokio::test(start_paused = true)]
    async fn who_speaks_to_a_peer_that_gave_up_learns_the_reason() {
        let (mut client, mut server) = pair();
        server.abort("it has seen enough").await;
        drop(server);
        let error = client.send(SCOPE, Tag::Request, &[7; 9]).await.unwrap_err();
        assert_eq!(error.to_string(), "the server ended the session: it has seen enough");
        // Only once, and never a frame of another kind.
        let error = client.send(SCOPE, Tag::Request, &[7; 9]).await.unwrap_err();
        assert!(matches!(error, Error::Internal(_)), "{error}");
        let (mut client, mut server) = pair();
        server.send(SCOPE, Tag::Accept, &[1, 2]).await.unwrap();
        drop(server);
        let error = client.send(SCOPE, Tag::Request, &[7; 9]).await.unwrap_err();
        assert!(matches!(error, Error::Io(_)), "{error}");
    }

    #[tokio::test(start_paused = true)]
    async fn who_is_still_speaking_when_the_peer_gives_up_is_heard_out() {
        let (mut client, mut server) = pair();
        let speak_and_listen = async {
            client.send(SCOPE, Tag::Opening, &vec![0; 5 << 20]).await.unwrap();
            client.receive(Due::exactly(SCOPE, Tag::Accept, 2)).await.unwrap_err()
        };
        let give_up = async move { server.abort("it has seen enough").await };
        let (error, ()) = tokio::join!(speak_and_listen, give_up);
        assert_eq!(error.to_string(), "the server ended the session: it has seen enough");
    }

    #[tokio::test(start_paused = true)]
    async fn a_silent_peer_is_given_up() {
        let (mut client, _server) = pair();
        let error = client.receive(Due::exactly(SCOPE, Tag::Accept, 2)).await.unwrap_err();
        assert!(matches!(error, Error::Peer { fault: Fault::Silent(_), .. }));
    }
}
