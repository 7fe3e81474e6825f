//! Random models and segments for tests, at the extremes of their widths.

mod lstm;

pub use lstm::random_lstm_model;

use ecg::{Segment, Signal};
use rand::{Rng, RngExt};

use crate::architecture::{Architecture, Layer, Specification, limits};
use crate::model::{LayerWeights, Model};

/// What a random model should look like.
#[derive(Debug, Clone, PartialEq)]
pub struct ModelSpec {
    /// Windows per segment.
    pub windows: usize,
    /// Samples per window.
    pub window_length: usize,
    /// Layers, as an architecture takes them.
    pub layers: Vec<Layer>,
    /// Classes; the last layer must give as many scores.
    pub classes: usize,
    /// Signed width of an input sample.
    pub input_bits: u32,
    /// Share of weights (in 256ths) that sit at an end of their width.
    pub extremes: u8,
}

impl ModelSpec {
    /// `blocks` pooled convolutions of kernel 5 that double `channels`, a sum, and a dense layer to 4 classes.
    #[must_use]
    pub fn small(windows: usize, window_length: usize, channels: usize, blocks: usize) -> Self {
        let mut layers = Vec::new();
        for block in 0..blocks {
            layers.extend([
                Layer::Conv1d { out_channels: channels << block, kernel: 5, weight_bits: 6 },
                Layer::Requantise { pool: true, shift: 6, bits: 6 },
            ]);
        }
        layers.extend([
            Layer::GlobalSum,
            Layer::WindowsToSequence,
            Layer::GlobalSum,
            Layer::Dense { outputs: 4, weight_bits: 6 },
        ]);
        Self { windows, window_length, layers, classes: 4, input_bits: 8, extremes: 64 }
    }
}

/// A random model after a specification, each ring at the least width its weights need.
///
/// # Panics
/// If the specification is no valid architecture or needs more than the widest ring.
#[must_use]
#[expect(clippy::panic, reason = "a test helper: a bad specification is a bug in the test")]
pub fn random_model(rng: &mut impl Rng, spec: &ModelSpec) -> Model {
    let architecture = match Architecture::new(specification(spec)) {
        Ok(architecture) => architecture,
        Err(error) => panic!("not an architecture: {error}"),
    };
    random_weights(rng, &architecture, spec.extremes)
}

/// Random weights for an architecture, `extremes / 256` of them at an end of their width; each ring at the least width
/// that they need.
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
                return lstm::random_lstm_weights(rng, lstm, rows, weights);
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

/// A random segment for an architecture; about a quarter of the samples sit at an end of the input width.
///
/// # Panics
/// Never: the sample count follows from the architecture.
#[must_use]
#[expect(clippy::panic, reason = "a test helper")]
pub fn random_segment(rng: &mut impl Rng, architecture: &Architecture) -> Segment {
    let (shape, signal) = (architecture.input(), architecture.signal());
    let sample = |_| random_signed(rng, signal.input_bits, 64);
    let whole: Vec<i32> = (0..signal.segment_samples).map(sample).collect();
    let window = |&start: &u32| whole.iter().skip(start as usize).take(signal.window_length).copied();
    let samples = signal.window_starts.iter().flat_map(window).collect();
    match Segment::from_windows(shape.batch, shape.length, samples) {
        Ok(segment) => segment,
        Err(error) => panic!("{error}"),
    }
}

/// A random model of random shape: 1 to 3 blocks, small dimensions, any widths, either kind of head.
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

fn specification(spec: &ModelSpec) -> Specification {
    let linear = spec.layers.iter().filter(|layer| layer.is_linear()).count();
    let step = (spec.window_length / 2).max(1);
    Specification {
        name: "random".to_owned(),
        signal: Signal {
            segment_samples: spec.window_length + step * (spec.windows - 1),
            window_length: spec.window_length,
            window_starts: (0..spec.windows).map(|k| (k * step) as u32).collect(),
            ..Signal::deepcardio(spec.input_bits, 50.0)
        },
        layers: spec.layers.clone(),
        ring_bits: vec![*limits::RING_BITS.end(); linear],
        classes: (0..spec.classes).map(|class| format!("class{class}")).collect(),
        score_scale: 0.01,
    }
}

/// A signed value of `bits` bits, at an end of the range with probability `extremes / 256`.
fn random_signed(rng: &mut impl Rng, bits: u32, extremes: u8) -> i32 {
    let high = (1 << (bits - 1)) - 1;
    if rng.random_range(0..=255u8) < extremes {
        if rng.random_bool(0.5) { high } else { -high - 1 }
    } else {
        rng.random_range(-high - 1..=high)
    }
}
