//! A validated architecture.

use ecg::Signal;

use super::confidence::Confidence;
use super::error::ArchitectureError;
use super::specification::Specification;
use super::stage::Stage;
use super::{derive, names, signal};
use crate::tensor::Shape;

/// A validated architecture: the grammar holds, every dimension and width is within
/// [`limits`](super::limits).
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
        names::validate(&specification.name, &specification.classes)?;
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
        if let (Some(confidence), Some(last)) = (&specification.confidence, stages.last()) {
            confidence.validate(specification.classes.len(), last.ell)?;
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

    /// The same network with other levels of confidence.
    ///
    /// # Errors
    /// As [`Architecture::new`].
    pub fn with_confidence(&self, confidence: Option<Confidence>) -> Result<Self, ArchitectureError> {
        Self::new(Specification { confidence, ..self.specification.clone() })
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

    /// One unit of a score: `score * score_scale` is the score of the network as it was trained.
    #[must_use]
    pub fn score_scale(&self) -> f64 {
        self.specification.score_scale
    }

    /// How sure its labels are; `None` if that was not measured.
    #[must_use]
    pub fn confidence(&self) -> Option<&Confidence> {
        self.specification.confidence.as_ref()
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
