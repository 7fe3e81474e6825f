//! The check that a segment is an input of an architecture.

use ecg::Segment;

use crate::architecture::Architecture;

/// A segment does not fit an architecture.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum InputError {
    /// The segment has another length than the model's.
    #[error("segment of {samples} samples, the model takes {expected}")]
    Length {
        /// Samples of the segment.
        samples: usize,
        /// Samples that the model takes.
        expected: usize,
    },
    /// A sample lies outside the signed input width. The bounds of the network would not hold.
    #[error("a sample does not fit the signed input width of {bits} bits")]
    Range {
        /// Width of an input sample.
        bits: u32,
    },
}

impl Architecture {
    /// Checks that a segment has the network's input length and width.
    ///
    /// # Errors
    /// [`InputError`] if not.
    pub fn check_segment(&self, segment: &Segment) -> Result<(), InputError> {
        let (samples, expected) = (segment.samples(), self.signal().segment_samples);
        if samples.len() != expected {
            return Err(InputError::Length { samples: samples.len(), expected });
        }
        let max = self.signal().input_max();
        if samples.iter().any(|&sample| sample > max || sample < -max - 1) {
            return Err(InputError::Range { bits: self.signal().input_bits });
        }
        Ok(())
    }
}
