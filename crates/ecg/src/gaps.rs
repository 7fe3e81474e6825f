//! Stretches of a recording without a signal: put in order, and bridged by straight lines.

use std::ops::Range;

use crate::error::EcgError;

/// The ranges cut to `samples`, in order; those that touch or overlap become one.
pub(crate) fn merged(mut gaps: Vec<Range<usize>>, samples: usize) -> Vec<Range<usize>> {
    gaps.sort_by_key(|gap| gap.start);
    let mut merged: Vec<Range<usize>> = Vec::with_capacity(gaps.len());
    for gap in gaps {
        let gap = gap.start..gap.end.min(samples);
        if gap.is_empty() {
            continue;
        }
        match merged.last_mut() {
            Some(last) if gap.start <= last.end => last.end = last.end.max(gap.end),
            _ => merged.push(gap),
        }
    }
    merged
}

/// Replaces the samples in each gap by a straight line between its neighbours. At an end of the
/// recording, where there is one neighbour, by its value.
pub(crate) fn bridge(samples: &mut [f64], gaps: &[Range<usize>]) -> Result<(), EcgError> {
    for gap in gaps {
        let before = gap.start.checked_sub(1).map(|index| samples[index]);
        let after = samples.get(gap.end).copied();
        let (before, after) = match (before, after) {
            (Some(before), Some(after)) => (before, after),
            (Some(only), None) | (None, Some(only)) => (only, only),
            (None, None) => return Err(EcgError::NoSignal),
        };
        let steps = (gap.len() + 1) as f64;
        for (index, sample) in samples[gap.clone()].iter_mut().enumerate() {
            let along = (index + 1) as f64 / steps;
            *sample = before * (1.0 - along) + after * along;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn gaps_are_put_in_order_and_cut_to_the_samples() {
        let gaps = vec![7..9, 1..3, 3..4, 2..3, 5..5, 8..20, 30..40];
        assert_eq!(merged(gaps, 10), [1..4, 7..10]);
    }

    #[test]
    fn a_gap_becomes_a_straight_line() {
        let mut samples = [f64::NAN, 1.0, f64::NAN, f64::NAN, 4.0, f64::INFINITY];
        bridge(&mut samples, &[0..1, 2..4, 5..6]).unwrap();
        assert_eq!(samples, [1.0, 1.0, 2.0, 3.0, 4.0, 4.0]);
        let all = std::slice::from_ref(&(0..3));
        assert!(matches!(bridge(&mut [0.0; 3], all), Err(EcgError::NoSignal)));
    }
}
