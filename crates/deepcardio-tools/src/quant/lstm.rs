//! Scales of an LSTM for calibration: shifts at which its weights fit their width and its
//! accumulators every ring.

use deepcardio::architecture::{
    CELL_GATE, GATES, HIDDEN_FRACTION, INDEX_BITS, LstmTables, ZERO_INDEX, limits,
};

use super::error::QuantiseError;
use super::plan::PlannedStage;
use super::scales::{LayerScales, LstmScales};
use super::widths::CalibrationWidths;

/// Index units per real unit: tables of sigmoids reach to 8, those of the tanh to 4.
const SIGMOID_UNITS: f64 = 16.0;
const TANH_UNITS: f64 = 32.0;
/// A cell state of 11 bits reaches to 8, and the index of its tanh to 4.
const CELL_BITS: u32 = 11;
const CELL_INDEX_SHIFT: u32 = 9;

/// Chooses the largest gate shift, and for it the least input shift, at which everything fits.
/// Inputs have `units` per real unit and are at most `top`.
///
/// # Errors
/// If nothing fits.
pub(super) fn lstm_scales(
    stage: &PlannedStage<'_>,
    units: &[f64],
    top: f64,
    widths: CalibrationWidths,
) -> Result<LayerScales, QuantiseError> {
    for shift in limits::GATE_SHIFT.rev() {
        let scales = row_scales(stage.linear.outputs, shift);
        let fits = |&input_shift: &u32| {
            let units = stage.weight_units(units, input_shift);
            let most = stage.weight_limits(&units, widths.weights);
            scales.iter().zip(most).all(|(scale, most)| *scale <= most)
        };
        let Some(input_shift) = limits::INPUT_SHIFT.into_iter().find(fits) else { continue };
        if worst(stage, units, top, &scales, (shift, input_shift))
            < f64::from(1u32 << (limits::RING_BITS.end() - 2))
        {
            return Ok(LayerScales {
                name: stage.name.to_owned(),
                weight_bits: widths.weights,
                activation_bits: INDEX_BITS,
                shift,
                weight_scale: scales,
                lstm: Some(shifts_and_tables(input_shift)),
            });
        }
    }
    Err(QuantiseError::Calibration(format!("the LSTM `{}` fits no ring", stage.name)))
}

/// One scale for the rows of each table, so that an index has the table's units.
fn row_scales(rows: usize, shift: u32) -> Vec<f64> {
    let gate = |row: usize| row * GATES / rows.max(1);
    let units = |row| if gate(row) == CELL_GATE { TANH_UNITS } else { SIGMOID_UNITS };
    (0..rows).map(|row| units(row) * f64::from(1u32 << shift)).collect()
}

/// Largest magnitude that an accumulator can reach, with room for rounded weights.
fn worst(
    stage: &PlannedStage<'_>,
    units: &[f64],
    top: f64,
    scales: &[f64],
    (shift, input_shift): (u32, u32),
) -> f64 {
    let (input, hidden) = (top * f64::from(1u32 << input_shift), f64::from(1u32 << HIDDEN_FRACTION));
    let tops = || (0..stage.input_channels).map(|c| if c < units.len() { input } else { hidden });
    let rounding = tops().sum::<f64>() / 2.0;
    let units = stage.weight_units(units, input_shift);
    let rows = stage.with_units(&units).zip(&stage.linear.bias).zip(scales);
    let reach = rows.map(|((row, bias), scale)| {
        let values = row.zip(tops()).map(|((weight, unit), top)| (weight * scale / unit).abs() * top);
        values.sum::<f64>() + (bias * scale).abs()
    });
    reach.fold(0.0, f64::max) + rounding + f64::from(ZERO_INDEX << shift) + 1.0
}

fn shifts_and_tables(input_shift: u32) -> LstmScales {
    let tables = LstmTables::from_functions(SIGMOID_UNITS, TANH_UNITS, CELL_INDEX_SHIFT);
    LstmScales {
        input_shift,
        cell_bits: CELL_BITS,
        cell_index_shift: CELL_INDEX_SHIFT,
        sigmoid: tables.sigmoid().to_vec(),
        tanh: tables.tanh().to_vec(),
        cell_tanh: tables.cell_tanh().to_vec(),
    }
}
