//! The unquantised network in f32: what the integers are measured against.
//!
//! Weights are kept in f64 (batch normalisation is folded and scales are applied at that precision); the forward pass
//! runs in f32 as it did in training. Tensors are `[batch][channel][position]`.

mod lstm;
mod twin;

pub use lstm::Lstm;
pub use twin::Twin;

/// A network of float layers.
#[derive(Debug, Clone, PartialEq)]
pub struct Network {
    /// Name in the file.
    pub name: String,
    /// Windows per segment.
    pub windows: usize,
    /// Samples per window.
    pub window_length: usize,
    /// The layers, in order.
    pub layers: Vec<FloatLayer>,
}

/// One layer with its name in the file.
#[derive(Debug, Clone, PartialEq)]
pub struct FloatLayer {
    /// Name in the file.
    pub name: String,
    /// What it computes.
    pub operation: Operation,
}

/// What a float layer computes.
#[derive(Debug, Clone, PartialEq)]
pub enum Operation {
    /// Convolution over positions with zero padding, or a dense layer on the flattened `[channel][position]`.
    Linear(Linear),
    /// `max(x, 0)`.
    Relu,
    /// Maximum over pairs of positions; an unpaired last one is dropped.
    MaxPool,
    /// Mean over positions.
    GlobalAverage,
    /// The windows become the positions of one sequence.
    WindowsToSequence,
    /// Recurrent layer over positions; its last output remains.
    Lstm(Lstm),
}

/// Weights of a convolution or dense layer.
#[derive(Clone, PartialEq)]
pub struct Linear {
    /// Whether it takes all positions at once.
    pub dense: bool,
    /// Channels (of a dense layer: channels times positions).
    pub inputs: usize,
    /// Output channels.
    pub outputs: usize,
    /// Taps, 1 for a dense layer.
    pub kernel: usize,
    /// Weights, `[out][in][tap]`.
    pub weights: Vec<f64>,
    /// Bias per output channel.
    pub bias: Vec<f64>,
}

impl std::fmt::Debug for Linear {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self { dense, inputs, outputs, kernel, .. } = self;
        write!(f, "Linear {{ dense: {dense}, {inputs} -> {outputs}, kernel: {kernel} }}")
    }
}
