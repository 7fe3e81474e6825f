//! Why an architecture is refused.

/// An architecture breaks the grammar or a limit. Layers are counted from 0.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ArchitectureError {
    /// A preprocessing constant is out of range.
    #[error("signal constant `{what}` is out of range")]
    Signal {
        /// Name of the field.
        what: &'static str,
    },
    /// A count or dimension is zero or above its limit.
    #[error("layer {layer}: {what} is {found}, allowed is 1 to {limit}")]
    Dimension {
        /// Position in the layer list.
        layer: usize,
        /// What was counted.
        what: &'static str,
        /// The value.
        found: usize,
        /// The largest value allowed.
        limit: usize,
    },
    /// The convolution kernel is even.
    #[error("layer {layer}: kernel {kernel} is even")]
    EvenKernel {
        /// Position in the layer list.
        layer: usize,
        /// Taps.
        kernel: usize,
    },
    /// A bit width is out of range.
    #[error("layer {layer}: {what} is {found}, allowed is {least} to {most}")]
    Width {
        /// Position in the layer list.
        layer: usize,
        /// Which width.
        what: &'static str,
        /// The value.
        found: u32,
        /// Smallest width allowed.
        least: u32,
        /// Largest width allowed.
        most: u32,
    },
    /// An entry of the table of an LSTM's gates is above 1.
    #[error("layer {layer}: a gate is above 1: sigmoid entry {entry} is {found}, allowed is 0 to {most}", most = 1 << super::gates::GATE_FRACTION)]
    Gate {
        /// Position in the layer list.
        layer: usize,
        /// Index of the entry.
        entry: usize,
        /// The value.
        found: u8,
    },
    /// The layers do not follow `(Linear Requantise Reduction* | Lstm)* Linear`.
    #[error("layer {layer}: {problem}")]
    Grammar {
        /// Position in the layer list.
        layer: usize,
        /// What is wrong.
        problem: &'static str,
    },
    /// There are too many layers or none.
    #[error("{found} layers, allowed are 1 to {limit}", limit = super::limits::LAYERS)]
    LayerCount {
        /// Layers given.
        found: usize,
    },
    /// The list of ring widths does not have one entry per linear layer.
    #[error("{found} ring widths for {expected} linear layers")]
    RingBitsCount {
        /// Entries given.
        found: usize,
        /// Linear layers.
        expected: usize,
    },
    /// All weights together are too many.
    #[error("{found} weights, at most {limit} are allowed", limit = super::limits::WEIGHTS)]
    TooManyWeights {
        /// Weights asked for so far.
        found: usize,
    },
    /// The name or a class name is empty, too long, not printable ASCII or repeated.
    #[error("{what} is empty, longer than {limit} bytes, repeated or not printable ASCII", limit = super::limits::NAME)]
    Name {
        /// Which text.
        what: &'static str,
    },
    /// The last layer does not give one score per class.
    #[error("the last layer gives {found} scores for {classes} classes")]
    Scores {
        /// Scores given by the last layer, over all batch items.
        found: usize,
        /// Classes named.
        classes: usize,
    },
    /// The score scale is not a positive finite number.
    #[error("the score scale is not a positive finite number")]
    ScoreScale,
    /// A value of the levels of confidence is out of range.
    #[error("levels of confidence: {what}")]
    Confidence {
        /// What is wrong.
        what: &'static str,
    },
}
