//! Why weights do not fit an architecture.

use crate::architecture::ArchitectureError;

/// Longest provenance text, bytes.
pub const PROVENANCE: usize = 4096;

/// Weights do not fit an architecture. Layers go by their stage name.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ModelError {
    /// Not one set of weights per linear layer.
    #[error("weights for {found} layers, the architecture has {expected} linear layers")]
    LayerCount {
        /// Sets of weights given.
        found: usize,
        /// Linear layers.
        expected: usize,
    },
    /// A layer has too many or too few weights or biases.
    #[error("layer {layer}: {found} {what}, expected {expected}")]
    Count {
        /// Stage name.
        layer: String,
        /// Weights or biases.
        what: &'static str,
        /// Values given.
        found: usize,
        /// Values expected.
        expected: usize,
    },
    /// A weight does not fit its announced width.
    #[error("layer {layer}: a weight does not fit {bits} bits")]
    WeightWidth {
        /// Stage name.
        layer: String,
        /// Signed width.
        bits: u32,
    },
    /// Some input can make an accumulator too large for every ring.
    #[error("layer {layer} needs a ring of {needed} bits, the widest is {most}", most = crate::architecture::limits::RING_BITS.end())]
    Overflow {
        /// Stage name.
        layer: String,
        /// Ring width that would be needed.
        needed: u32,
    },
    /// The architecture's ring is too narrow for these weights.
    #[error("layer {layer} has a ring of {ell} bits, its weights need {least}")]
    RingTooNarrow {
        /// Stage name.
        layer: String,
        /// Ring width in the architecture.
        ell: u32,
        /// Least width for which no input overflows.
        least: u32,
    },
    /// The provenance text is too long.
    #[error("the provenance is {found} bytes long, at most {PROVENANCE} are allowed")]
    Provenance {
        /// Bytes.
        found: usize,
    },
    /// The least ring widths do not make a valid architecture.
    #[error(transparent)]
    Architecture(#[from] ArchitectureError),
}
