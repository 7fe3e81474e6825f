//! How a recording becomes network input: the preprocessing constants.

/// Preprocessing constants, from the recording to the quantised windows.
#[derive(Debug, Clone, PartialEq)]
pub struct Signal {
    /// Sampling rate of the network's input, Hz.
    pub rate_hz: f64,
    /// Lower edge of the Butterworth band-pass, Hz.
    pub band_low_hz: f64,
    /// Upper edge of the Butterworth band-pass, Hz.
    pub band_high_hz: f64,
    /// Order of the band-pass as SciPy counts it for `butter(order, .., 'bandpass')`.
    pub order: u32,
    /// Samples of one segment at `rate_hz`.
    pub segment_samples: usize,
    /// Samples of one window.
    pub window_length: usize,
    /// First sample of each window within the segment, ascending.
    pub window_starts: Vec<u32>,
    /// Signed width of a quantised sample, bits.
    pub input_bits: u32,
    /// Quantisation steps per millivolt: `sample = clamp(round_half_away(mV * input_scale))`.
    pub input_scale: f64,
}

impl Signal {
    /// DeepCardio's front end (Van Zaen et al. 2019): 200 Hz, 0.5 to 40 Hz, 30 s in 25 windows of
    /// 512 samples that start at `16 * round(343 k / 24)`.
    #[must_use]
    pub fn deepcardio(input_bits: u32, input_scale: f64) -> Self {
        Self {
            rate_hz: 200.0,
            band_low_hz: 0.5,
            band_high_hz: 40.0,
            order: 4,
            segment_samples: 6000,
            window_length: 512,
            window_starts: (0..25).map(|k| 16 * ((2 * 343 * k + 24) / 48)).collect(),
            input_bits,
            input_scale,
        }
    }

    /// Number of windows per segment.
    #[must_use]
    pub fn windows(&self) -> usize {
        self.window_starts.len()
    }

    /// Largest quantised sample. The smallest is `-input_max() - 1`.
    #[must_use]
    pub fn input_max(&self) -> i32 {
        (1 << (self.input_bits - 1)) - 1
    }
}

#[cfg(test)]
mod tests {
    use super::Signal;

    #[test]
    fn windows_start_where_the_design_says() {
        let starts = Signal::deepcardio(8, 50.0).window_starts;
        let expected: Vec<u32> = (0..25).map(|k| 16 * (343.0 * f64::from(k) / 24.0).round() as u32).collect();
        assert_eq!(starts, expected);
        assert_eq!(starts.last(), Some(&(6000 - 512)));
    }
}
