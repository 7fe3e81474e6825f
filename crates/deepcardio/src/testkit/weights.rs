//! Random weights for an architecture.

use rand::{Rng, RngExt};

use super::numbers::random_signed;
use crate::architecture::{Architecture, Lstm};
use crate::model::{LayerWeights, Model};

/// Random weights for an architecture, `extremes / 256` of them at an end of their width. Each ring
/// has the least width that they need.
///
/// # Panics
/// If a layer needs more than the widest ring.
#[must_use]
#[expect(clippy::panic, reason = "a test helper: a bad architecture is a bug in the test")]
pub fn random_weights(rng: &mut impl Rng, architecture: &Architecture, extremes: u8) -> Model {
    let weights = architecture
        .stages()
        .iter()
        .map(|stage| {
            let count = stage.linear.weight_count();
            let weights = (0..count).map(|_| random_signed(rng, stage.weight_bits, extremes) as i8).collect();
            let rows = stage.linear.out_channels;
            if let Some(lstm) = stage.lstm() {
                return random_lstm_weights(rng, lstm, rows, weights);
            }
            let bias = (0..rows).map(|_| rng.random_range(-1000..=1000)).collect();
            LayerWeights::new(weights, bias)
        })
        .collect();
    match Model::with_least_rings(architecture, weights, "random weights for a test".to_owned()) {
        Ok(model) => model,
        Err(error) => panic!("not a model: {error}"),
    }
}

/// Weights of an LSTM: biases so far from index 128 that some gates stay at an end.
fn random_lstm_weights(rng: &mut impl Rng, lstm: &Lstm, rows: usize, weights: Vec<i8>) -> LayerWeights {
    let bias = (0..rows).map(|_| rng.random_range(-32..=288) << lstm.gate_shift).collect();
    LayerWeights::new(weights, bias)
}
