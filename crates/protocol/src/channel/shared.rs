//! A connection as both lanes share it: its two sides, and how long each is waited for.

use std::future::poll_fn;
use std::sync::Mutex;
use std::task::{Context, Poll};
use std::time::Duration;

use shares::Role;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::time::{Instant, timeout, timeout_at};

use crate::channel::due::Timeouts;
use crate::channel::end::End;
use crate::channel::inbox::Part;
use crate::channel::reader::Reader;
use crate::channel::seat::Seat;
use crate::channel::writer::{Ticket, Writer, lock};
use crate::error::{Error, Fault, Result};
use crate::key_share::Binding;
use crate::transcript::Chains;
use crate::wire::{HEADER_BYTES, Header, Tag};

/// How long a failed sender waits for the peer's reason, and how long a party that gave one waits
/// for the peer to hang up.
pub(super) const GRACE: Duration = Duration::from_millis(500);

/// A connection.
pub(super) struct Shared {
    reader: Mutex<Reader>,
    writer: Mutex<Writer>,
    pub(super) peer: Role,
    pub(super) timeouts: Timeouts,
    /// The exporter of the TLS session that ends here, if there is one.
    pub(super) binding: Option<Binding>,
}

impl Shared {
    pub(super) fn new<S>(stream: S, peer: Role, timeouts: Timeouts, binding: Option<Binding>) -> Self
    where
        S: AsyncRead + AsyncWrite + Send + Unpin + 'static,
    {
        let (reader, writer) = tokio::io::split(stream);
        Self {
            reader: Mutex::new(Reader::new(Box::new(reader), timeouts)),
            writer: Mutex::new(Writer::new(Box::new(writer))),
            peer,
            timeouts,
            binding,
        }
    }

    /// From here on every frame has a checksum, in both directions. No frame may be under way.
    pub(super) fn protect(&self, chains: Chains) {
        lock(&self.writer).protect(chains.sending);
        lock(&self.reader).protect(chains.receiving);
    }

    /// Whether frames have checksums.
    pub(super) fn is_protected(&self) -> bool {
        lock(&self.writer).is_protected()
    }

    /// Opens the lane ahead; false if it is open already.
    pub(super) fn open_ahead(&self) -> bool {
        lock(&self.reader).open_ahead()
    }

    pub(super) fn take_credit_bytes(&self) -> u64 {
        lock(&self.reader).take_credit_bytes()
    }

    /// The head of the main lane's next frame; it must begin within `patience`.
    pub(super) async fn header(&self, tag: Tag, patience: Duration) -> Result<Header> {
        self.reading(tag, patience, Reader::poll_header).await
    }

    /// Fills `buffer` with what comes next in the main lane's payload.
    pub(super) async fn payload(&self, tag: Tag, mut buffer: &mut [u8]) -> Result<()> {
        while !buffer.is_empty() {
            let some = |reader: &mut Reader, context: &Context<'_>| reader.poll_payload(context, buffer);
            let read = self.reading(tag, self.timeouts.progress, some).await?;
            if read == 0 {
                return Err(self.ended(End::Closed, tag));
            }
            buffer = buffer.get_mut(read..).unwrap_or_default();
        }
        Ok(())
    }

    /// Holds the checksum of the main lane's frame against what came of it, and gives the bytes
    /// that it took, if any. The payload may be used from then on.
    pub(super) async fn checked(&self, tag: Tag) -> Result<usize> {
        self.reading(tag, self.timeouts.progress, Reader::poll_checksum).await
    }

    /// The next part of the lane ahead.
    pub(super) async fn part(&self, tag: Tag, patience: Duration) -> Result<Part> {
        self.reading(tag, patience, Reader::poll_part).await
    }

    /// Waits for room to send a part ahead that takes `cost` of it.
    pub(super) async fn credit(&self, cost: usize) -> Result<()> {
        let credit = |reader: &mut Reader, context: &Context<'_>| reader.poll_credit(context, cost);
        self.reading(Tag::Credit, self.timeouts.progress, credit).await
    }

    /// Grants the peer of the lane ahead what has become free, if it is time; gives the bytes sent
    /// for it.
    pub(super) async fn grant(&self) -> Result<u64> {
        let granted = lock(&self.reader).grant();
        let Some(header) = granted.and_then(Header::credit) else { return Ok(0) };
        match self.write(Seat::Receiver, header, &[]).await {
            // A peer that is gone needs no room. If anything more is due from it, reading tells.
            Err(Error::Io(_)) => Ok(0),
            written => written,
        }
    }

    /// Writes a frame or a part, and gives the bytes that it took. The lane ahead reads on
    /// meanwhile: if its peer is to take what it sends, it must take what its peer sends.
    pub(super) async fn write(&self, seat: Seat, header: [u8; HEADER_BYTES], payload: &[u8]) -> Result<u64> {
        let mut ticket = Ticket::new(&self.writer, seat, header, payload);
        let most = self.timeouts.most(header.len() + payload.len());
        while !self.writing(seat, |context| ticket.poll_write(context)).await? {
            if ticket.age() > most {
                return Err(self.fault(Fault::Slow(most)));
            }
        }
        self.writing(seat, |context| ticket.poll_finish(context)).await?;
        Ok(ticket.bytes())
    }

    /// Why the peer hung up, if it said so.
    pub(super) async fn reason(&self, seat: Seat) -> Option<Error> {
        let reason = poll_fn(|context| lock(&self.reader).poll_reason(seat, context));
        let end = timeout(GRACE, reason).await.ok()??;
        Some(self.ended(end, Tag::Abort))
    }

    /// Ends the connection. What the peer says meanwhile is taken and forgotten: TCP drops what it
    /// has yet to deliver when a connection is closed over unread bytes, and the last words would
    /// be lost.
    pub(super) async fn hang_up(&self) {
        let shutdown = timeout(GRACE, poll_fn(|context| lock(&self.writer).poll_shutdown(context)));
        if matches!(shutdown.await, Ok(Ok(()))) {
            let drained = poll_fn(|context| lock(&self.reader).poll_drain(context));
            let _impatient = timeout(GRACE, drained).await;
        }
    }

    async fn reading<T>(
        &self,
        tag: Tag,
        patience: Duration,
        mut poll: impl FnMut(&mut Reader, &Context<'_>) -> Poll<Result<T, End>>,
    ) -> Result<T> {
        let start = Instant::now();
        let mut deadline = start + patience;
        loop {
            let found = poll_fn(|context| poll(&mut lock(&self.reader), context));
            if let Ok(found) = timeout_at(deadline, found).await {
                return found.map_err(|end| self.ended(end, tag));
            }
            deadline = self.later(start, deadline, patience)?;
        }
    }

    /// How long to go on waiting, if there is hope.
    fn later(&self, start: Instant, deadline: Instant, patience: Duration) -> Result<Instant> {
        let reader = lock(&self.reader);
        // Bytes came, though not for this lane.
        let alive = reader.last_arrival() + patience;
        if alive > deadline {
            return Ok(alive);
        }
        match reader.in_the_way() {
            None => Err(self.fault(Fault::Silent(patience))),
            // The main lane of this party is busy, or has nothing to receive.
            Some(header) if start.elapsed() >= self.timeouts.idle.max(patience) => {
                Err(self.fault(Fault::Unawaited(header.tag)))
            }
            Some(_) => Ok(deadline + patience),
        }
    }

    async fn writing<T>(
        &self,
        seat: Seat,
        mut poll: impl FnMut(&mut Context<'_>) -> Poll<std::io::Result<T>>,
    ) -> Result<T> {
        let patience = self.timeouts.progress;
        let mut deadline = Instant::now() + patience;
        loop {
            let written = poll_fn(|context| match poll(context) {
                Poll::Ready(written) => Poll::Ready(written.map_err(Error::Io)),
                Poll::Pending if seat == Seat::Main => Poll::Pending,
                Poll::Pending => {
                    let ended = lock(&self.reader).poll_drive(seat, context);
                    ended.map(|end| Err(self.ended(end, Tag::Credit)))
                }
            });
            if let Ok(written) = timeout_at(deadline, written).await {
                return written;
            }
            let alive = lock(&self.writer).last_departure() + patience;
            if alive <= deadline {
                return Err(self.fault(Fault::Silent(patience)));
            }
            deadline = alive;
        }
    }

    fn ended(&self, end: End, tag: Tag) -> Error {
        match end {
            End::Closed => self.fault(Fault::Closed(tag)),
            End::Io(kind) => Error::Io(kind.into()),
            End::Fault(fault) => self.fault(fault),
            End::Aborted(reason) => Error::Aborted { peer: self.peer, reason },
            End::Later(after, reason) => Error::Later { peer: self.peer, after, reason },
            End::BrokenOff => {
                Error::internal("a message was left half read; the connection cannot be used any more")
            }
        }
    }

    pub(super) fn fault(&self, fault: Fault) -> Error {
        Error::Peer { peer: self.peer, fault }
    }
}
