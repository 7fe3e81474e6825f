//! The preprocessing constants that belong to a model.

/// How a model wants its ECG: rate, band, segment and windows, input quantisation.
#[derive(Clone, Debug, PartialEq)]
pub struct Signal {
    /// Samples per second the network works at.
    pub rate_hz: f64,
    /// Lower edge of the band-pass, in hertz.
    pub band_low_hz: f64,
    /// Upper edge of the band-pass, in hertz.
    pub band_high_hz: f64,
    /// Order of the Butterworth prototype.
    pub order: u32,
    /// Samples of a segment at `rate_hz`.
    pub segment_samples: u32,
    /// Samples of a window.
    pub window_length: u32,
    /// First sample of each window within the segment.
    pub window_starts: Vec<u32>,
    /// Width of the signed input integers, in bits.
    pub input_bits: u32,
    /// Integer steps per millivolt.
    pub input_scale: f64,
}
