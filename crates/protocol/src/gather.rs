//! Public tables by which residues change places.
//!
//! A table names places, and every channel of a tensor moves by it alike. It follows from the
//! architecture: which residue goes where tells nothing about its value.

use std::ops::Range;

use shares::Share;

/// Takes `[chunk][channel][place]` from a tensor whose channels lie `stride` residues apart.
pub(crate) struct Gather {
    /// Where the residue of channel 0 lies; `None` is a zero.
    places: Vec<Option<u32>>,
    /// Places of a chunk.
    chunk: usize,
    channels: usize,
    /// Residues from a place of one channel to the same place of the next.
    stride: usize,
}

impl Gather {
    /// A table of chunks of `chunk` places each.
    pub(crate) fn new(
        places: impl Iterator<Item = Option<usize>>,
        chunk: usize,
        channels: usize,
        stride: usize,
    ) -> Self {
        let places = places.map(|place| place.and_then(|place| u32::try_from(place).ok())).collect();
        Self { places, chunk: chunk.max(1), channels, stride }
    }

    /// Takes the same `places` out of each of `rows` rows of `length` residues.
    pub(crate) fn of_rows(places: Range<usize>, rows: usize, length: usize) -> Self {
        let chunk = places.len();
        Self::new(places.map(Some), chunk, rows, length)
    }

    /// The residues of `share` at the places of the table. A place beyond the tensor is a zero.
    pub(crate) fn take(&self, share: &Share) -> Share {
        let values = share.residues();
        // Room is made once, so that no copy stays behind unwiped.
        let mut taken = Vec::with_capacity(self.places.len() * self.channels);
        for chunk in self.places.chunks(self.chunk) {
            for channel in 0..self.channels {
                let row = values.get(channel * self.stride..).unwrap_or_default();
                let at = |place: u32| row.get(place as usize).copied().unwrap_or_default();
                taken.extend(chunk.iter().map(|place| place.map_or(0, at)));
            }
        }
        Share::new(taken, share.ell())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_channel_moves_by_the_same_places() {
        let share = Share::new(vec![1, 2, 3, 11, 12, 13], 8);
        let table = Gather::new([Some(2), None, Some(0), Some(0)].into_iter(), 2, 2, 3);
        assert_eq!(table.take(&share).residues(), [3, 0, 13, 0, 1, 1, 11, 11]);
        assert_eq!(Gather::of_rows(0..2, 2, 3).take(&share).residues(), [1, 2, 11, 12]);
    }

    #[test]
    fn places_beyond_the_tensor_are_zeros() {
        let table = Gather::new([Some(1), Some(usize::MAX)].into_iter(), 2, 3, 1);
        assert_eq!(table.take(&Share::new(vec![5, 6], 8)).residues(), [6, 0, 0, 0, 0, 0]);
    }
}
