//! What has arrived on the lane ahead and waits for its receiver, and how much more may come.
//!
//! A frame travels in parts. The header of each says how much of the frame is left, this part
//! included, so the first tells the whole length. A part takes its bytes and [`PART_COST`] of the
//! window, which pays for what it costs to keep.

use std::collections::VecDeque;

use crate::error::Fault;
use crate::wire::{Header, Lane, Tag};

/// The most bytes of a frame that travel in one part. The main lane waits behind one part at most,
/// 13 ms at 10 Mbit/s.
pub(super) const PART_BYTES: usize = 1 << 14;
/// What a party may send ahead of what its peer has taken. It keeps a line of 280 Mbit/s and 30 ms
/// busy.
pub(super) const WINDOW: usize = 1 << 20;
/// What a part takes of the window besides its bytes.
const PART_COST: usize = 64;
/// Room is granted when so much of it has become free.
const GRANT: usize = WINDOW / 2;

/// What a part of `bytes` takes of the window.
pub(super) fn cost(bytes: usize) -> usize {
    bytes + PART_COST
}

/// Bytes of payload that follow this head at once: those of a part on the lane ahead, where a grant
/// of room has none.
pub(crate) fn payload_on_the_wire(header: Header) -> usize {
    match (header.lane, header.tag) {
        (Lane::Main, _) => header.length,
        (Lane::Ahead, Tag::Credit) => 0,
        (Lane::Ahead, _) => header.length.min(PART_BYTES),
    }
}

/// A part of a frame.
pub(super) struct Part {
    /// The head of the frame: its tag, and the bytes left of it with these.
    pub(super) header: Header,
    pub(super) bytes: Vec<u8>,
    /// Bytes that it took with header and checksum.
    pub(super) on_the_wire: usize,
}

/// The parts that wait for the receiver.
#[derive(Default)]
pub(super) struct Inbox {
    parts: VecDeque<Part>,
    /// What the peer has used of the window and was not granted anew.
    used: usize,
    /// How much of that is free again.
    free: usize,
    /// The frame whose next part is due, and the bytes left of it.
    unfinished: Option<(Tag, usize)>,
}

impl Inbox {
    /// Takes the head of a part, and says how many bytes of it follow.
    pub(super) fn announce(&mut self, header: Header) -> Result<usize, Fault> {
        if self.unfinished.is_some_and(|due| due != (header.tag, header.length)) {
            return Err(Fault::BrokenParts(header.tag));
        }
        let bytes = payload_on_the_wire(header);
        if self.used + cost(bytes) > WINDOW {
            return Err(Fault::Overrun(header.tag));
        }
        self.used += cost(bytes);
        let left = header.length - bytes;
        self.unfinished = (left > 0).then_some((header.tag, left));
        Ok(bytes)
    }

    pub(super) fn push(&mut self, part: Part) {
        self.parts.push_back(part);
    }

    pub(super) fn pop(&mut self) -> Option<Part> {
        let part = self.parts.pop_front()?;
        self.free += cost(part.bytes.len());
        Some(part)
    }

    /// What to grant the peer, if it is time.
    pub(super) fn grant(&mut self) -> Option<usize> {
        if self.free < GRANT {
            return None;
        }
        let free = std::mem::take(&mut self.free);
        self.used -= free;
        Some(free)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn header(length: usize) -> Header {
        Header { lane: Lane::Ahead, tag: Tag::Opening, length }
    }

    #[test]
    fn the_window_bounds_what_is_kept_even_of_empty_frames() {
        let mut inbox = Inbox::default();
        let mut parts = 0;
        while inbox.announce(header(0)) == Ok(0) {
            inbox.push(Part { header: header(0), bytes: Vec::new(), on_the_wire: 5 });
            parts += 1;
        }
        assert_eq!(parts, WINDOW / PART_COST);
        assert_eq!(inbox.announce(header(0)), Err(Fault::Overrun(Tag::Opening)));
        for _ in 0..parts / 2 {
            inbox.pop().unwrap();
        }
        assert_eq!(inbox.grant(), Some(GRANT));
        assert_eq!(inbox.grant(), None);
        assert_eq!(inbox.announce(header(7)), Ok(7));
    }

    #[test]
    fn parts_continue_their_frame() {
        let mut inbox = Inbox::default();
        assert_eq!(inbox.announce(header(PART_BYTES + 9)), Ok(PART_BYTES));
        assert_eq!(inbox.announce(header(8)), Err(Fault::BrokenParts(Tag::Opening)));
        let other = Header { tag: Tag::Label, ..header(9) };
        assert_eq!(inbox.announce(other), Err(Fault::BrokenParts(Tag::Label)));
        assert_eq!(inbox.announce(header(9)), Ok(9));
        assert_eq!(inbox.announce(header(u32::MAX as usize)), Ok(PART_BYTES));
    }
}
