//! Everything that is measured of one stretch of signal.

use std::ops::Range;

use zeroize::Zeroizing;

use crate::filter::BandPass;

use super::averages::{median, quantile};
use super::beats;
use super::lost::{self, Lost};
use super::repeats;
use super::shape::{self, Shape};
use super::thresholds::{BANDS_HZ, DOUBLED_SHARE};
use super::tones;

/// The measures of one stretch.
pub(super) struct Measures {
    /// Stretches without signal, in samples from the start of the stretch.
    pub(super) lost: Vec<Lost>,
    /// Beats found.
    pub(super) beats: usize,
    /// Beats a minute by the median interval.
    pub(super) heart_rate: Option<f64>,
    /// What the beats look like.
    pub(super) shape: Shape,
    /// Height of everything, from the 1st percentile to the 99th, millivolts.
    pub(super) reach_mv: f64,
    /// Power above the band of the QRS complex over the power in it.
    pub(super) sharpness: f64,
    /// Stretches that repeat the samples before them.
    pub(super) repeated: Vec<Range<usize>>,
    /// Visits to the greatest or least value, and the samples in them.
    pub(super) plateaus: (usize, usize),
    /// Amplitude of the mains hum, millivolts.
    pub(super) hum_mv: f64,
    /// Wander of the baseline, millivolts.
    pub(super) wander_mv: f64,
}

impl Measures {
    /// Measures `samples`, of which those in `gaps` hold no signal.
    pub(super) fn of(samples: &[f64], rate_hz: f64, gaps: &[Range<usize>]) -> Self {
        let lost = lost::find(samples, rate_hz, gaps);
        let patched = lost::patched(samples, &lost);
        let peaks: Vec<usize> = beats::detect(&patched, rate_hz)
            .into_iter()
            .filter(|peak| !lost.iter().any(|stretch| stretch.samples.contains(peak)))
            .collect();
        let clean = shape::cleaned(&patched, rate_hz);
        Self {
            beats: peaks.len(),
            heart_rate: heart_rate(&peaks, rate_hz, &lost),
            shape: clean.map(|clean| shape::measure(&clean, rate_hz, &peaks)).unwrap_or_default(),
            reach_mv: quantile(&patched, 0.99) - quantile(&patched, 0.01),
            sharpness: sharpness(&patched, rate_hz),
            repeated: repeated(&patched, rate_hz),
            plateaus: tones::plateaus(&patched),
            hum_mv: tones::hum(&patched, rate_hz),
            wander_mv: tones::wander(&patched, rate_hz),
            lost,
        }
    }
}

/// Beats a minute: 60 over the median interval of neighbouring beats without a loss between them.
/// `None` below three such intervals.
fn heart_rate(peaks: &[usize], rate_hz: f64, lost: &[Lost]) -> Option<f64> {
    let whole = |pair: &&[usize]| {
        !lost.iter().any(|stretch| stretch.samples.start < pair[1] && pair[0] < stretch.samples.end)
    };
    let intervals: Zeroizing<Vec<f64>> =
        Zeroizing::new(peaks.windows(2).filter(whole).map(|pair| (pair[1] - pair[0]) as f64).collect());
    (intervals.len() >= 3).then(|| 60.0 * rate_hz / median(&intervals))
}

/// Power of the band above the QRS complex over the power in its band.
fn sharpness(samples: &[f64], rate_hz: f64) -> f64 {
    let power = |(low, high): (f64, f64)| {
        let filter = BandPass::design(2, low, high.min(0.45 * rate_hz), rate_hz).ok();
        let wave = filter.and_then(|filter| filter.apply(samples).ok());
        wave.map_or(0.0, |wave| wave.iter().map(|value| value * value).sum())
    };
    power(BANDS_HZ[1]) / power(BANDS_HZ[0]).max(f64::MIN_POSITIVE)
}

/// Repeats of stretches; everything where each value stands twice.
fn repeated(samples: &[f64], rate_hz: f64) -> Vec<Range<usize>> {
    if repeats::doubled(samples) >= DOUBLED_SHARE {
        return std::iter::once(0..samples.len()).collect();
    }
    repeats::find(samples, rate_hz)
}
