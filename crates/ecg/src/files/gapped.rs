//! Samples that a clock shows to be missing get their places.

use std::ops::Range;

use zeroize::Zeroizing;

use crate::error::EcgError;
use crate::limits::{MAX_SAMPLES, MAX_SECONDS};

/// The samples with room for those that are `missing` (before which sample how many), and where the
/// gaps are, those of samples without a value (`empty`) included.
pub(super) fn spread(
    samples: Vec<f64>,
    empty: Vec<Range<usize>>,
    missing: &[(usize, usize)],
) -> Result<(Vec<f64>, Vec<Range<usize>>), EcgError> {
    if missing.is_empty() {
        return Ok((samples, empty));
    }
    let samples = Zeroizing::new(samples);
    let total = missing.iter().fold(samples.len(), |sum, (_, count)| sum.saturating_add(*count));
    if total > MAX_SAMPLES {
        return Err(EcgError::TooLong { max_seconds: MAX_SECONDS, max_samples: MAX_SAMPLES });
    }
    let mut spread = Vec::with_capacity(total);
    let mut gaps = Vec::with_capacity(missing.len() + empty.len());
    let (mut from, mut empty) = (0, empty.into_iter().peekable());
    for &(index, count) in missing.iter().chain([&(samples.len(), 0)]) {
        let shift = spread.len() - from;
        while let Some(range) = empty.next_if(|range| range.start < index) {
            gaps.push(range.start + shift..range.end.min(index) + shift);
            if range.end > index {
                gaps.push(index + shift + count..range.end + shift + count);
            }
        }
        spread.extend_from_slice(&samples[from..index]);
        gaps.push(spread.len()..spread.len() + count);
        spread.resize(spread.len() + count, 0.0);
        from = index;
    }
    Ok((spread, gaps))
}
