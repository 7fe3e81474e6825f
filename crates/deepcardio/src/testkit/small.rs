//! Random small models of any shape.

use rand::{Rng, RngExt};

use super::spec::{ModelSpec, random_model};
use crate::architecture::Layer;
use crate::model::Model;

/// A random model of random shape: 1 to 3 blocks, small dimensions, any widths, either kind of
/// head.
#[must_use]
pub fn random_small_model(rng: &mut impl Rng) -> Model {
    let mut layers = Vec::new();
    let mut length = rng.random_range(9..=40);
    let window_length = length;
    for _ in 0..rng.random_range(1..=3) {
        let pool = rng.random_bool(0.7) && length >= 2;
        layers.extend([random_conv(rng), random_step(rng, pool)]);
        length = if pool { length / 2 } else { length };
    }
    layers.extend([Layer::GlobalSum, Layer::WindowsToSequence]);
    if rng.random_bool(0.5) {
        layers.extend([random_conv(rng), random_step(rng, false)]);
    }
    layers.extend([Layer::GlobalSum, Layer::Dense { outputs: 4, weight_bits: rng.random_range(2..=8) }]);
    let spec = ModelSpec {
        windows: rng.random_range(1..=5),
        window_length,
        layers,
        classes: 4,
        input_bits: rng.random_range(2..=8),
        extremes: rng.random(),
    };
    random_model(rng, &spec)
}

fn random_conv(rng: &mut impl Rng) -> Layer {
    Layer::Conv1d {
        out_channels: rng.random_range(1..=9),
        kernel: 2 * rng.random_range(0..=3usize) + 1,
        weight_bits: rng.random_range(2..=8),
    }
}

fn random_step(rng: &mut impl Rng, pool: bool) -> Layer {
    Layer::Requantise { pool, shift: rng.random_range(0..=10), bits: rng.random_range(1..=8) }
}
