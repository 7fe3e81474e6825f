//! The widths that calibration aims for.

/// Widths that calibration aims for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CalibrationWidths {
    /// Signed width of the input samples.
    pub input: u32,
    /// Signed width of the weights.
    pub weights: u32,
    /// Unsigned width of the activations.
    pub activations: u32,
}
