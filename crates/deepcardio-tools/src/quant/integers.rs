//! The integer network that a float network and its scales define, exactly.
//!
//! `w_int = round(w * S[o] / u[c])`, `b_int = round(b * S[o])`, halves away from zero, in f64.
//! `u[c]` is the number of integer units per real unit of an input channel. An average becomes an
//! exact sum, so it multiplies the units.

use deepcardio::architecture::{
    Architecture, CELL_GATE, CLASSES, INDEX_BITS, Layer, LstmTables, Specification, TABLE_ENTRIES,
    ZERO_INDEX, limits,
};
use deepcardio::model::{LayerWeights, Model};

use super::error::QuantiseError;
use super::plan::{PlannedStage, PlannedStep, stages};
use super::scales::{LayerScales, LstmScales, Quantisation};
use super::signal::signal;
use crate::float::{Network, Operation};

/// Makes the integer network, each ring at the least width that its weights need.
///
/// # Errors
/// [`QuantiseError`] if a layer has no integer form, the scales do not fit the network, or a weight
/// its width.
pub fn quantise(
    network: &Network,
    quantisation: &Quantisation,
    provenance: String,
) -> Result<Model, QuantiseError> {
    let stages = stages(network)?;
    check_scales(&stages, quantisation)?;
    let mut units = vec![quantisation.input_scale];
    let mut weights = Vec::with_capacity(stages.len());
    for (stage, scales) in stages.iter().zip(&quantisation.layers) {
        weights.push(integers(stage, scales, &units)?);
        units = stage.output_units(&scales.weight_scale, scales.shift);
    }
    let architecture = architecture(network, &stages, quantisation)?;
    Ok(Model::with_least_rings(&architecture, weights, provenance)?)
}

fn check_scales(stages: &[PlannedStage<'_>], quantisation: &Quantisation) -> Result<(), QuantiseError> {
    let refuse = |layer: &str, problem| Err(QuantiseError::Scales { layer: layer.to_owned(), problem });
    if stages.len() != quantisation.layers.len() {
        return refuse("(all)", "the number of layers with weights differs from the network's");
    }
    for (stage, scales) in stages.iter().zip(&quantisation.layers) {
        if stage.name != scales.name {
            return refuse(&scales.name, "the network has another layer at this place");
        }
        if scales.weight_scale.len() != stage.linear.outputs {
            return refuse(stage.name, "there is not one scale per output channel");
        }
        if !scales.weight_scale.iter().all(|scale| scale.is_finite() && *scale > 0.0) {
            return refuse(stage.name, "a scale is not a positive finite number");
        }
        if !limits::WEIGHT_BITS.contains(&scales.weight_bits) {
            return refuse(stage.name, "the weight width is out of range");
        }
        if stage.step.is_some() != (scales.activation_bits > 0) || scales.shift >= u32::BITS {
            return refuse(stage.name, "the step's width or shift does not go with the network");
        }
        check_lstm(stage, scales)?;
    }
    match quantisation.layers.last() {
        Some(last) if last.weight_scale.windows(2).any(|pair| pair.first() != pair.last()) => {
            refuse(&last.name, "the class scores need one common scale")
        }
        _ => Ok(()),
    }
}

/// An LSTM has shifts within their limits and one scale for the rows of each table. No other layer
/// has anything of it.
fn check_lstm(stage: &PlannedStage<'_>, scales: &LayerScales) -> Result<(), QuantiseError> {
    let refuse = |problem| Err(QuantiseError::Scales { layer: stage.name.to_owned(), problem });
    let (units, lstm) = match (stage.step, &scales.lstm) {
        (Some(PlannedStep::Lstm { units }), Some(lstm)) => (units, lstm),
        (Some(PlannedStep::Lstm { .. }), None) => return refuse("an LSTM needs the entry `lstm`"),
        (_, Some(_)) => return refuse("only an LSTM has the entry `lstm`"),
        (_, None) => return Ok(()),
    };
    if scales.activation_bits != INDEX_BITS {
        return refuse("the table index of an LSTM has 8 bits");
    }
    if !limits::GATE_SHIFT.contains(&scales.shift) || !limits::INPUT_SHIFT.contains(&lstm.input_shift) {
        return refuse("a shift of the LSTM is out of range");
    }
    let is_cell_gate = |row: usize| row / units.max(1) == CELL_GATE;
    let of_table = |cell_gate: bool| {
        let rows = scales.weight_scale.iter().enumerate();
        rows.filter(move |(row, _)| is_cell_gate(*row) == cell_gate).map(|(_, scale)| scale)
    };
    for table in [false, true] {
        if of_table(table).zip(of_table(table).skip(1)).any(|(a, b)| a != b) {
            return refuse("the rows of an LSTM that share a table need one scale");
        }
    }
    Ok(())
}

fn integers(
    stage: &PlannedStage<'_>,
    scales: &LayerScales,
    units: &[f64],
) -> Result<LayerWeights, QuantiseError> {
    let mut weights = Vec::with_capacity(stage.linear.weights.len());
    let lstm = scales.lstm.as_ref();
    let units = stage.weight_units(units, lstm.map_or(0, |lstm| lstm.input_shift));
    for (row, scale) in stage.with_units(&units).zip(&scales.weight_scale) {
        for (weight, unit) in row {
            let value = (weight * scale / unit).round();
            weights.push(checked(stage, "weight", value, scales.weight_bits)? as i8);
        }
    }
    // An index of zero is in the middle of the tables.
    let zero = lstm.map_or(0.0, |_| f64::from(ZERO_INDEX << scales.shift));
    let bias = stage.linear.bias.iter().zip(&scales.weight_scale);
    let bias = bias
        .map(|(bias, scale)| checked(stage, "bias", (bias * scale).round() + zero, i32::BITS))
        .collect::<Result<_, _>>()?;
    Ok(LayerWeights::new(weights, bias))
}

/// The tables of an LSTM, if each has its entries.
fn tables(stage: &PlannedStage<'_>, scales: &LstmScales) -> Result<LstmTables, QuantiseError> {
    Ok(LstmTables::new(
        entries(stage, "sigmoid", &scales.sigmoid)?,
        entries(stage, "tanh", &scales.tanh)?,
        entries(stage, "cell tanh", &scales.cell_tanh)?,
    ))
}

fn entries<T: Copy>(
    stage: &PlannedStage<'_>,
    what: &'static str,
    table: &[T],
) -> Result<[T; TABLE_ENTRIES], QuantiseError> {
    let found = table.len();
    table.try_into().map_err(|_| QuantiseError::Entries { layer: stage.name.to_owned(), what, found })
}

/// A value within the symmetric range of a width.
fn checked(
    stage: &PlannedStage<'_>,
    what: &'static str,
    value: f64,
    bits: u32,
) -> Result<i32, QuantiseError> {
    let most = f64::from(i32::MAX >> (i32::BITS - bits));
    if value.abs() <= most {
        return Ok(value as i32);
    }
    Err(QuantiseError::Range { layer: stage.name.to_owned(), what, value, bits })
}

fn architecture(
    network: &Network,
    stages: &[PlannedStage<'_>],
    quantisation: &Quantisation,
) -> Result<Architecture, QuantiseError> {
    let mut layers = Vec::new();
    for (stage, scales) in stages.iter().zip(&quantisation.layers) {
        let (outputs, weight_bits) = (stage.linear.outputs, scales.weight_bits);
        layers.push(match (stage.step, &scales.lstm) {
            (Some(PlannedStep::Lstm { units }), Some(lstm)) => Layer::Lstm {
                units,
                weight_bits,
                input_shift: lstm.input_shift,
                gate_shift: scales.shift,
                cell_bits: lstm.cell_bits,
                cell_index_shift: lstm.cell_index_shift,
                tables: tables(stage, lstm)?,
            },
            _ if stage.linear.dense => Layer::Dense { outputs, weight_bits },
            _ => Layer::Conv1d { out_channels: outputs, kernel: stage.linear.kernel, weight_bits },
        });
        if let Some(PlannedStep::Requantise { pool }) = stage.step {
            layers.push(Layer::Requantise { pool, shift: scales.shift, bits: scales.activation_bits });
        }
        layers.extend(stage.reductions.iter().map(|operation| match operation {
            Operation::WindowsToSequence => Layer::WindowsToSequence,
            _ => Layer::GlobalSum,
        }));
    }
    let outputs = stages.last().map_or(0, |last| last.linear.outputs);
    Ok(Architecture::new(Specification {
        name: network.name.clone(),
        signal: signal(network, quantisation.input_bits, quantisation.input_scale),
        layers,
        ring_bits: vec![*limits::RING_BITS.end(); stages.len()],
        classes: class_names(outputs),
        score_scale: quantisation.score_scale,
        confidence: None,
    })?)
}

/// The four rhythm classes, or numbered classes for a network with another number of scores.
fn class_names(count: usize) -> Vec<String> {
    if count == CLASSES.len() {
        return CLASSES.map(str::to_owned).to_vec();
    }
    (0..count).map(|class| format!("class{class}")).collect()
}
