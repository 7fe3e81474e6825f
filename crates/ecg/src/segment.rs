//! One quantised segment of ECG: the input of a classification.

use zeroize::{Zeroize, ZeroizeOnDrop};

use crate::signal::Signal;

/// The quantised samples of 30 s. Each is held once; the windows that a network reads overlap, and
/// are views.
///
/// The samples are a patient's data: they are wiped on drop and never printed.
#[derive(Clone, PartialEq, Eq, Zeroize, ZeroizeOnDrop)]
pub struct Segment {
    samples: Vec<i32>,
}

impl Segment {
    /// Takes the samples of a segment, in the order of time.
    #[must_use]
    pub fn new(samples: Vec<i32>) -> Self {
        Self { samples }
    }

    /// All samples, in the order of time.
    #[must_use]
    pub fn samples(&self) -> &[i32] {
        &self.samples
    }

    /// The windows that `signal` cuts out of the segment, in the order of
    /// [`Signal::window_starts`]. A window that does not lie within the segment is empty.
    pub fn windows<'a>(&'a self, signal: &'a Signal) -> impl Iterator<Item = &'a [i32]> + Clone {
        signal.window_starts.iter().map(|&start| {
            let start = start as usize;
            let end = start.saturating_add(signal.window_length);
            self.samples.get(start..end).unwrap_or_default()
        })
    }

    /// A copy of the windows one after another, `[window][position]`, for a network that computes
    /// each window on its own.
    #[must_use]
    pub fn laid_out(&self, signal: &Signal) -> Vec<i32> {
        self.windows(signal).flatten().copied().collect()
    }
}

impl std::fmt::Debug for Segment {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Segment").field("count", &self.samples.len()).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::{Segment, Signal};

    fn counted() -> (Segment, Signal) {
        (Segment::new((0..6000).collect()), Signal::deepcardio(14, 48.0))
    }

    #[test]
    fn a_window_is_a_view_of_the_samples_that_used_to_be_copied() {
        let (segment, signal) = counted();
        let held = segment.samples().as_ptr_range();
        assert_eq!(segment.windows(&signal).count(), 25);
        for (window, &start) in segment.windows(&signal).zip(&signal.window_starts) {
            let copied: Vec<i32> = (0..512).map(|position| start as i32 + position).collect();
            assert_eq!(window, copied);
            let view = window.as_ptr_range();
            assert!(held.start <= view.start && view.end <= held.end, "no sample is held twice");
        }
        assert_eq!(segment.laid_out(&signal), segment.windows(&signal).collect::<Vec<_>>().concat());
    }

    #[test]
    fn a_window_outside_the_segment_is_empty() {
        let (segment, mut signal) = counted();
        signal.window_starts = vec![5488, 5489, u32::MAX];
        assert_eq!(segment.windows(&signal).map(<[i32]>::len).collect::<Vec<_>>(), [512, 0, 0]);
        signal.window_length = usize::MAX;
        assert!(segment.windows(&signal).all(<[i32]>::is_empty));
    }

    #[test]
    fn debug_prints_no_samples() {
        let text = format!("{:?}", Segment::new(vec![12345, 54321]));
        assert!(!text.contains("12345") && !text.contains("54321"));
    }
}
