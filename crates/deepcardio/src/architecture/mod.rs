//! What a client may know of a model: layer shapes, widths, an LSTM's tables, preprocessing constants, class names.
//!
//! [`Specification`] is the unchecked literal, [`Architecture`] the validated value. Its byte form is the same on every
//! platform and its BLAKE3 digest goes into the handshake, so that both parties run the same network.

mod builder;
mod codec;
mod derive;
mod error;
mod layer;
pub mod limits;
mod lstm;
mod signal;
mod stage;
mod tables;

pub use builder::{CLASSES, Head, Widths};
pub use error::ArchitectureError;
pub use layer::Layer;
pub use lstm::{
    CELL_GATE, GATE_FRACTION, GATES, HIDDEN_BITS, HIDDEN_FRACTION, INDEX_BITS, Lstm, OffsetStep,
    TABLE_ENTRIES, ZERO_INDEX,
};
pub use stage::{Activation, LinearShape, Nonlinear, Reduction, Stage};
pub use tables::LstmTables;

use ecg::Signal;

use crate::tensor::Shape;

/// The parts of an architecture, unchecked.
#[derive(Debug, Clone, PartialEq)]
pub struct Specification {
    /// Name of the architecture.
    pub name: String,
    /// Preprocessing constants.
    pub signal: Signal,
    /// Layers, following `(Linear Requantise Reduction* | Lstm)* Linear`; the last gives the class scores.
    pub layers: Vec<Layer>,
    /// Ring width `ell` of each linear layer.
    pub ring_bits: Vec<u32>,
    /// Class names, in the order of the scores.
    pub classes: Vec<String>,
    /// Probabilities are `softmax(score * score_scale)`.
    pub score_scale: f64,
}

/// A validated architecture: the grammar holds, every dimension and width is within [`limits`].
#[derive(Debug, Clone, PartialEq)]
pub struct Architecture {
    specification: Specification,
    stages: Vec<Stage>,
}

impl Architecture {
    /// Validates a specification and derives its stages.
    ///
    /// # Errors
    /// [`ArchitectureError`] names the layer or constant at fault.
    pub fn new(specification: Specification) -> Result<Self, ArchitectureError> {
        signal::validate(&specification.signal)?;
        validate_names(&specification)?;
        let scale = specification.score_scale;
        if !scale.is_finite() || scale <= 0.0 {
            return Err(ArchitectureError::ScoreScale);
        }
        let input = input_shape(&specification.signal);
        let stages = derive::stages(&specification.layers, &specification.ring_bits, input)?;
        let scores = stages.last().map_or(0, |last| last.output().count());
        let one_item = stages.last().is_some_and(|last| last.output().batch == 1);
        if scores != specification.classes.len() || !one_item {
            let classes = specification.classes.len();
            return Err(ArchitectureError::Scores { found: scores, classes });
        }
        Ok(Self { specification, stages })
    }

    /// The same network with other ring widths.
    ///
    /// # Errors
    /// As [`Architecture::new`].
    pub fn with_ring_bits(&self, ring_bits: Vec<u32>) -> Result<Self, ArchitectureError> {
        Self::new(Specification { ring_bits, ..self.specification.clone() })
    }

    /// The parts it was made of.
    #[must_use]
    pub fn specification(&self) -> &Specification {
        &self.specification
    }

    /// Name of the architecture.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.specification.name
    }

    /// Preprocessing constants.
    #[must_use]
    pub fn signal(&self) -> &Signal {
        &self.specification.signal
    }

    /// Class names, in the order of the scores.
    #[must_use]
    pub fn classes(&self) -> &[String] {
        &self.specification.classes
    }

    /// Probabilities are `softmax(score * score_scale)`.
    #[must_use]
    pub fn score_scale(&self) -> f64 {
        self.specification.score_scale
    }

    /// Shape of the network's input, `[windows][1][window_length]`.
    #[must_use]
    pub fn input(&self) -> Shape {
        input_shape(&self.specification.signal)
    }

    /// The linear layers, each with what follows it.
    #[must_use]
    pub fn stages(&self) -> &[Stage] {
        &self.stages
    }
}

fn input_shape(signal: &Signal) -> Shape {
    Shape { batch: signal.windows(), channels: 1, length: signal.window_length }
}

fn validate_names(specification: &Specification) -> Result<(), ArchitectureError> {
    let printable = |text: &str| {
        !text.trim().is_empty() && text.len() <= limits::NAME && !text.chars().any(char::is_control)
    };
    if !printable(&specification.name) {
        return Err(ArchitectureError::Name { what: "the architecture's name" });
    }
    let classes = &specification.classes;
    let unique = classes.iter().enumerate().all(|(i, class)| !classes.iter().take(i).any(|c| c == class));
    let count = (1..=limits::CLASSES).contains(&classes.len());
    if !count || !unique || !classes.iter().all(|class| printable(class)) {
        return Err(ArchitectureError::Name { what: "a class name" });
    }
    Ok(())
}
