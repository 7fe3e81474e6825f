//! What disturbs a recording: mains hum, a wandering baseline, values cut off at a limit.

use std::f64::consts::PI;

use super::averages::{moving_average, quantile};

/// Frequencies of the mains, Hz.
const MAINS_HZ: [f64; 2] = [50.0, 60.0];
/// Length of one measurement of hum, seconds.
const BLOCK_S: f64 = 2.0;
/// A line is held against frequencies so far beside it, Hz.
const BESIDE_HZ: [f64; 4] = [-4.0, -2.5, 2.5, 4.0];

/// Amplitude of the mains hum, millivolts: the median over blocks of two seconds of what stands
/// out of the frequencies beside it.
pub(super) fn hum(samples: &[f64], rate_hz: f64) -> f64 {
    let block = (BLOCK_S * rate_hz) as usize;
    let amplitude = |mains: f64| {
        if mains + 5.0 > rate_hz / 2.0 {
            return 0.0;
        }
        let blocks: Vec<f64> =
            samples.chunks_exact(block.max(1)).map(|block| line(block, mains, rate_hz)).collect();
        quantile(&blocks, 0.5)
    };
    MAINS_HZ.into_iter().map(amplitude).fold(0.0, f64::max)
}

/// How far the amplitude at a frequency exceeds the mean of those beside it.
fn line(block: &[f64], hertz: f64, rate_hz: f64) -> f64 {
    let beside = BESIDE_HZ.iter().map(|offset| amplitude(block, hertz + offset, rate_hz)).sum::<f64>();
    (amplitude(block, hertz, rate_hz) - beside / BESIDE_HZ.len() as f64).max(0.0)
}

/// Amplitude of a sine of this frequency, under a Hann window, by Goertzel's recurrence.
fn amplitude(block: &[f64], hertz: f64, rate_hz: f64) -> f64 {
    let turn = 2.0 * (2.0 * PI * hertz / rate_hz).cos();
    let (mut last, mut before) = (0.0, 0.0);
    let length = block.len() as f64;
    let mean = block.iter().sum::<f64>() / length;
    for (index, sample) in block.iter().enumerate() {
        let window = 1.0 - (2.0 * PI * index as f64 / length).cos();
        (last, before) = (window * (sample - mean) + turn * last - before, last);
    }
    2.0 / length * (last * last + before * before - turn * last * before).max(0.0).sqrt()
}

/// How far the baseline wanders, millivolts: from its 2nd to its 98th percentile.
pub(super) fn wander(samples: &[f64], rate_hz: f64) -> f64 {
    let second = rate_hz.round() as usize;
    let baseline = moving_average(&moving_average(samples, second), second);
    quantile(&baseline, 0.98) - quantile(&baseline, 0.02)
}

/// How often the signal stands at its greatest or at its least value for a moment, and the samples
/// in all of that: a waveform that is cut off at a limit does so beat after beat.
pub(super) fn plateaus(samples: &[f64]) -> (usize, usize) {
    let (least, greatest) = (quantile(samples, 0.0), quantile(samples, 1.0));
    let of = |limit: f64| {
        let (mut runs, mut count, mut length) = (0, 0, 0);
        for sample in samples.iter().copied().chain([f64::NAN]) {
            if sample == limit {
                length += 1;
                continue;
            }
            if length >= 2 {
                runs += 1;
                count += length;
            }
            length = 0;
        }
        (runs, count)
    };
    of(least).max(of(greatest))
}
