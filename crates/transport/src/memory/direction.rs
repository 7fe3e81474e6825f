//! The bytes under way in one direction of a pair, and when each arrives.

use std::collections::VecDeque;
use std::io::{Error, ErrorKind, Result};
use std::task::{Context, Poll, Waker};

use tokio::io::ReadBuf;
use tokio::time::Instant;

use crate::memory::line::Line;

/// A line of limited bandwidth carries pieces of this size, a few packets, so that the first bytes
/// of a long message arrive before its last are sent.
const PIECE_BYTES: usize = 4096;

struct Piece {
    arrival: Instant,
    bytes: Vec<u8>,
    read: usize,
}

/// What a reader finds.
pub(super) enum Found {
    /// Bytes, or the end of the stream.
    Done,
    /// Nothing before this time.
    NotBefore(Instant),
    /// Nothing until the writer does something.
    Nothing,
}

/// One direction.
pub(super) struct Direction {
    line: Line,
    /// When the line has sent all that was written.
    free: Instant,
    pieces: VecDeque<Piece>,
    /// Bytes written and not read.
    held: usize,
    /// The writer has ended the stream; the reader learns it at this time.
    closed: Option<Instant>,
    /// The reader is gone.
    deaf: bool,
    reset: bool,
    reader: Option<Waker>,
    writer: Option<Waker>,
}

impl Direction {
    pub(super) fn new(line: Line) -> Self {
        Self {
            line,
            free: Instant::now(),
            pieces: VecDeque::new(),
            held: 0,
            closed: None,
            deaf: false,
            reset: false,
            reader: None,
            writer: None,
        }
    }

    /// Takes as many bytes as there is room for.
    pub(super) fn poll_write(&mut self, context: &Context<'_>, bytes: &[u8]) -> Poll<Result<usize>> {
        if self.reset {
            return Poll::Ready(Err(Error::from(ErrorKind::ConnectionReset)));
        }
        if self.deaf || self.closed.is_some() {
            return Poll::Ready(Err(Error::from(ErrorKind::BrokenPipe)));
        }
        let room = self.line.room.saturating_sub(self.held);
        if room == 0 && !bytes.is_empty() {
            self.writer = Some(context.waker().clone());
            return Poll::Pending;
        }
        let whole = if self.line.bytes_per_second.is_some() { PIECE_BYTES } else { usize::MAX };
        let taken = bytes.get(..bytes.len().min(room).min(whole)).unwrap_or_default();
        if !taken.is_empty() {
            self.free = self.free.max(Instant::now()) + self.line.occupied(taken.len());
            let arrival = self.free + self.line.latency;
            self.pieces.push_back(Piece { arrival, bytes: taken.to_vec(), read: 0 });
            self.held += taken.len();
            wake(&mut self.reader);
        }
        Poll::Ready(Ok(taken.len()))
    }

    /// Gives what has arrived, as far as `buffer` has room.
    pub(super) fn read(&mut self, context: &Context<'_>, buffer: &mut ReadBuf<'_>) -> Result<Found> {
        if self.reset {
            return Err(Error::from(ErrorKind::ConnectionReset));
        }
        let (now, before) = (Instant::now(), buffer.filled().len());
        while let Some(piece) = self.pieces.front_mut().filter(|piece| piece.arrival <= now) {
            let unread = piece.bytes.get(piece.read..).unwrap_or_default();
            let taken = unread.get(..unread.len().min(buffer.remaining())).unwrap_or_default();
            buffer.put_slice(taken);
            piece.read += taken.len();
            self.held -= taken.len();
            if piece.read < piece.bytes.len() {
                break;
            }
            self.pieces.pop_front();
        }
        if buffer.filled().len() > before || buffer.remaining() == 0 {
            wake(&mut self.writer);
            return Ok(Found::Done);
        }
        let next = self.pieces.front().map(|piece| piece.arrival).or(self.closed);
        match next {
            Some(arrival) if arrival <= now => Ok(Found::Done),
            Some(arrival) => {
                self.reader = Some(context.waker().clone());
                Ok(Found::NotBefore(arrival))
            }
            None => {
                self.reader = Some(context.waker().clone());
                Ok(Found::Nothing)
            }
        }
    }

    /// The writer ends the stream: the reader gets what was written, then the end.
    pub(super) fn close(&mut self) {
        let end = self.free.max(Instant::now()) + self.line.latency;
        self.closed.get_or_insert(end);
        wake(&mut self.reader);
    }

    /// The reader is gone.
    pub(super) fn deafen(&mut self) {
        self.deaf = true;
        wake(&mut self.writer);
    }

    /// Both ends fail from now on; what was under way is lost.
    pub(super) fn reset(&mut self) {
        self.reset = true;
        self.pieces.clear();
        wake(&mut self.reader);
        wake(&mut self.writer);
    }
}

fn wake(waker: &mut Option<Waker>) {
    if let Some(waker) = waker.take() {
        waker.wake();
    }
}
