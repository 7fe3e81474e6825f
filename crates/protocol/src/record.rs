//! What a party of a label-only session keeps of a record.
//!
//! These are its shares of the latest segments' scores. From them the two parties find the label of
//! the sum. A share is wiped when it is used, dropped, or pushed out by a newer one.

use std::collections::VecDeque;

use shares::Share;

use crate::method::MAX_RECORD_SEGMENTS;

/// Shares of the scores of a record's segments, the oldest first.
///
/// There are at most [`MAX_RECORD_SEGMENTS`] of them.
#[derive(Default)]
pub(crate) struct Record {
    shares: VecDeque<Share>,
    segments: usize,
}

impl Record {
    /// Keeps the share of one more segment, in the place of the oldest if there are too many.
    pub(crate) fn push(&mut self, scores: Share) {
        if self.shares.len() == MAX_RECORD_SEGMENTS {
            self.shares.pop_front();
        }
        self.shares.push_back(scores);
        self.segments += 1;
    }

    /// Segments since the record began, those of which nothing is kept any more among them.
    pub(crate) fn segments(&self) -> usize {
        self.segments
    }

    /// Segments whose shares are kept.
    pub(crate) fn kept(&self) -> usize {
        self.shares.len()
    }

    /// The shares of the last `segments` segments, `[segment][class]`, and a new record begins;
    /// `None` if fewer are kept.
    pub(crate) fn take(&mut self, segments: usize) -> Option<Share> {
        let Self { shares, .. } = std::mem::take(self);
        let first = shares.len().checked_sub(segments)?;
        Share::concatenated(shares.iter().skip(first))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn record(segments: u32) -> Record {
        let mut record = Record::default();
        (0..segments).for_each(|segment| record.push(Share::new(vec![segment, 2 * segment], 12)));
        record
    }

    #[test]
    fn the_last_segments_are_taken_and_nothing_is_left() {
        let mut record = record(4);
        assert_eq!((record.segments(), record.kept()), (4, 4));
        let share = record.take(3).unwrap();
        assert_eq!((share.residues(), share.ell()), (&[1, 2, 2, 4, 3, 6][..], 12));
        assert_eq!((record.segments(), record.kept()), (0, 0));
        assert!(record.take(1).is_none() && record.take(0).is_none());
    }

    #[test]
    fn more_segments_than_are_kept_give_nothing() {
        assert!(record(4).take(5).is_none());
        assert!(record(4).take(usize::MAX).is_none());
    }

    #[test]
    fn the_oldest_make_room() {
        let most = MAX_RECORD_SEGMENTS as u32;
        let mut record = record(most + 2);
        assert_eq!((record.segments(), record.kept()), (MAX_RECORD_SEGMENTS + 2, MAX_RECORD_SEGMENTS));
        let share = record.take(MAX_RECORD_SEGMENTS).unwrap();
        assert_eq!(share.residues().first(), Some(&2));
        assert_eq!(share.residues().last(), Some(&(2 * (most + 1))));
    }
}
