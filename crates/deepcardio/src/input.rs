//! The check that a segment is an input of an architecture.

use crate::architecture::Architecture;
use crate::ecg::Segment;

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
}
