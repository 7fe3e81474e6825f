//! The sending side of a connection: one frame of the main lane or one part of the lane ahead at a
//! time.
//!
//! The main lane goes first, then grants of room, then what is sent ahead.

use std::io;
use std::pin::Pin;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Waker, ready};
use std::time::Duration;

use tokio::io::{AsyncWrite, BufWriter};
use tokio::time::Instant;

use crate::channel::seat::Seat;

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
}

impl Writer {
    pub(super) fn new(stream: Box<dyn AsyncWrite + Send + Unpin>) -> Self {
        Self {
            stream: BufWriter::with_capacity(BUFFER_BYTES, stream),
            turn: None,
            waiting: [const { None }; 3],
            broken: None,
            last_departure: Instant::now(),
        }
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

/// A frame or part on its way out. If it is dropped before it is done, nothing can be written any
/// more.
pub(super) struct Ticket<'a> {
    writer: &'a Mutex<Writer>,
    seat: Seat,
    stage: Stage,
    /// When its turn came.
    began: Option<Instant>,
    failed: Option<io::ErrorKind>,
}

impl<'a> Ticket<'a> {
    pub(super) fn new(writer: &'a Mutex<Writer>, seat: Seat) -> Self {
        Self { writer, seat, stage: Stage::Waiting, began: None, failed: None }
    }

    /// How long it has been on its way.
    pub(super) fn age(&self) -> Duration {
        self.began.map(|began| began.elapsed()).unwrap_or_default()
    }

    /// Waits for the turn, then writes some of `bytes`.
    pub(super) fn poll_write(&mut self, context: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        let mut writer = lock(self.writer);
        if matches!(self.stage, Stage::Waiting) {
            ready!(writer.poll_turn(self.seat, context))?;
            self.stage = Stage::Writing;
            self.began = Some(Instant::now());
        }
        let written = ready!(Pin::new(&mut writer.stream).poll_write(context, bytes));
        let written = written.and_then(|n| if n == 0 { Err(io::ErrorKind::WriteZero.into()) } else { Ok(n) });
        self.note(&mut writer, written)
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
