//! Stretches that hold no signal: an electrode off, a rail, codes for "no sample", lost packets.
//!
//! A real recording never stands still for long, because noise moves its last digit. It never
//! repeats one far-off value either. Both are told from exact equality, which no unit changes.

use std::ops::Range;

use zeroize::Zeroizing;

use super::averages::quantile;
use super::finding::Kind;
use super::thresholds::{
    DROPOUT_JUMPS, DROPOUT_LEAST, DROPOUT_SAMPLES, NEAR_STEPS, SENTINEL_TIMES, STILL_LONG_S, STILL_S,
};

/// A stretch without signal, in samples, and why.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Lost {
    pub(super) kind: Kind,
    pub(super) samples: Range<usize>,
}

/// The stretches of `samples` without signal, those in `gaps` among them, ascending and apart.
pub(super) fn find(samples: &[f64], rate_hz: f64, gaps: &[Range<usize>]) -> Vec<Lost> {
    let mut lost: Vec<Lost> = gaps.iter().map(|gap| Lost { kind: Kind::Gap, samples: gap.clone() }).collect();
    let sentinel = sentinels(samples);
    lost.extend(sentinel.iter().cloned().map(|samples| Lost { kind: Kind::Sentinel, samples }));
    let step = typical_step(samples);
    let runs = equal_runs(samples, DROPOUT_SAMPLES);
    lost.extend(still(samples, rate_hz, &runs));
    lost.extend(nearly_still(samples, rate_hz));
    lost.extend(dropouts(samples, rate_hz, &runs, step));
    merged(lost)
}

/// The samples with a straight line over every lost stretch.
pub(super) fn patched(samples: &[f64], lost: &[Lost]) -> Zeroizing<Vec<f64>> {
    let mut out = Zeroizing::new(samples.to_vec());
    for stretch in lost {
        let Range { start, end } = stretch.samples;
        let before = start.checked_sub(1).map(|index| samples[index]);
        let after = samples.get(end).copied();
        let from = before.or(after).unwrap_or(0.0);
        let to = after.or(before).unwrap_or(0.0);
        let length = (end - start + 1) as f64;
        for (place, sample) in out[start..end].iter_mut().enumerate() {
            *sample = from + (to - from) * (place + 1) as f64 / length;
        }
    }
    out
}

/// Runs of at least `least` equal samples.
fn equal_runs(samples: &[f64], least: usize) -> Vec<Range<usize>> {
    let mut runs = Vec::new();
    let mut start = 0;
    for index in 1..=samples.len() {
        if index == samples.len() || samples[index] != samples[start] {
            if index - start >= least {
                runs.push(start..index);
            }
            start = index;
        }
    }
    runs
}

/// Values beyond all others by far that come back exactly: codes for "no sample".
fn sentinels(samples: &[f64]) -> Vec<Range<usize>> {
    let mut found = Vec::new();
    for sign in [1.0, -1.0] {
        let extreme = samples.iter().fold(0.0f64, |most, value| most.max(sign * value));
        let others = samples.iter().map(|value| sign * value).filter(|value| *value < extreme);
        let next = others.fold(0.0f64, f64::max);
        let spread = quantile(samples, 0.75) - quantile(samples, 0.25);
        let count = samples.iter().filter(|value| sign * **value == extreme).count();
        let far = extreme > SENTINEL_TIMES * next.max(spread);
        if far && count >= 2 && count < samples.len() {
            found.extend(
                equal_runs(samples, 1).into_iter().filter(|run| sign * samples[run.start] == extreme),
            );
        }
    }
    found
}

/// Runs that are equal for too long to be a heart at rest.
fn still(samples: &[f64], rate_hz: f64, runs: &[Range<usize>]) -> Vec<Lost> {
    let (least, greatest) = (quantile(samples, 0.0), quantile(samples, 1.0));
    let long = |run: &&Range<usize>| run.len() as f64 >= STILL_S * rate_hz;
    let kind = |value: f64| match value {
        0.0 => Kind::Zeros,
        value if value == least || value == greatest => Kind::Rail,
        _ => Kind::Flat,
    };
    runs.iter()
        .filter(long)
        .map(|run| Lost { kind: kind(samples[run.start]), samples: run.clone() })
        .collect()
}

/// Stretches in which nothing moves by more than a few of the smallest steps of the recorder.
fn nearly_still(samples: &[f64], rate_hz: f64) -> Vec<Lost> {
    let smallest = samples
        .windows(2)
        .map(|pair| (pair[1] - pair[0]).abs())
        .filter(|step| *step > 0.0)
        .fold(f64::INFINITY, f64::min);
    if smallest.is_infinite() {
        return Vec::new();
    }
    let reach = NEAR_STEPS * smallest * 1.001;
    let length = (STILL_LONG_S * rate_hz) as usize;
    let mut found = Vec::new();
    let mut start = 0;
    let (mut low, mut high) = (f64::INFINITY, f64::NEG_INFINITY);
    for index in 0..=samples.len() {
        let value = samples.get(index).copied().unwrap_or(f64::INFINITY);
        if value.max(high) - value.min(low) <= reach {
            (low, high) = (low.min(value), high.max(value));
            continue;
        }
        if index - start >= length {
            found.push(Lost { kind: Kind::Flat, samples: start..index });
        }
        (start, low, high) = (index, value, value);
    }
    found
}

/// Short runs of one value that the signal jumps to and from, several times: packets that were
/// replaced by a constant.
fn dropouts(samples: &[f64], rate_hz: f64, runs: &[Range<usize>], step: f64) -> Vec<Lost> {
    let jump = |a: usize, b: usize| (samples[a] - samples[b]).abs();
    let jumps = |run: &&Range<usize>| {
        let before = run.start.checked_sub(1).map(|index| jump(index, run.start));
        let after = (run.end < samples.len()).then(|| jump(run.end, run.start));
        before.into_iter().chain(after).fold(f64::INFINITY, f64::min) > DROPOUT_JUMPS * step
    };
    let short = |run: &&Range<usize>| (run.len() as f64) < STILL_S * rate_hz;
    let candidates: Vec<&Range<usize>> = runs.iter().filter(short).filter(jumps).collect();
    let same = |run: &&Range<usize>| {
        candidates.iter().filter(|other| samples[other.start] == samples[run.start]).count() >= DROPOUT_LEAST
    };
    let alike = candidates.iter().copied().filter(same);
    alike.map(|run| Lost { kind: Kind::Dropout, samples: run.clone() }).collect()
}

/// The median step between neighbours that differ.
fn typical_step(samples: &[f64]) -> f64 {
    let steps: Zeroizing<Vec<f64>> = Zeroizing::new(
        samples.windows(2).map(|pair| (pair[1] - pair[0]).abs()).filter(|step| *step > 0.0).collect(),
    );
    quantile(&steps, 0.5)
}

/// Ascending, with what overlaps put together under the first kind found.
fn merged(mut lost: Vec<Lost>) -> Vec<Lost> {
    lost.sort_by_key(|stretch| (stretch.samples.start, std::cmp::Reverse(stretch.samples.end)));
    let mut out: Vec<Lost> = Vec::with_capacity(lost.len());
    for stretch in lost {
        match out.last_mut() {
            Some(last) if stretch.samples.start <= last.samples.end && overlaps(last, &stretch) => {
                last.samples.end = last.samples.end.max(stretch.samples.end);
            }
            _ => out.push(stretch),
        }
    }
    out
}

/// Whether two stretches share samples, or touch and are of one kind.
fn overlaps(one: &Lost, other: &Lost) -> bool {
    other.samples.start < one.samples.end || one.kind == other.kind
}
