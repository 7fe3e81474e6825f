//! The receiving side of a connection: tells the lanes apart. Whoever is polled reads on, for all.
//!
//! No lock is held while anybody waits. Everything half read stands in [`Reader`], so that a lane
//! that stops waiting loses nothing, except in the middle of a payload of the main lane, which goes
//! straight to where it is wanted. Once the parties have keys, nobody gets a part, a grant, an
//! abort notice or the end of a payload before its checksum was found right.

use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, Waker, ready};

use tokio::io::{AsyncRead, BufReader, ReadBuf};
use tokio::time::Instant;

use crate::channel::due::{Due, Timeouts};
use crate::channel::end::End;
use crate::channel::inbox::{Inbox, Part, WINDOW};
use crate::channel::seat::{Bell, Seat};
use crate::error::Fault;
use crate::messages::{Abort, Later, MAX_ABORT_BYTES};
use crate::meter::Scope;
use crate::transcript::{Chain, Checksum};
use crate::wire::{CHECKSUM_BYTES, HEADER_BYTES, Header, Lane, Tag};

const BUFFER_BYTES: usize = 1 << 16;

/// Where in the stream the reader stands.
enum State {
    /// In a header.
    Header { bytes: [u8; HEADER_BYTES], filled: usize },
    /// Behind a header of the main lane, which its receiver has not taken yet.
    Parked(Header),
    /// In a payload of the main lane, which its receiver reads by itself.
    Payload { tag: Tag, left: usize },
    /// Behind that payload, in its checksum.
    Checksum { tag: Tag, bytes: Checksum, filled: usize },
    /// In a part of the lane ahead or an abort notice, or in its checksum.
    Kept { header: Header, bytes: Vec<u8>, filled: usize },
}

impl State {
    const START: Self = Self::Header { bytes: [0; HEADER_BYTES], filled: 0 };
}

/// The receiving side.
pub(super) struct Reader {
    stream: BufReader<Box<dyn AsyncRead + Send + Unpin>>,
    state: State,
    end: Option<End>,
    /// Of the lane ahead, once that is open.
    inbox: Option<Inbox>,
    /// What may be sent ahead before the peer grants more.
    credit: usize,
    /// Bytes of the frames that granted it.
    credit_bytes: u64,
    bell: Arc<Bell>,
    waker: Waker,
    last_arrival: Instant,
    timeouts: Timeouts,
    /// When what is being read began: a header, a payload, or a part; and the bytes of it.
    current: Option<(Instant, usize)>,
    /// Holds checksums against what came, once the parties have keys.
    chain: Option<Chain>,
}

impl Reader {
    pub(super) fn new(stream: Box<dyn AsyncRead + Send + Unpin>, timeouts: Timeouts) -> Self {
        let bell = Arc::new(Bell::default());
        Self {
            stream: BufReader::with_capacity(BUFFER_BYTES, stream),
            state: State::START,
            end: None,
            inbox: None,
            credit: 0,
            credit_bytes: 0,
            waker: Waker::from(Arc::clone(&bell)),
            bell,
            last_arrival: Instant::now(),
            timeouts,
            current: None,
            chain: None,
        }
    }

    /// Expects a checksum behind every later frame.
    pub(super) fn protect(&mut self, chain: Chain) {
        self.chain = Some(chain);
    }

    /// Opens the lane ahead; false if it is open already.
    pub(super) fn open_ahead(&mut self) -> bool {
        self.credit = WINDOW;
        self.inbox.replace(Inbox::default()).is_none()
    }

    /// When bytes came last, on whichever lane.
    pub(super) fn last_arrival(&self) -> Instant {
        self.last_arrival
    }

    /// The frame of the main lane that keeps the lane ahead from reading on.
    pub(super) fn in_the_way(&self) -> Option<Header> {
        if let State::Parked(header) = self.state { Some(header) } else { None }
    }

    pub(super) fn take_credit_bytes(&mut self) -> u64 {
        std::mem::take(&mut self.credit_bytes)
    }

    /// The head of the main lane's next frame. The payload must be read next.
    pub(super) fn poll_header(&mut self, context: &Context<'_>) -> Poll<Result<Header, End>> {
        let header = ready!(self.wait(Seat::Main, context, |reader| match reader.state {
            State::Parked(header) => Some(Ok(header)),
            State::Payload { .. } | State::Checksum { .. } => Some(Err(End::BrokenOff)),
            State::Header { .. } | State::Kept { .. } => None,
        }))??;
        self.state = State::Payload { tag: header.tag, left: header.length };
        self.current = Some((Instant::now(), header.length));
        self.end_of_payload();
        Poll::Ready(Ok(header))
    }

    /// Reads some of the main lane's payload into `buffer`, which must not be longer than what is
    /// left of it.
    pub(super) fn poll_payload(
        &mut self,
        context: &Context<'_>,
        buffer: &mut [u8],
    ) -> Poll<Result<usize, End>> {
        self.bell.sit(Seat::Main, context.waker());
        let read = ready!(self.poll_read(buffer))?;
        self.bell.leave(Seat::Main);
        if let (Some(chain), Some(payload)) = (&mut self.chain, buffer.get(..read)) {
            chain.absorb(payload);
        }
        if let State::Payload { left, .. } = &mut self.state {
            *left = left.saturating_sub(read);
        }
        self.end_of_payload();
        Poll::Ready(Ok(read))
    }

    fn end_of_payload(&mut self) {
        let State::Payload { tag, left: 0 } = self.state else { return };
        if self.chain.is_some() {
            self.state = State::Checksum { tag, bytes: [0; CHECKSUM_BYTES], filled: 0 };
            self.current = None;
        } else {
            self.next_frame();
        }
    }

    /// The main lane's receiver is through with its frame.
    fn next_frame(&mut self) {
        self.state = State::START;
        self.current = None;
        self.bell.ring_others(Seat::Main);
    }

    /// Reads the checksum of the main lane's frame, if frames have one, and gives its bytes.
    pub(super) fn poll_checksum(&mut self, context: &Context<'_>) -> Poll<Result<usize, End>> {
        self.bell.sit(Seat::Main, context.waker());
        while let State::Checksum { tag, mut bytes, mut filled } = self.state {
            let read = ready!(self.poll_some(bytes.get_mut(filled..).unwrap_or_default()));
            filled += read?;
            self.state = State::Checksum { tag, bytes, filled };
            if filled == CHECKSUM_BYTES {
                self.next_frame();
                self.bell.leave(Seat::Main);
                let checked = self.check(tag, &bytes);
                self.end = checked.clone().err();
                return Poll::Ready(checked.map(|()| CHECKSUM_BYTES));
            }
        }
        self.bell.leave(Seat::Main);
        Poll::Ready(Ok(0))
    }

    /// Whether this is the checksum of what came.
    fn check(&mut self, tag: Tag, checksum: &Checksum) -> Result<(), End> {
        let right = self.chain.as_mut().is_none_or(|chain| chain.agrees(checksum));
        if right { Ok(()) } else { Err(End::Fault(Fault::Changed(tag))) }
    }

    /// The next part of the lane ahead.
    pub(super) fn poll_part(&mut self, context: &Context<'_>) -> Poll<Result<Part, End>> {
        self.wait(Seat::Receiver, context, |reader| reader.inbox.as_mut().and_then(Inbox::pop))
    }

    /// What to grant the peer of the lane ahead, if it is time.
    pub(super) fn grant(&mut self) -> Option<usize> {
        self.inbox.as_mut().and_then(Inbox::grant)
    }

    /// Takes room for sending ahead.
    pub(super) fn poll_credit(&mut self, context: &Context<'_>, cost: usize) -> Poll<Result<(), End>> {
        self.wait(Seat::Sender, context, |reader| {
            reader.credit = reader.credit.checked_sub(cost)?;
            Some(())
        })
    }

    /// Reads on for the others while `seat` waits for the writer. Ready if the session ended for a
    /// reason that the writer does not learn by itself.
    pub(super) fn poll_drive(&mut self, seat: Seat, context: &Context<'_>) -> Poll<End> {
        match self.wait(seat, context, |_| None::<()>) {
            Poll::Ready(Err(end @ (End::Fault(_) | End::Aborted(_) | End::Later(..)))) => Poll::Ready(end),
            _ => Poll::Pending,
        }
    }

    /// Reads on until the peer's reason for hanging up is there, or it is clear that there is none.
    pub(super) fn poll_reason(&mut self, seat: Seat, context: &Context<'_>) -> Poll<Option<End>> {
        let ended = ready!(self.wait(seat, context, |reader| reader.in_the_way()));
        Poll::Ready(ended.err().filter(|end| matches!(end, End::Aborted(_) | End::Later(..))))
    }

    /// Reads and forgets until the peer hangs up.
    pub(super) fn poll_drain(&mut self, context: &Context<'_>) -> Poll<()> {
        let mut forgotten = [0; 4096];
        self.bell.sit(Seat::Main, context.waker());
        while let Ok(1..) = ready!(self.poll_read(&mut forgotten)) {}
        Poll::Ready(())
    }

    /// Reads on until `found` finds something for `seat`, or nothing more comes.
    fn wait<T>(
        &mut self,
        seat: Seat,
        context: &Context<'_>,
        mut found: impl FnMut(&mut Self) -> Option<T>,
    ) -> Poll<Result<T, End>> {
        // Before the stream is polled: it wakes through the bell.
        self.bell.sit(seat, context.waker());
        let mut there = found(self);
        let mut ended = None;
        if there.is_none() {
            ended = self.read_on(seat);
            there = found(self);
        }
        match there.map(Ok).or(ended.map(Err)) {
            Some(done) => {
                self.bell.leave(seat);
                Poll::Ready(done)
            }
            None => Poll::Pending,
        }
    }

    /// Reads until nothing more is there or a frame of the main lane stands in front, and says if
    /// the stream ended.
    fn read_on(&mut self, seat: Seat) -> Option<End> {
        while self.end.is_none() {
            match self.poll_step() {
                Poll::Ready(Ok(true)) => self.bell.ring_others(seat),
                Poll::Ready(Ok(false)) => {}
                Poll::Ready(Err(end)) => {
                    self.end = Some(end);
                    self.bell.ring_others(seat);
                }
                Poll::Pending => break,
            }
        }
        self.end.clone()
    }

    /// Reads once; true if that may concern others.
    fn poll_step(&mut self) -> Poll<Result<bool, End>> {
        match std::mem::replace(&mut self.state, State::START) {
            in_front @ (State::Parked(_) | State::Payload { .. } | State::Checksum { .. }) => {
                self.state = in_front;
                Poll::Pending
            }
            State::Header { mut bytes, mut filled } => {
                let read = self.poll_some(bytes.get_mut(filled..).unwrap_or_default());
                if let Poll::Ready(Ok(read)) = read {
                    filled += read;
                }
                self.state = State::Header { bytes, filled };
                ready!(read)?;
                Poll::Ready(if filled == HEADER_BYTES { self.headed(bytes) } else { Ok(false) })
            }
            State::Kept { header, mut bytes, mut filled } => {
                let read = self.poll_some(bytes.get_mut(filled..).unwrap_or_default());
                if let Poll::Ready(Ok(read)) = read {
                    filled += read;
                }
                if filled == bytes.len() {
                    return Poll::Ready(self.kept(header, bytes));
                }
                self.state = State::Kept { header, bytes, filled };
                ready!(read)?;
                Poll::Ready(Ok(false))
            }
        }
    }

    /// What follows a header.
    fn headed(&mut self, bytes: [u8; HEADER_BYTES]) -> Result<bool, End> {
        self.state = State::START;
        self.current = None;
        let header = Header::decode(bytes).map_err(|unknown| End::Fault(unknown.into()))?;
        if let Some(chain) = &mut self.chain {
            chain.begin(&bytes);
        }
        let payload = match (header.lane, header.tag, &mut self.inbox) {
            (Lane::Main, tag @ (Tag::Abort | Tag::Later), _) => {
                Due::at_most(Scope::SETUP, tag, MAX_ABORT_BYTES).check(header).map_err(End::Fault)?
            }
            (Lane::Main, _, _) => {
                self.state = State::Parked(header);
                return Ok(true);
            }
            (Lane::Ahead, tag, None) => return Err(End::Fault(Fault::NotOpen(tag))),
            // Its length is the room that it grants.
            (Lane::Ahead, Tag::Credit, Some(_)) => 0,
            (Lane::Ahead, _, Some(inbox)) => inbox.announce(header).map_err(End::Fault)?,
        };
        let follows = payload + if self.chain.is_some() { CHECKSUM_BYTES } else { 0 };
        let bytes = vec![0; follows];
        if follows == 0 {
            return self.kept(header, bytes);
        }
        self.current = Some((Instant::now(), follows));
        self.state = State::Kept { header, bytes, filled: 0 };
        Ok(false)
    }

    /// The peer takes so many bytes more; never more than the window in all.
    fn credited(&mut self, room: usize) -> Result<bool, End> {
        self.credit = Some(self.credit.saturating_add(room))
            .filter(|&credit| room > 0 && credit <= WINDOW)
            .ok_or(End::Fault(Fault::Credit(room)))?;
        Ok(true)
    }

    /// What is read as a whole is, with its checksum if it has one.
    fn kept(&mut self, header: Header, mut bytes: Vec<u8>) -> Result<bool, End> {
        self.current = None;
        let on_the_wire = HEADER_BYTES + bytes.len();
        if let (Some(chain), Some((payload, checksum))) = (&mut self.chain, bytes.split_last_chunk()) {
            chain.absorb(payload);
            let (length, checksum) = (payload.len(), *checksum);
            self.check(header.tag, &checksum)?;
            bytes.truncate(length);
        }
        match (header.lane, header.tag, &mut self.inbox) {
            (Lane::Main, tag, _) => return Err(last_word(tag, &bytes)),
            (Lane::Ahead, Tag::Credit, _) => {
                self.credit_bytes += on_the_wire as u64;
                return self.credited(header.length);
            }
            (Lane::Ahead, _, Some(inbox)) => inbox.push(Part { header, bytes, on_the_wire }),
            (Lane::Ahead, _, None) => {}
        }
        Ok(true)
    }

    /// Reads at least a byte, or says that no more come.
    fn poll_some(&mut self, buffer: &mut [u8]) -> Poll<Result<usize, End>> {
        match ready!(self.poll_read(buffer))? {
            0 => Poll::Ready(Err(End::Closed)),
            read => Poll::Ready(Ok(read)),
        }
    }

    fn poll_read(&mut self, buffer: &mut [u8]) -> Poll<Result<usize, End>> {
        let mut buffer = ReadBuf::new(buffer);
        let read = Pin::new(&mut self.stream).poll_read(&mut Context::from_waker(&self.waker), &mut buffer);
        ready!(read).map_err(|error| End::Io(error.kind()))?;
        let now = Instant::now();
        self.last_arrival = now;
        // At its first byte a header begins; what follows a header began with the header's end.
        let (began, bytes) = *self.current.get_or_insert((now, HEADER_BYTES));
        let most = self.timeouts.most(bytes);
        if now - began > most {
            return Poll::Ready(Err(End::Fault(Fault::Slow(most))));
        }
        Poll::Ready(Ok(buffer.filled().len()))
    }
}

/// What the peer said before it ended the session.
fn last_word(tag: Tag, bytes: &[u8]) -> End {
    let said = match tag {
        Tag::Later => Later::decode(bytes).map(|later| End::Later(later.after(), later.printable())),
        _ => Abort::decode(bytes).map(|abort| End::Aborted(abort.printable())),
    };
    said.unwrap_or_else(|reason| End::Fault(Fault::Invalid { tag, reason }))
}
