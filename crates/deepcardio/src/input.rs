//! The check that a segment is an input of an architecture.

use ecg::Segment;

use crate::architecture::Architecture;

/// A segment does not fit an architecture.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum InputError {
    /// The windows differ in number or length.
    #[error(
        "segment of {windows} windows of {window_length} samples, the model takes {expected_windows} of {expected_length}"
    )]
    Shape {
        /// Windows of the segment.
        windows: usize,
        /// Samples per window of the segment.
        window_length: usize,
        /// Windows the model takes.
        expected_windows: usize,
        /// Samples per window the model takes.
        expected_length: usize,
    },
    /// A sample lies outside the signed input width; the bounds of the network would not hold.
    #[error("a sample does not fit the signed input width of {bits} bits")]
    Range {
        /// Width of an input sample.
        bits: u32,
    },
    /// Two windows that cover the same sample disagree about it; they were not cut from one segment.
    #[error("sample {sample} of the segment differs between the windows that cover it")]
    Overlap {
        /// Place of the sample in the segment.
        sample: usize,
    },
}

impl Architecture {
    /// Checks that a segment has the network's input shape and width.
    ///
    /// # Errors
    /// [`InputError`] if not.
    pub fn check_segment(&self, segment: &Segment) -> Result<(), InputError> {
        let expected = self.input();
        if segment.windows() != expected.batch || segment.window_length() != expected.length {
            return Err(InputError::Shape {
                windows: segment.windows(),
                window_length: segment.window_length(),
                expected_windows: expected.batch,
                expected_length: expected.length,
            });
        }
        let max = self.signal().input_max();
        if segment.samples().iter().any(|&sample| sample > max || sample < -max - 1) {
            return Err(InputError::Range { bits: self.signal().input_bits });
        }
        Ok(())
    }

    /// Checks that the windows of a segment of the right shape agree where they overlap: what computes the values that
    /// they have in common once relies on it ([`crate::overlap`]).
    ///
    /// # Errors
    /// [`InputError::Overlap`] if not.
    pub fn check_overlaps(&self, segment: &Segment) -> Result<(), InputError> {
        let signal = self.signal();
        let mut known = vec![None; signal.segment_samples];
        let windows = segment.samples().chunks(signal.window_length.max(1));
        for (&start, window) in signal.window_starts.iter().zip(windows) {
            let covered = known.iter_mut().enumerate().skip(start as usize);
            for ((sample, known), &value) in covered.zip(window) {
                if *known.get_or_insert(value) != value {
                    return Err(InputError::Overlap { sample });
                }
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use ecg::Segment;
    use rand::SeedableRng;
    use rand_chacha::ChaCha20Rng;

    use super::InputError;
    use crate::Architecture;
    use crate::architecture::{Head, Widths};
    use crate::testkit::random_segment;

    #[test]
    fn windows_that_disagree_are_told_from_windows_of_one_segment() {
        let architecture = Architecture::deepcardio(1, Head::Average, Widths::default()).unwrap();
        let segment = random_segment(&mut ChaCha20Rng::seed_from_u64(1), &architecture);
        assert_eq!(architecture.check_overlaps(&segment), Ok(()));
        let mut samples = segment.samples().to_vec();
        samples[511] ^= 1;
        let changed = Segment::from_windows(25, 512, samples).unwrap();
        assert_eq!(architecture.check_overlaps(&changed), Err(InputError::Overlap { sample: 511 }));
    }
}
