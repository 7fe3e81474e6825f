//! The same samples again: packets that were sent twice, values that were doubled.

use std::ops::Range;

use super::thresholds::{REPEAT_MOVES, REPEAT_S, REPEAT_SAMPLES, REPEAT_STEPS};

/// Stretches that repeat, sample by sample, what stands right before them. Noise makes that
/// impossible in a recording.
pub(super) fn find(samples: &[f64], rate_hz: f64) -> Vec<Range<usize>> {
    let smallest = smallest_step(samples);
    let most = ((REPEAT_S * rate_hz) as usize).min(REPEAT_SAMPLES.end).min(samples.len() / 2);
    let mut found: Vec<Range<usize>> = Vec::new();
    for lag in REPEAT_SAMPLES.start..=most {
        let mut equal = 0;
        for index in lag..=samples.len() {
            if index < samples.len() && samples[index] == samples[index - lag] {
                equal += 1;
                continue;
            }
            if equal >= lag && moves(&samples[index - equal..index], smallest) {
                found.push(index - equal..index);
            }
            equal = 0;
        }
    }
    found.sort_by_key(|stretch| stretch.start);
    found.dedup_by(|next, kept| {
        let within = next.start < kept.end;
        if within {
            kept.end = kept.end.max(next.end);
        }
        within
    });
    found
}

/// The share of samples that stand twice in a row, of pairs that begin at even or at odd places,
/// whichever is more: 1 where every value was doubled.
pub(super) fn doubled(samples: &[f64]) -> f64 {
    let share = |offset: usize| {
        let pairs = samples.get(offset..).unwrap_or_default().chunks_exact(2);
        let (count, equal) = pairs
            .fold((0u32, 0u32), |(count, equal), pair| (count + 1, equal + u32::from(pair[0] == pair[1])));
        f64::from(equal) / f64::from(count.max(1))
    };
    share(0).max(share(1))
}

/// Whether a stretch is more than rest: enough samples move, over enough steps of the recorder.
fn moves(stretch: &[f64], smallest: f64) -> bool {
    let moving = stretch.windows(2).filter(|pair| pair[0] != pair[1]).count();
    let high = stretch.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    let low = stretch.iter().copied().fold(f64::INFINITY, f64::min);
    moving >= REPEAT_MOVES && high - low >= REPEAT_STEPS * smallest
}

fn smallest_step(samples: &[f64]) -> f64 {
    let steps = samples.windows(2).map(|pair| (pair[1] - pair[0]).abs());
    steps.filter(|step| *step > 0.0).fold(f64::INFINITY, f64::min)
}
