//! Quantising a conditioned recording and cutting it into segments.

use std::ops::Range;

use zeroize::Zeroizing;

use crate::error::EcgError;
use crate::filter::BandPass;
use crate::recording::Recording;
use crate::resample::Resampler;
use crate::segment::Segment;
use crate::signal::Signal;

/// A rest shorter than this makes no segment of its own, seconds: recorders stop a little late.
const REST_S: f64 = 0.5;

/// Turns a recording into the segments that `signal` asks for.
///
/// The whole record is filtered and resampled ([`condition`]), quantised, and cut at
/// [`segment_starts`]. A record shorter than a segment gets zeros in front. [`spans`] says where
/// the segments lie in the recording.
///
/// A sample of `x` millivolts becomes `clamp(round(x * input_scale), -2^(bits-1), 2^(bits-1) - 1)`,
/// halves rounded away from zero.
///
/// # Errors
/// [`EcgError::RateTooLow`] and [`EcgError::TooShort`] for a recording that cannot be filtered;
/// [`EcgError::Signal`] for constants that make no sense.
pub fn segments(recording: &Recording, signal: &Signal) -> Result<Vec<Segment>, EcgError> {
    check(signal)?;
    let conditioned = condition(recording, signal)?;
    let quantiser = Quantiser::new(signal);
    let quantised: Zeroizing<Vec<i32>> =
        Zeroizing::new(conditioned.iter().map(|x| quantiser.apply(*x)).collect());
    let length = signal.segment_samples;
    let padded = pad_front(quantised, length);
    let starts = segment_starts(padded.len(), length, rest(signal)).into_iter();
    Ok(starts.map(|start| Segment::new(padded[start..start + length].to_vec())).collect())
}

/// Filters and resamples the whole recording. In millivolts at the rate of `signal`.
///
/// # Errors
/// As [`BandPass::design`], [`BandPass::apply`] and [`Resampler::new`].
pub fn condition(recording: &Recording, signal: &Signal) -> Result<Zeroizing<Vec<f64>>, EcgError> {
    let rate = recording.rate_hz();
    let filter = BandPass::design(signal.order, signal.band_low_hz, signal.band_high_hz, rate)?;
    let resampler = Resampler::new(rate, signal.rate_hz)?;
    let filtered = filter.apply(recording.millivolts())?;
    Ok(resampler.apply(&filtered))
}

/// The samples of the recording that each of its [`segments`] is made of, without computing them.
///
/// # Errors
/// As [`Resampler::new`].
pub fn spans(recording: &Recording, signal: &Signal) -> Result<Vec<Range<usize>>, EcgError> {
    let count = recording.millivolts().len();
    let resampler = Resampler::new(recording.rate_hz(), signal.rate_hz)?;
    let length = signal.segment_samples;
    let starts = segment_starts(resampler.output_len(count), length, rest(signal));
    let scale = resampler.down() as f64 / resampler.up() as f64;
    let sample = |place: usize| ((place as f64 * scale).round() as usize).min(count);
    Ok(starts.into_iter().map(|start| sample(start)..sample(start + length)).collect())
}

/// Samples of a rest that makes no segment of its own.
fn rest(signal: &Signal) -> usize {
    (REST_S * signal.rate_hz) as usize
}

/// First samples of the `n = ceil(len / segment)` segments that cover `len` samples evenly from
/// start to end: segment `i` starts at `floor(i (len - segment) / (n - 1) + 1/2)`, in exact
/// integers. One segment, at 0, if `len` does not exceed `segment`. Fewer than `rest` samples
/// beyond whole segments are left out, at the end.
///
/// ```
/// assert_eq!(ecg::segment_starts(15_000, 6_000, 100), [0, 4_500, 9_000]);
/// assert_eq!(ecg::segment_starts(6_001, 6_000, 100), [0]);
/// ```
#[must_use]
pub fn segment_starts(len: usize, segment: usize, rest: usize) -> Vec<usize> {
    let beyond = len.checked_rem(segment).filter(|beyond| len > segment && *beyond < rest);
    let len = len - beyond.unwrap_or(0);
    let Some(spread) = len.checked_sub(segment).filter(|spread| *spread > 0 && segment > 0) else {
        return vec![0];
    };
    let (spread, gaps) = (spread as u64, (len.div_ceil(segment) - 1) as u64);
    (0..=gaps).map(|index| ((2 * index * spread + gaps) / (2 * gaps)) as usize).collect()
}

/// Scaling to integers, halves away from zero, saturating.
struct Quantiser {
    scale: f64,
    least: f64,
    greatest: f64,
}

impl Quantiser {
    fn new(signal: &Signal) -> Self {
        let half = f64::from(1u32 << (signal.input_bits - 1));
        Self { scale: signal.input_scale, least: -half, greatest: half - 1.0 }
    }

    fn apply(&self, millivolts: f64) -> i32 {
        (millivolts * self.scale).round().clamp(self.least, self.greatest) as i32
    }
}

fn check(signal: &Signal) -> Result<(), EcgError> {
    let fits = |start: &u32| {
        (*start as usize).checked_add(signal.window_length).is_some_and(|end| end <= signal.segment_samples)
    };
    if !(2..=16).contains(&signal.input_bits) {
        return Err(EcgError::Signal("the input width is not 2 to 16 bits"));
    }
    if !(signal.input_scale.is_finite() && signal.input_scale > 0.0) {
        return Err(EcgError::Signal("the input scale is not positive"));
    }
    if signal.window_length == 0 || signal.window_starts.is_empty() || !signal.window_starts.iter().all(fits)
    {
        return Err(EcgError::Signal("the windows do not lie within the segment"));
    }
    Ok(())
}

fn pad_front(samples: Zeroizing<Vec<i32>>, length: usize) -> Zeroizing<Vec<i32>> {
    if samples.len() >= length {
        return samples;
    }
    let mut padded = Zeroizing::new(vec![0; length]);
    padded[length - samples.len()..].copy_from_slice(&samples);
    padded
}
