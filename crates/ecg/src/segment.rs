//! One quantised segment of ECG: the input of a classification.

use zeroize::{Zeroize, ZeroizeOnDrop};

/// A 30 s segment cut into windows and quantised, `[window][position]`.
///
/// The samples are a patient's data: they are wiped on drop and never printed.
#[derive(Clone, PartialEq, Eq, Zeroize, ZeroizeOnDrop)]
pub struct Segment {
    windows: usize,
    window_length: usize,
    samples: Vec<i32>,
}

/// The sample count does not match the windows.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{samples} samples do not fill {windows} windows of {window_length}")]
pub struct SegmentError {
    /// Number of windows announced.
    pub windows: usize,
    /// Samples announced per window.
    pub window_length: usize,
    /// Samples given.
    pub samples: usize,
}

impl Segment {
    /// Takes `windows * window_length` quantised samples, window after window.
    ///
    /// # Errors
    /// If the count does not match.
    pub fn from_windows(
        windows: usize,
        window_length: usize,
        samples: Vec<i32>,
    ) -> Result<Self, SegmentError> {
        if windows.checked_mul(window_length) != Some(samples.len()) {
            return Err(SegmentError { windows, window_length, samples: samples.len() });
        }
        Ok(Self { windows, window_length, samples })
    }

    /// Number of windows.
    #[must_use]
    pub fn windows(&self) -> usize {
        self.windows
    }

    /// Samples per window.
    #[must_use]
    pub fn window_length(&self) -> usize {
        self.window_length
    }

    /// The samples of one window, or `None` beyond the last.
    #[must_use]
    pub fn window(&self, index: usize) -> Option<&[i32]> {
        let start = index.checked_mul(self.window_length)?;
        self.samples.get(start..start.checked_add(self.window_length)?)
    }

    /// All samples, `[window][position]`.
    #[must_use]
    pub fn samples(&self) -> &[i32] {
        &self.samples
    }
}

impl std::fmt::Debug for Segment {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Segment")
            .field("windows", &self.windows)
            .field("window_length", &self.window_length)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::Segment;

    #[test]
    fn refuses_a_count_that_does_not_match() {
        assert!(Segment::from_windows(2, 3, vec![0; 5]).is_err());
        assert!(Segment::from_windows(usize::MAX, 3, vec![0; 5]).is_err());
        assert_eq!(Segment::from_windows(2, 3, vec![1; 6]).unwrap().windows(), 2);
    }

    #[test]
    fn debug_prints_no_samples() {
        let segment = Segment::from_windows(1, 2, vec![12345, 54321]).unwrap();
        let text = format!("{segment:?}");
        assert!(!text.contains("12345") && !text.contains("54321"));
    }
}
