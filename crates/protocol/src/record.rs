//! What a party keeps of a record where a record's label is revealed.
//!
//! These are its shares of the latest segments' scores, under the numbers of their inferences. From
//! them the two parties find the label of the sum. A share is wiped when it is used, dropped, or
//! pushed out by a newer one.

use std::collections::VecDeque;

use shares::Share;

use crate::method::MAX_RECORD_SEGMENTS;

/// Shares of the scores of the latest segments, each under the number of its inference, the oldest
/// first.
///
/// There are at most [`MAX_RECORD_SEGMENTS`] of them.
#[derive(Default)]
pub(crate) struct Record {
    shares: VecDeque<(u32, Share)>,
}

impl Record {
    /// Keeps the share of one more segment, in the place of the oldest if there are too many.
    pub(crate) fn push(&mut self, number: u32, scores: Share) {
        if self.shares.len() == MAX_RECORD_SEGMENTS {
            self.shares.pop_front();
        }
        self.shares.push_back((number, scores));
    }

    /// The numbers of the inferences whose shares are kept.
    pub(crate) fn numbers(&self) -> Vec<u32> {
        self.shares.iter().map(|(number, _)| *number).collect()
    }

    /// The shares of these inferences, `[segment][class]`; all others are forgotten.
    ///
    /// # Errors
    /// The number of an inference of which nothing is kept, or which stands in the list twice.
    pub(crate) fn take(&mut self, numbers: &[u32]) -> Result<Share, u32> {
        let Self { mut shares } = std::mem::take(self);
        let mut taken = Vec::with_capacity(numbers.len());
        for &number in numbers {
            let place = shares.iter().position(|(kept, _)| *kept == number).ok_or(number)?;
            taken.extend(shares.remove(place).map(|(_, share)| share));
        }
        Share::concatenated(taken.iter()).ok_or(0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Segments of the inferences 10, 11, ..
    fn record(segments: u32) -> Record {
        let mut record = Record::default();
        (0..segments).for_each(|i| record.push(10 + i, Share::new(vec![i, 2 * i], 12)));
        record
    }

    #[test]
    fn the_named_segments_are_taken_and_nothing_is_left() {
        let mut record = record(4);
        assert_eq!(record.numbers(), [10, 11, 12, 13]);
        let share = record.take(&[13, 11]).unwrap();
        assert_eq!((share.residues(), share.ell()), (&[3, 6, 1, 2][..], 12));
        assert!(record.numbers().is_empty());
        assert_eq!(record.take(&[12]).err(), Some(12));
    }

    #[test]
    fn a_segment_that_is_not_kept_or_named_twice_gives_nothing() {
        assert_eq!(record(4).take(&[11, 14]).err(), Some(14));
        assert_eq!(record(4).take(&[12, 11, 12]).err(), Some(12));
        assert!(record(4).take(&[]).is_err());
    }

    #[test]
    fn the_oldest_make_room() {
        let most = MAX_RECORD_SEGMENTS as u32;
        let mut record = record(most + 2);
        let numbers = record.numbers();
        assert_eq!(numbers, (12..12 + most).collect::<Vec<_>>());
        let share = record.take(&numbers).unwrap();
        assert_eq!(share.residues().first(), Some(&2));
        assert_eq!(share.residues().last(), Some(&(2 * (most + 1))));
    }
}
