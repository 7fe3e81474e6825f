//! Random LSTM networks whose gates, cells and indices reach both ends of their ranges.

use rand::{Rng, RngExt};

use super::numbers::random_signed;
use super::spec::{ModelSpec, random_model};
use crate::architecture::{GATE_FRACTION, Layer, LstmTables, limits};
use crate::model::Model;

/// A random model with an LSTM of `units` over `windows` steps after one small block, then one
/// dense layer or two. Any widths and shifts, any tables: as training makes them, or without any
/// order.
///
/// # Panics
/// If `windows` or `units` is beyond its limit.
#[must_use]
pub fn random_lstm_model(rng: &mut impl Rng, windows: usize, units: usize) -> Model {
    let extremes = rng.random();
    let mut layers = vec![
        Layer::Conv1d { out_channels: rng.random_range(1..=5), kernel: 3, weight_bits: 5 },
        Layer::Requantise {
            pool: rng.random(),
            shift: rng.random_range(0..=6),
            bits: rng.random_range(1..=8),
        },
        Layer::GlobalSum,
        Layer::WindowsToSequence,
        random_layer(rng, units, extremes),
    ];
    if rng.random_bool(0.3) {
        layers.push(Layer::Dense { outputs: rng.random_range(1..=6), weight_bits: 6 });
        layers.push(Layer::Requantise { pool: false, shift: rng.random_range(8..=16), bits: 8 });
    }
    layers.push(Layer::Dense { outputs: 4, weight_bits: 6 });
    let window_length = rng.random_range(2..=9);
    let spec = ModelSpec { windows, window_length, layers, classes: 4, input_bits: 8, extremes };
    random_model(rng, &spec)
}

fn random_layer(rng: &mut impl Rng, units: usize, extremes: u8) -> Layer {
    let doublings = units.max(1).ilog2();
    // Whatever the weights, accumulators of 64 units with 8 bits fit the widest ring.
    let weight_bits = rng.random_range(2..=8.min(14 - units.max(64).next_power_of_two().ilog2()));
    // An accumulator is about as large as the hidden state (14 bits) times a weight times the root
    // of the units.
    let balanced = weight_bits + 4 + doublings / 2;
    let cell_index_shift = rng.random_range(limits::CELL_INDEX_SHIFT);
    Layer::Lstm {
        units,
        weight_bits,
        input_shift: rng.random_range(0..=4),
        gate_shift: rng.random_range(balanced.saturating_sub(2)..=balanced + 2).min(17),
        cell_bits: rng.random_range(limits::CELL_BITS),
        cell_index_shift,
        tables: random_tables(rng, cell_index_shift, extremes),
    }
}

/// Tables as training makes them, or without any order.
fn random_tables(rng: &mut impl Rng, cell_index_shift: u32, extremes: u8) -> LstmTables {
    if rng.random_bool(0.5) {
        let (sigmoid_units, tanh_units) = (rng.random_range(4.0..40.0), rng.random_range(4.0..60.0));
        LstmTables::from_functions(sigmoid_units, tanh_units, cell_index_shift)
    } else {
        disordered(rng, extremes)
    }
}

fn disordered(rng: &mut impl Rng, extremes: u8) -> LstmTables {
    let mut signed = || std::array::from_fn(|_| random_signed(rng, GATE_FRACTION + 1, extremes) as i8);
    let (tanh, cell_tanh) = (signed(), signed());
    let gate = |_| match rng.random_range(0..=255u8) < extremes {
        true => u8::from(rng.random::<bool>()) << GATE_FRACTION,
        false => rng.random_range(0..=1 << GATE_FRACTION),
    };
    LstmTables::new(std::array::from_fn(gate), tanh, cell_tanh)
}
