//! What the beats look like: how high, how wide, how alike, which way up.

use zeroize::Zeroizing;

use crate::filter::BandPass;

use super::averages::{median, quantile};

/// Half a window about a beat, seconds.
const HALF_S: f64 = 0.12;
/// A beat may be moved by so much, seconds, to lie on the others.
const SHIFT_S: f64 = 0.03;
/// Correlation from which a beat is like the others.
const ALIKE: f64 = 0.8;

/// Measures of the beats of a stretch.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(super) struct Shape {
    /// Median height of a QRS complex, peak to peak, millivolts.
    pub(super) height_mv: f64,
    /// Spread in time of the median beat's energy, seconds: half a QRS complex, about.
    pub(super) spread_s: f64,
    /// Share of the beats that correlate with the median beat.
    pub(super) alike: f64,
    /// The downward part of the median beat over the upward part.
    pub(super) downward: f64,
    /// Height of the beats over the noise between them.
    pub(super) clear: f64,
}

/// The signal without its baseline and its noise, for looking at beats.
pub(super) fn cleaned(samples: &[f64], rate_hz: f64) -> Option<Zeroizing<Vec<f64>>> {
    let high = (0.45 * rate_hz).min(40.0);
    BandPass::design(2, 0.5, high, rate_hz).ok()?.apply(samples).ok()
}

/// Measures the beats at `peaks` of a [`cleaned`] signal.
pub(super) fn measure(clean: &[f64], rate_hz: f64, peaks: &[usize]) -> Shape {
    let half = (HALF_S * rate_hz).round() as usize;
    let shift = (SHIFT_S * rate_hz).round() as usize;
    let margin = half + shift;
    let whole: Vec<usize> =
        peaks.iter().copied().filter(|peak| *peak >= margin && peak + margin < clean.len()).collect();
    if whole.is_empty() {
        return Shape::default();
    }
    let first = template(clean, &whole, half);
    let moved: Vec<usize> = whole.iter().map(|peak| best(clean, *peak, half, shift, &first).0).collect();
    let mean = template(clean, &moved, half);
    let fits: Vec<f64> = moved.iter().map(|peak| best(clean, *peak, half, shift, &mean).1).collect();
    let heights: Zeroizing<Vec<f64>> =
        Zeroizing::new(moved.iter().map(|peak| height(&clean[peak - half..=peak + half])).collect());
    let quiet = quiet(clean, &moved, half);
    let level = median(&mean);
    let up = quantile(&mean, 1.0) - level;
    let down = level - quantile(&mean, 0.0);
    Shape {
        height_mv: median(&heights),
        spread_s: spread(&mean) / rate_hz,
        alike: fits.iter().filter(|fit| **fit >= ALIKE).count() as f64 / peaks.len() as f64,
        downward: down / up.max(f64::MIN_POSITIVE),
        clear: median(&heights) / quiet.max(f64::MIN_POSITIVE),
    }
}

/// The median of the beats, sample by sample.
fn template(clean: &[f64], peaks: &[usize], half: usize) -> Zeroizing<Vec<f64>> {
    let column = |offset: usize| {
        let values: Zeroizing<Vec<f64>> = Zeroizing::new(
            peaks.iter().filter_map(|peak| clean.get(peak + offset - half).copied()).collect(),
        );
        median(&values)
    };
    let mut out = Zeroizing::new(Vec::with_capacity(2 * half + 1));
    out.extend((0..=2 * half).map(column));
    out
}

/// The place near `peak` at which the signal is most like the template, and how like it is.
fn best(clean: &[f64], peak: usize, half: usize, shift: usize, template: &[f64]) -> (usize, f64) {
    let places = peak.saturating_sub(shift).max(half)..=(peak + shift).min(clean.len() - half - 1);
    let fit = |place: usize| (place, correlation(&clean[place - half..=place + half], template));
    places.map(fit).max_by(|one, other| one.1.total_cmp(&other.1)).unwrap_or((peak, 0.0))
}

fn correlation(one: &[f64], other: &[f64]) -> f64 {
    let count = one.len() as f64;
    let (mean, mean_other) = (one.iter().sum::<f64>() / count, other.iter().sum::<f64>() / count);
    let (mut cross, mut own, mut others) = (0.0, 0.0, 0.0);
    for (a, b) in one.iter().zip(other) {
        let (a, b) = (a - mean, b - mean_other);
        cross += a * b;
        own += a * a;
        others += b * b;
    }
    let power = own * others;
    if power > 0.0 { cross / power.sqrt() } else { 0.0 }
}

fn height(beat: &[f64]) -> f64 {
    let high = beat.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    high - beat.iter().copied().fold(f64::INFINITY, f64::min)
}

/// Median height of the signal half-way between neighbouring beats.
fn quiet(clean: &[f64], peaks: &[usize], half: usize) -> f64 {
    let heights = peaks.windows(2).filter_map(|pair| {
        let middle = usize::midpoint(pair[0], pair[1]);
        Some(height(clean.get(middle.checked_sub(half / 2)?..middle + half / 2)?))
    });
    let heights: Zeroizing<Vec<f64>> = Zeroizing::new(heights.collect());
    median(&heights)
}

/// Standard deviation in samples of the energy of the beat's slope about its middle.
fn spread(beat: &[f64]) -> f64 {
    let slopes = || beat.windows(2).map(|pair| (pair[1] - pair[0]).powi(2)).enumerate();
    let total: f64 = slopes().map(|(_, energy)| energy).sum();
    if total <= 0.0 {
        return 0.0;
    }
    let middle = slopes().map(|(place, energy)| place as f64 * energy).sum::<f64>() / total;
    (slopes().map(|(place, energy)| (place as f64 - middle).powi(2) * energy).sum::<f64>() / total).sqrt()
}
