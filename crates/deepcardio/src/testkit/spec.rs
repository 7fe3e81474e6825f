//! Random models after a specification.

use ecg::Signal;
use rand::Rng;

use super::weights::random_weights;
use crate::architecture::{Architecture, Layer, Specification, limits};
use crate::model::Model;

/// What a random model should look like.
#[derive(Debug, Clone, PartialEq)]
pub struct ModelSpec {
    /// Windows per segment.
    pub windows: usize,
    /// Samples per window.
    pub window_length: usize,
    /// Layers, as an architecture takes them.
    pub layers: Vec<Layer>,
    /// Classes. The last layer must give as many scores.
    pub classes: usize,
    /// Signed width of an input sample.
    pub input_bits: u32,
    /// Share of weights (in 256ths) that sit at an end of their width.
    pub extremes: u8,
}

impl ModelSpec {
    /// `blocks` pooled convolutions of kernel 5 that double `channels`, a sum, and a dense layer to
    /// 4 classes.
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
        confidence: None,
    }
}
