//! Scales for a network that was trained without quantisation in mind, from its weights and
//! calibration recordings.
//!
//! An output channel's scale is limited twice: its largest weight must fit the weight width, and
//! its activations (their [`PERCENTILE`]) should fill the activation width. The layer's shift is
//! the one at which the two limits balance for the median channel. Then each channel takes the
//! smaller of its two scales. An LSTM has fixed tables and so fixed scales, up to its shift.

use deepcardio::architecture::limits;
use ecg::Recording;

use super::error::QuantiseError;
use super::lstm::lstm_scales;
use super::plan::{PlannedStage, PlannedStep, stages};
use super::scales::{LayerScales, Quantisation};
use super::signal::signal;
use super::widths::CalibrationWidths;
use crate::float::{Network, Twin};

/// Share of values that must not saturate.
const PERCENTILE: f64 = 0.999;
/// Widest shift that calibration chooses: accumulators of the widest ring have 28 bits.
const MAX_SHIFT: u32 = 20;
/// Stands in for the scale of a channel that is always zero.
const DEAD: f64 = 1e-6;

/// Chooses the scales of every layer.
///
/// # Errors
/// If a layer has no integer form, a width is out of range, or the recordings cannot be prepared.
pub fn calibrate(
    network: &Network,
    recordings: &[Recording],
    widths: CalibrationWidths,
) -> Result<Quantisation, QuantiseError> {
    let stages = stages(network)?;
    let in_range = limits::INPUT_BITS.contains(&widths.input)
        && limits::WEIGHT_BITS.contains(&widths.weights)
        && limits::ACTIVATION_BITS.contains(&widths.activations);
    if !in_range {
        return Err(QuantiseError::Calibration("a width is out of range".to_owned()));
    }
    let input_scale = input_scale(network, recordings, widths.input)?;
    let peaks = activation_peaks(network, &stages, recordings, widths.input, input_scale)?;
    let mut units = vec![input_scale];
    let mut layers = Vec::with_capacity(stages.len());
    // Largest integer that the reductions of the layer before leave.
    let mut top = 0.0;
    for (stage, peaks) in stages.iter().zip(&peaks) {
        let scales = match stage.step {
            Some(PlannedStep::Requantise { .. }) => step_scales(stage, &units, peaks, widths),
            Some(PlannedStep::Lstm { .. }) => lstm_scales(stage, &units, top, widths)?,
            None => score_scales(stage, &units, widths),
        };
        top = stage.summed * most(widths);
        units = stage.output_units(&scales.weight_scale, scales.shift);
        layers.push(scales);
    }
    let last = layers.last().and_then(|last| last.weight_scale.first()).copied();
    Ok(Quantisation { input_bits: widths.input, input_scale, score_scale: 1.0 / last.unwrap_or(1.0), layers })
}

/// Largest activation.
fn most(widths: CalibrationWidths) -> f64 {
    f64::from((1 << widths.activations) - 1)
}

fn step_scales(
    stage: &PlannedStage<'_>,
    units: &[f64],
    peaks: &[f64],
    widths: CalibrationWidths,
) -> LayerScales {
    let limits = stage.weight_limits(units, widths.weights);
    let full: Vec<f64> = peaks.iter().map(|peak| most(widths) / peak.max(DEAD)).collect();
    let mut shifts: Vec<f64> = limits.iter().zip(&full).map(|(limit, full)| (limit / full).log2()).collect();
    shifts.sort_by(f64::total_cmp);
    let median = shifts.get(shifts.len() / 2).copied().unwrap_or(0.0);
    let shift = median.round().clamp(0.0, f64::from(MAX_SHIFT)) as u32;
    let gain = f64::from(1u32 << shift);
    let weight_scale = limits.iter().zip(&full).map(|(limit, full)| limit.min(full * gain)).collect();
    LayerScales {
        name: stage.name.to_owned(),
        weight_bits: widths.weights,
        activation_bits: widths.activations,
        shift,
        weight_scale,
        lstm: None,
    }
}

/// The class scores share the scale of the channel with the largest weight.
fn score_scales(stage: &PlannedStage<'_>, units: &[f64], widths: CalibrationWidths) -> LayerScales {
    let common = stage.weight_limits(units, widths.weights).into_iter().fold(f64::INFINITY, f64::min);
    LayerScales {
        name: stage.name.to_owned(),
        weight_bits: widths.weights,
        activation_bits: 0,
        shift: 0,
        weight_scale: vec![common; stage.linear.outputs],
        lstm: None,
    }
}

/// Integers per millivolt at which all but the largest input samples fit.
fn input_scale(network: &Network, recordings: &[Recording], bits: u32) -> Result<f64, QuantiseError> {
    let signal = signal(network, bits, 1.0);
    let mut magnitudes = Vec::new();
    for recording in recordings {
        let conditioned = ecg::condition(recording, &signal).map_err(unusable)?;
        magnitudes.extend(conditioned.iter().map(|value| value.abs()));
    }
    let peak = percentile(&mut magnitudes);
    if peak <= 0.0 {
        return Err(QuantiseError::Calibration("the recordings are empty or flat".to_owned()));
    }
    Ok(f64::from((1 << (bits - 1)) - 1) / peak)
}

/// For each stage with a step, a high percentile of every channel's positive activations.
fn activation_peaks(
    network: &Network,
    stages: &[PlannedStage<'_>],
    recordings: &[Recording],
    bits: u32,
    input_scale: f64,
) -> Result<Vec<Vec<f64>>, QuantiseError> {
    let signal = signal(network, bits, input_scale);
    let twin = Twin::new(network);
    let mut seen: Vec<Vec<Vec<f64>>> =
        stages.iter().map(|stage| vec![Vec::new(); stage.linear.outputs]).collect();
    for recording in recordings {
        for segment in ecg::segments(recording, &signal).map_err(unusable)? {
            let windows = segment.windows(&signal).flatten();
            let millivolts: Vec<f32> =
                windows.map(|&sample| (f64::from(sample) / input_scale) as f32).collect();
            twin.run(&millivolts, |index, values| {
                for (stage, seen) in stages.iter().zip(&mut seen) {
                    let observed = matches!(stage.step, Some(PlannedStep::Requantise { .. }));
                    if observed && stage.activation_at == index {
                        collect(values, stage, seen);
                    }
                }
            });
        }
    }
    Ok(seen
        .iter_mut()
        .map(|channels| channels.iter_mut().map(|values| percentile(values)).collect())
        .collect())
}

/// Adds each channel's positive values in each batch item.
fn collect(values: &[f32], stage: &PlannedStage<'_>, seen: &mut [Vec<f64>]) {
    let length = values.len() / (stage.batch * stage.linear.outputs).max(1);
    for item in values.chunks_exact((length * stage.linear.outputs).max(1)) {
        for (row, seen) in item.chunks_exact(length).zip(seen.iter_mut()) {
            seen.extend(row.iter().filter(|value| **value > 0.0).map(|&value| f64::from(value)));
        }
    }
}

/// The value below which [`PERCENTILE`] of all lie.
fn percentile(values: &mut [f64]) -> f64 {
    let rank = (values.len().saturating_sub(1) as f64 * PERCENTILE) as usize;
    if rank >= values.len() {
        return 0.0;
    }
    *values.select_nth_unstable_by(rank, f64::total_cmp).1
}

fn unusable(error: ecg::EcgError) -> QuantiseError {
    QuantiseError::Calibration(error.to_string())
}
