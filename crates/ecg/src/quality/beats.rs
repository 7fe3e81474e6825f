//! Where the beats are: QRS complexes by two moving averages.
//!
//! The signal is band-passed to 8 to 20 Hz, where a QRS complex is strongest, and squared, so that
//! the sign of the lead does not matter. A complex is where the mean over its own length exceeds
//! the mean over a beat's (Elgendi, *Fast QRS detection with an optimized knowledge-based method:
//! evaluation on 11 standard ECG databases*, PLoS ONE 8(9), 2013, section "Methodology"). The
//! decisions are local, so that an artefact spoils the beats beside it alone. Two rules are taken
//! from Pan and Tompkins (IEEE Transactions on Biomedical Engineering 32(3), 1985): no two beats
//! within the refractory time, and a second look with a lower threshold where a beat is missing.

use std::ops::Range;

use zeroize::Zeroizing;

use crate::filter::BandPass;

use super::averages::moving_average;

/// Pass band of the detector, Hz, and its order (per side).
const BAND_HZ: (f64, f64) = (8.0, 20.0);
const ORDER: u32 = 2;
/// Length of a QRS complex and of a beat, seconds (Elgendi: 97 and 611 ms).
const COMPLEX_S: f64 = 0.097;
const BEAT_S: f64 = 0.611;
/// The threshold exceeds the mean over a beat by so much of the mean over [`AROUND_S`].
const OFFSET: f64 = 0.08;
/// Seconds over which the offset is averaged.
const AROUND_S: f64 = 6.0;
/// Least time between two beats, seconds.
const REFRACTORY_S: f64 = 0.25;
/// A block whose peak is below this share of the median peak around it is no beat.
const LEAST_SHARE: f64 = 0.12;
/// So many blocks on either side are "around".
const NEIGHBOURS: usize = 5;

/// The beats of a stretch of signal: the samples at which the QRS complexes peak, ascending.
///
/// Empty where the rate or the length allows no detection.
pub(super) fn detect(samples: &[f64], rate_hz: f64) -> Vec<usize> {
    let Ok(filter) = BandPass::design(ORDER, BAND_HZ.0, BAND_HZ.1, rate_hz) else { return Vec::new() };
    let Ok(mut wave) = filter.apply(samples) else { return Vec::new() };
    wave.iter_mut().for_each(|value| *value *= *value);
    let length = |seconds: f64| (seconds * rate_hz).round() as usize;
    let blocks = blocks(&wave, length(COMPLEX_S), length(BEAT_S), length(AROUND_S));
    let peaks = without_dwarfs(&peaks(&wave, &blocks), &wave);
    spaced(peaks, &wave, length(REFRACTORY_S))
}

/// Where the short mean exceeds the long one, for at least the length of a complex.
fn blocks(energy: &[f64], complex: usize, beat: usize, around: usize) -> Vec<Range<usize>> {
    let short = moving_average(energy, complex);
    let long = moving_average(energy, beat);
    let offset = moving_average(energy, around);
    let above = |index: usize| short[index] > long[index] + OFFSET * offset[index];
    let mut found = Vec::new();
    let mut start = None;
    for index in 0..energy.len() {
        match (start, above(index)) {
            (None, true) => start = Some(index),
            (Some(from), false) => {
                found.push(from..index);
                start = None;
            }
            _ => {}
        }
    }
    found.extend(start.map(|from| from..energy.len()));
    found.retain(|block| block.len() * 2 >= complex);
    found
}

fn peaks(energy: &[f64], blocks: &[Range<usize>]) -> Vec<usize> {
    let highest = |block: &Range<usize>| block.clone().max_by(|a, b| energy[*a].total_cmp(&energy[*b]));
    blocks.iter().filter_map(highest).collect()
}

/// Drops peaks far below those around them: T waves and noise.
fn without_dwarfs(peaks: &[usize], energy: &[f64]) -> Vec<usize> {
    let keeps = |&index: &usize| {
        let around = index.saturating_sub(NEIGHBOURS)..(index + NEIGHBOURS + 1).min(peaks.len());
        let mut heights: Zeroizing<Vec<f64>> =
            Zeroizing::new(peaks[around].iter().map(|p| energy[*p].sqrt()).collect());
        heights.sort_by(f64::total_cmp);
        energy[peaks[index]].sqrt() >= LEAST_SHARE.sqrt() * heights[heights.len() / 2]
    };
    (0..peaks.len()).filter(keeps).map(|index| peaks[index]).collect()
}

/// Keeps the higher of two peaks within the refractory time.
fn spaced(peaks: Vec<usize>, energy: &[f64], refractory: usize) -> Vec<usize> {
    let mut kept: Vec<usize> = Vec::with_capacity(peaks.len());
    for peak in peaks {
        match kept.last_mut() {
            Some(last) if peak - *last < refractory => {
                if energy[peak] > energy[*last] {
                    *last = peak;
                }
            }
            _ => kept.push(peak),
        }
    }
    kept
}
