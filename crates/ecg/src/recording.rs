//! A single-lead recording in millivolts, validated once so that everything after it can rely on
//! it.

use std::fmt;
use std::ops::Range;

use zeroize::Zeroizing;

use crate::error::EcgError;
use crate::gaps;
use crate::limits::{MAX_MILLIVOLTS, MAX_RATE_HZ, MAX_SAMPLES, MAX_SECONDS, MIN_RATE_HZ, MIN_SECONDS};

/// A single-lead ECG: sampling rate in hertz, samples in millivolts, evenly spaced.
///
/// The samples are wiped on drop and never printed.
#[derive(Clone)]
pub struct Recording {
    rate_hz: f64,
    millivolts: Zeroizing<Vec<f64>>,
    gaps: Vec<Range<usize>>,
}

impl Recording {
    /// Takes samples in millivolts at `rate_hz`, without a gap.
    ///
    /// # Errors
    /// [`EcgError::RateOutOfRange`] outside [`MIN_RATE_HZ`] to [`MAX_RATE_HZ`],
    /// [`EcgError::TooLong`] beyond [`MAX_SECONDS`] or [`MAX_SAMPLES`], [`EcgError::TooShort`]
    /// below [`MIN_SECONDS`], [`EcgError::NotFinite`] and [`EcgError::Implausible`] with the index
    /// of the first bad sample.
    pub fn new(rate_hz: f64, millivolts: Vec<f64>) -> Result<Self, EcgError> {
        Self::with_gaps(rate_hz, millivolts, Vec::new())
    }

    /// Takes samples in millivolts at `rate_hz`, and the ranges of samples where there is no
    /// signal, in any order. Samples in a range may hold anything: they are replaced by a straight
    /// line between the neighbours, so that a filter can run across.
    ///
    /// # Errors
    /// As [`Self::new`]; [`EcgError::NoSignal`] if the gaps leave no sample.
    pub fn with_gaps(rate_hz: f64, millivolts: Vec<f64>, gaps: Vec<Range<usize>>) -> Result<Self, EcgError> {
        let mut millivolts = Zeroizing::new(millivolts);
        check_rate(rate_hz)?;
        check_length(rate_hz, millivolts.len())?;
        let gaps = gaps::merged(gaps, millivolts.len());
        gaps::bridge(&mut millivolts, &gaps)?;
        for (index, value) in millivolts.iter().enumerate() {
            if !value.is_finite() {
                return Err(EcgError::NotFinite { index });
            }
            if value.abs() > MAX_MILLIVOLTS {
                return Err(EcgError::Implausible { index, limit_mv: MAX_MILLIVOLTS });
            }
        }
        Ok(Self { rate_hz, millivolts, gaps })
    }

    /// Samples per second.
    #[must_use]
    pub fn rate_hz(&self) -> f64 {
        self.rate_hz
    }

    /// The samples, in millivolts.
    #[must_use]
    pub fn millivolts(&self) -> &[f64] {
        &self.millivolts
    }

    /// Where there is no signal: ranges of samples, in the order of time, apart from each other.
    /// The samples in them are a straight line, not measured.
    #[must_use]
    pub fn gaps(&self) -> &[Range<usize>] {
        &self.gaps
    }

    /// Duration in seconds, gaps included.
    #[must_use]
    pub fn seconds(&self) -> f64 {
        self.millivolts.len() as f64 / self.rate_hz
    }
}

impl fmt::Debug for Recording {
    /// Shows rate and length, never a sample.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Recording")
            .field("rate_hz", &self.rate_hz)
            .field("samples", &self.millivolts.len())
            .finish_non_exhaustive()
    }
}

/// Refuses a rate outside the accepted range, NaN included.
pub(crate) fn check_rate(rate_hz: f64) -> Result<(), EcgError> {
    if (MIN_RATE_HZ..=MAX_RATE_HZ).contains(&rate_hz) {
        Ok(())
    } else {
        Err(EcgError::RateOutOfRange { rate_hz, min: MIN_RATE_HZ, max: MAX_RATE_HZ })
    }
}

fn check_length(rate_hz: f64, samples: usize) -> Result<(), EcgError> {
    let needed = (rate_hz * MIN_SECONDS).ceil() as usize;
    if samples < needed {
        return Err(EcgError::TooShort { samples, needed });
    }
    if samples > MAX_SAMPLES || samples as f64 > rate_hz * f64::from(MAX_SECONDS) {
        return Err(EcgError::TooLong { max_seconds: MAX_SECONDS, max_samples: MAX_SAMPLES });
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn refuses_bad_rates() {
        for rate in [0.0, -1.0, 49.9, 4000.1, f64::NAN, f64::INFINITY] {
            assert!(matches!(Recording::new(rate, vec![0.0; 4000]), Err(EcgError::RateOutOfRange { .. })));
        }
        assert!(Recording::new(MIN_RATE_HZ, vec![0.0; 4000]).is_ok());
        assert!(Recording::new(MAX_RATE_HZ, vec![0.0; 4000]).is_ok());
    }

    #[test]
    fn refuses_bad_samples_by_index() {
        let bad = |value| {
            let mut samples = vec![1.0; 200];
            samples[2] = value;
            Recording::new(200.0, samples)
        };
        assert!(matches!(bad(f64::NAN), Err(EcgError::NotFinite { index: 2 })));
        assert!(matches!(bad(f64::NEG_INFINITY), Err(EcgError::NotFinite { index: 2 })));
        assert!(matches!(bad(-5000.1), Err(EcgError::Implausible { index: 2, .. })));
        assert!(bad(5000.0).is_ok());
    }

    #[test]
    fn accepts_24_hours_and_no_more() {
        let day = 50 * MAX_SECONDS as usize;
        assert!(Recording::new(50.0, vec![0.0; day]).is_ok());
        assert!(matches!(Recording::new(50.0, vec![0.0; day + 1]), Err(EcgError::TooLong { .. })));
        assert!(matches!(check_length(4000.0, MAX_SAMPLES + 1), Err(EcgError::TooLong { .. })));
        assert!(matches!(Recording::new(50.0, vec![0.0; 49]), Err(EcgError::TooShort { .. })));
    }

    #[test]
    fn debug_shows_no_sample() {
        let recording = Recording::new(200.0, vec![1.2345; 300]);
        assert!(!format!("{recording:?}").contains("1.23"));
    }
}
