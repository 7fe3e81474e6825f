//! The weights of a convolution or dense layer.

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
