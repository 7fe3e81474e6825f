//! Worst-case interval analysis: the least ring width of each layer for which no input overflows.
//!
//! Every channel carries an interval that contains zero (padding is zero). An accumulator's
//! interval is `bias + sum max/min(w * low, w * high)`. The non-linear step maps intervals
//! monotonically. A sum over `L` positions widens them `L` times. The ring has one spare bit,
//! `|acc| < 2^(ell-2)`, so that the difference of two accumulators fits; scores need only
//! `|score| < 2^(ell-1)`. The non-linear step needs `ell >= shift + bits + 1`. An LSTM sees its
//! input `2^k` times and a hidden state that the greatest entries of its tables bound. Its cell has
//! a ring of its own ([`crate::architecture::Lstm::cell_ring_bits`]), which no input overflows.

use super::error::ModelError;
use super::weights::LayerWeights;
use crate::architecture::{Activation, Architecture, LinearShape, Lstm, Nonlinear, Reduction, Stage, limits};

/// What the analysis says about one stage. It depends on the weights, so it has no `Debug`.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct StageBound {
    /// Largest magnitude that any accumulator can reach.
    pub magnitude: i64,
    /// Least ring width for which no input overflows.
    pub least_ell: u32,
}

/// Inclusive bounds of a channel's values. `low <= 0 <= high` for every layer input.
#[derive(Clone, Copy)]
struct Interval {
    low: i64,
    high: i64,
}

/// Bounds every accumulator of every stage over all inputs. Counts must match the architecture.
///
/// # Errors
/// [`ModelError::Overflow`] names the layer that needs more than the widest ring.
pub(super) fn analyse(
    architecture: &Architecture,
    weights: &[LayerWeights],
) -> Result<Vec<StageBound>, ModelError> {
    let high = i64::from(architecture.signal().input_max());
    let mut channels = vec![Interval { low: -high - 1, high }];
    let mut bounds = Vec::new();
    for (stage, layer) in architecture.stages().iter().zip(weights) {
        let hidden = stage.lstm().map_or_else(Vec::new, hidden);
        if let Some(lstm) = stage.lstm() {
            channels = combined(lstm, &channels, &hidden);
            check_inputs(stage, &channels)?;
        }
        let accumulators = linear(&stage.linear, layer, &channels);
        bounds.push(bound(stage, &accumulators)?);
        channels = match stage.lstm() {
            Some(_) => hidden,
            None => accumulators.into_iter().map(|acc| after_linear(stage, acc)).collect(),
        };
        check_inputs(stage, &channels)?;
    }
    Ok(bounds)
}

/// Interval of each value of an LSTM's hidden state.
fn hidden(lstm: &Lstm) -> Vec<Interval> {
    let (low, high) = lstm.tables.hidden_range();
    vec![Interval { low, high }; lstm.units]
}

/// Interval of each value that enters the linear layer of an LSTM, `[input * 2^k; hidden state]`.
fn combined(lstm: &Lstm, input: &[Interval], hidden: &[Interval]) -> Vec<Interval> {
    let shift = |channel: &Interval| Interval {
        low: channel.low << lstm.input_shift,
        high: channel.high << lstm.input_shift,
    };
    input.iter().map(shift).chain(hidden.iter().copied()).collect()
}

/// Interval of each output channel.
fn linear(shape: &LinearShape, layer: &LayerWeights, channels: &[Interval]) -> Vec<Interval> {
    // A dense layer flattens [channel][position]: each channel's interval serves `spread` inputs in
    // a row.
    let spread = shape.in_channels / channels.len().max(1);
    layer
        .weights()
        .chunks_exact(shape.in_channels * shape.kernel)
        .zip(layer.bias())
        .map(|(taps, &bias)| {
            visible_taps(shape).map(|visible| dot(shape.kernel, taps, channels, spread, visible)).fold(
                Interval { low: i64::from(bias), high: i64::from(bias) },
                |hull, sum| Interval {
                    low: hull.low.min(i64::from(bias) + sum.low),
                    high: hull.high.max(i64::from(bias) + sum.high),
                },
            )
        })
        .collect()
}

/// The ranges of taps that meet the signal at some position. Where one position sees all taps it
/// bounds every other.
fn visible_taps(shape: &LinearShape) -> impl Iterator<Item = std::ops::Range<usize>> {
    let LinearShape { length, kernel, .. } = *shape;
    let padding = (kernel - 1) / 2;
    let positions = if length >= kernel { padding..padding + 1 } else { 0..length };
    positions.map(move |t| padding.saturating_sub(t)..kernel.min(length + padding - t))
}

fn dot(
    kernel: usize,
    taps: &[i8],
    channels: &[Interval],
    spread: usize,
    visible: std::ops::Range<usize>,
) -> Interval {
    let inputs = channels.iter().flat_map(|channel| std::iter::repeat_n(channel, spread));
    let mut sum = Interval { low: 0, high: 0 };
    for (input, taps) in inputs.zip(taps.chunks_exact(kernel)) {
        for &weight in taps.get(visible.clone()).unwrap_or(taps) {
            let ends = (i64::from(weight) * input.low, i64::from(weight) * input.high);
            sum.low += ends.0.min(ends.1);
            sum.high += ends.0.max(ends.1);
        }
    }
    sum
}

fn bound(stage: &Stage, accumulators: &[Interval]) -> Result<StageBound, ModelError> {
    let magnitude = accumulators.iter().map(|acc| acc.high.max(-acc.low)).max().unwrap_or(0);
    let value_bits = i64::BITS - magnitude.leading_zeros();
    let needed = match &stage.nonlinear {
        Some(nonlinear) => {
            let step = match nonlinear {
                Nonlinear::Requantise(step) => *step,
                Nonlinear::Lstm(lstm) => lstm.gate_step().step,
            };
            (value_bits + 2).max(step.shift + step.bits + 1)
        }
        None => value_bits + 1,
    };
    if needed > *limits::RING_BITS.end() {
        return Err(ModelError::Overflow { layer: stage.name.clone(), needed });
    }
    Ok(StageBound { magnitude, least_ell: needed.max(*limits::RING_BITS.start()) })
}

/// What enters a linear layer must fit the widest ring too, whatever the layer makes of it.
fn check_inputs(stage: &Stage, channels: &[Interval]) -> Result<(), ModelError> {
    let largest = channels.iter().map(|channel| channel.high.max(-channel.low)).fold(0, i64::max);
    let needed = i64::BITS - largest.leading_zeros() + 1;
    if needed > *limits::RING_BITS.end() {
        return Err(ModelError::Overflow { layer: stage.name.clone(), needed });
    }
    Ok(())
}

/// Interval of a channel as the next layer sees it.
fn after_linear(stage: &Stage, acc: Interval) -> Interval {
    let mut high = stage.requantise().map_or(acc.high, |step| requantised(step, acc.high));
    let mut shape = stage.activated();
    for reduction in &stage.reductions {
        if *reduction == Reduction::GlobalSum {
            high *= shape.length as i64;
        }
        shape = reduction.output(shape);
    }
    Interval { low: 0, high }
}

fn requantised(step: Activation, high: i64) -> i64 {
    ((high + ((1 << step.shift) >> 1)) >> step.shift).clamp(0, (1 << step.bits) - 1)
}
