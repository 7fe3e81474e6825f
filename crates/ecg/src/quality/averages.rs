//! Means over neighbours, and order statistics.

use zeroize::Zeroizing;

/// The mean over `width` samples about each sample, of those that exist.
pub(super) fn moving_average(samples: &[f64], width: usize) -> Zeroizing<Vec<f64>> {
    let mut sums = Zeroizing::new(Vec::with_capacity(samples.len() + 1));
    let mut sum = 0.0;
    sums.push(sum);
    for sample in samples {
        sum += sample;
        sums.push(sum);
    }
    let half = width.max(1) / 2;
    let mean = |index: usize| {
        let (from, to) = (index.saturating_sub(half), (index + half + 1).min(samples.len()));
        (sums[to] - sums[from]) / (to - from) as f64
    };
    let mut out = Zeroizing::new(Vec::with_capacity(samples.len()));
    out.extend((0..samples.len()).map(mean));
    out
}

/// The value below which a share of `values` lies; 0 of none.
pub(super) fn quantile(values: &[f64], share: f64) -> f64 {
    let mut sorted = Zeroizing::new(values.to_vec());
    sorted.sort_by(f64::total_cmp);
    let place = (share * sorted.len().saturating_sub(1) as f64).round() as usize;
    sorted.get(place).copied().unwrap_or(0.0)
}

/// The middle value; 0 of none.
pub(super) fn median(values: &[f64]) -> f64 {
    quantile(values, 0.5)
}
