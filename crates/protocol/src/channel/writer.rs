//! The sending side of a connection: one frame of the main lane or one part of the lane ahead at a
//! time.
//!
//! The main lane goes first, then grants of room, then what is sent ahead. A checksum is made when
//! the turn of its frame comes, so the chain has the order of the wire.

use std::io;
use std::pin::Pin;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Waker, ready};
use std::time::Duration;

use tokio::io::{AsyncWrite, BufWriter};
use tokio::time::Instant;

use crate::channel::seat::Seat;
use crate::transcript::{Chain, Checksum};
use crate::wire::HEADER_BYTES;

const BUFFER_BYTES: usize = 1 << 16;

/// The sending side.
pub(super) struct Writer {
    stream: BufWriter<Box<dyn AsyncWrite + Send + Unpin>>,
    /// Who is in the middle of a frame.
    turn: Option<Seat>,
    waiting: [Option<Waker>; 3],
    /// A frame was begun and not finished: whatever followed would be read as its payload.
    broken: Option<io::ErrorKind>,
    last_departure: Instant,
    /// Makes the checksums, once the parties have keys.
    chain: Option<Chain>,
}

impl Writer {
    pub(super) fn new(stream: Box<dyn AsyncWrite + Send + Unpin>) -> Self {
        Self {
            stream: BufWriter::with_capacity(BUFFER_BYTES, stream),
            turn: None,
            waiting: [const { None }; 3],
            broken: None,
            last_departure: Instant::now(),
            chain: None,
        }
    }

    /// Ends every later frame with a checksum.
    pub(super) fn protect(&mut self, chain: Chain) {
        self.chain = Some(chain);
    }

    pub(super) fn is_protected(&self) -> bool {
        self.chain.is_some()
    }

    /// When bytes went last, on whichever lane.
    pub(super) fn last_departure(&self) -> Instant {
        self.last_departure
    }

    /// Ends the stream.
    pub(super) fn poll_shutdown(&mut self, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(context)
    }

    fn poll_turn(&mut self, seat: Seat, context: &Context<'_>) -> Poll<io::Result<()>> {
        if let Some(kind) = self.broken {
            return Poll::Ready(Err(io::Error::new(kind, "an earlier message was broken off")));
        }
        let first = self.waiting.iter().position(Option::is_some).unwrap_or(usize::MAX);
        if self.turn.is_none() && seat as usize <= first {
            self.turn = Some(seat);
            self.leave(seat);
            return Poll::Ready(Ok(()));
        }
        if let Some(place) = self.waiting.get_mut(seat as usize) {
            *place = Some(context.waker().clone());
        }
        Poll::Pending
    }

    /// `seat` waits no more.
    fn leave(&mut self, seat: Seat) {
        if let Some(place) = self.waiting.get_mut(seat as usize) {
            *place = None;
        }
    }

    /// Wakes who is next; each keeps its place until its turn comes.
    fn call(&self) {
        if let Some(next) = self.waiting.iter().flatten().next() {
            next.wake_by_ref();
        }
    }

    /// Nobody can write any more.
    fn break_off(&mut self, kind: io::ErrorKind) {
        self.broken = Some(kind);
        self.waiting.iter().flatten().for_each(Waker::wake_by_ref);
    }
}

/// What the holder of a ticket does.
enum Stage {
    Waiting,
    Writing,
    Done,
}

/// A frame or part, and how much of it is written.
struct Outgoing<'a> {
    header: [u8; HEADER_BYTES],
    payload: &'a [u8],
    /// From its turn on.
    checksum: Option<Checksum>,
    written: usize,
}

impl Outgoing<'_> {
    fn pieces(&self) -> [&[u8]; 3] {
        [&self.header, self.payload, self.checksum.as_ref().map_or(&[], |checksum| checksum)]
    }

    fn len(&self) -> usize {
        self.pieces().iter().map(|piece| piece.len()).sum()
    }

    /// The next bytes to write; none if all are written.
    fn rest(&self) -> &[u8] {
        let mut before = self.written;
        for piece in self.pieces() {
            match piece.split_at_checked(before) {
                Some((_, rest @ [_, ..])) => return rest,
                _ => before -= piece.len(),
            }
        }
        &[]
    }
}

/// A frame or part on its way out. If it is dropped before it is done, nothing can be written any
/// more.
pub(super) struct Ticket<'a> {
    writer: &'a Mutex<Writer>,
    seat: Seat,
    stage: Stage,
    /// When its turn came.
    began: Option<Instant>,
    outgoing: Outgoing<'a>,
    failed: Option<io::ErrorKind>,
}

impl<'a> Ticket<'a> {
    pub(super) fn new(
        writer: &'a Mutex<Writer>,
        seat: Seat,
        header: [u8; HEADER_BYTES],
        payload: &'a [u8],
    ) -> Self {
        let outgoing = Outgoing { header, payload, checksum: None, written: 0 };
        Self { writer, seat, stage: Stage::Waiting, began: None, outgoing, failed: None }
    }

    /// How long it has been on its way.
    pub(super) fn age(&self) -> Duration {
        self.began.map(|began| began.elapsed()).unwrap_or_default()
    }

    /// Waits for the turn, then writes some bytes; true once all are written.
    pub(super) fn poll_write(&mut self, context: &mut Context<'_>) -> Poll<io::Result<bool>> {
        let mut writer = lock(self.writer);
        if matches!(self.stage, Stage::Waiting) {
            ready!(writer.poll_turn(self.seat, context))?;
            self.stage = Stage::Writing;
            self.began = Some(Instant::now());
            let Outgoing { header, payload, .. } = self.outgoing;
            self.outgoing.checksum = writer.chain.as_mut().map(|chain| chain.seal(&header, payload));
        }
        let bytes = self.outgoing.rest();
        if bytes.is_empty() {
            return Poll::Ready(Ok(true));
        }
        let written = ready!(Pin::new(&mut writer.stream).poll_write(context, bytes));
        let written = written.and_then(|n| if n == 0 { Err(io::ErrorKind::WriteZero.into()) } else { Ok(n) });
        self.outgoing.written += ready!(self.note(&mut writer, written))?;
        Poll::Ready(Ok(false))
    }

    /// Bytes of the whole, once its turn has come.
    pub(super) fn bytes(&self) -> u64 {
        self.outgoing.len() as u64
    }

    /// Sends off what was written and lets the next go on.
    pub(super) fn poll_finish(&mut self, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        let mut writer = lock(self.writer);
        let flushed = ready!(Pin::new(&mut writer.stream).poll_flush(context));
        ready!(self.note(&mut writer, flushed))?;
        self.stage = Stage::Done;
        writer.turn = None;
        writer.call();
        Poll::Ready(Ok(()))
    }

    fn note<T>(&mut self, writer: &mut Writer, done: io::Result<T>) -> Poll<io::Result<T>> {
        match &done {
            Ok(_) => writer.last_departure = Instant::now(),
            Err(error) => self.failed = Some(error.kind()),
        }
        Poll::Ready(done)
    }
}

impl Drop for Ticket<'_> {
    fn drop(&mut self) {
        let mut writer = lock(self.writer);
        match self.stage {
            Stage::Waiting => {
                writer.leave(self.seat);
                if writer.turn.is_none() {
                    writer.call();
                }
            }
            Stage::Writing => writer.break_off(self.failed.unwrap_or(io::ErrorKind::ConnectionAborted)),
            Stage::Done => {}
        }
    }
}

/// A panic elsewhere does not matter here: every state that is left behind is one that can be gone
/// on from.
pub(super) fn lock<T>(side: &Mutex<T>) -> MutexGuard<'_, T> {
    side.lock().unwrap_or_else(PoisonError::into_inner)
}
