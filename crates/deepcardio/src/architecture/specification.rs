//! The parts of an architecture, before they are checked.

use ecg::Signal;

use super::confidence::Confidence;
use super::layer::Layer;

/// The parts of an architecture, unchecked.
#[derive(Debug, Clone, PartialEq)]
pub struct Specification {
    /// Name of the architecture.
    pub name: String,
    /// Preprocessing constants.
    pub signal: Signal,
    /// Layers, following `(Linear Requantise Reduction* | Lstm)* Linear`. The last gives the class
    /// scores.
    pub layers: Vec<Layer>,
    /// Ring width `ell` of each linear layer.
    pub ring_bits: Vec<u32>,
    /// Class names, in the order of the scores.
    pub classes: Vec<String>,
    /// One unit of a score: `score * score_scale` is the score of the network as it was trained.
    pub score_scale: f64,
    /// How sure its labels are, once that was measured.
    pub confidence: Option<Confidence>,
}
