//! A model: the public architecture with its secret weights, proven free of overflow.

use super::bounds::{self, StageBound};
use super::error::{ModelError, PROVENANCE};
use super::weights::LayerWeights;
use crate::architecture::{Architecture, Confidence, Stage};

/// An architecture with weights for which no input overflows any ring.
///
/// It has no `Debug`: its weights are secret, and its bounds depend on them.
#[derive(Clone, PartialEq)]
pub struct Model {
    architecture: Architecture,
    weights: Vec<LayerWeights>,
    bounds: Vec<StageBound>,
    provenance: String,
}

impl Model {
    /// Joins an architecture and weights, one [`LayerWeights`] per stage, and proves that nothing
    /// can overflow.
    ///
    /// # Errors
    /// If counts or widths do not match, or a ring of the architecture is narrower than its weights
    /// need.
    pub fn new(
        architecture: Architecture,
        weights: Vec<LayerWeights>,
        provenance: String,
    ) -> Result<Self, ModelError> {
        if provenance.len() > PROVENANCE {
            return Err(ModelError::Provenance { found: provenance.len() });
        }
        check_layers(architecture.stages(), &weights)?;
        let bounds = bounds::analyse(&architecture, &weights)?;
        for (stage, bound) in architecture.stages().iter().zip(&bounds) {
            if stage.ell < bound.least_ell {
                return Err(ModelError::RingTooNarrow {
                    layer: stage.name.clone(),
                    ell: stage.ell,
                    least: bound.least_ell,
                });
            }
        }
        Ok(Self { architecture, weights, bounds, provenance })
    }

    /// As [`Model::new`], with every ring set to the least width that the weights need.
    ///
    /// # Errors
    /// If counts or widths do not match, or a layer needs more than the widest ring.
    pub fn with_least_rings(
        architecture: &Architecture,
        weights: Vec<LayerWeights>,
        provenance: String,
    ) -> Result<Self, ModelError> {
        check_layers(architecture.stages(), &weights)?;
        let bounds = bounds::analyse(architecture, &weights)?;
        let least = bounds.iter().map(|bound| bound.least_ell).collect();
        Self::new(architecture.with_ring_bits(least)?, weights, provenance)
    }

    /// The same weights with other levels of confidence.
    ///
    /// # Errors
    /// If the levels do not fit the architecture.
    pub fn with_confidence(&self, confidence: Option<Confidence>) -> Result<Self, ModelError> {
        let architecture = self.architecture.with_confidence(confidence)?;
        Self::new(architecture, self.weights.clone(), self.provenance.clone())
    }

    /// The public part.
    #[must_use]
    pub fn architecture(&self) -> &Architecture {
        &self.architecture
    }

    /// Weights, one entry per stage.
    #[must_use]
    pub fn weights(&self) -> &[LayerWeights] {
        &self.weights
    }

    /// What the interval analysis found, one entry per stage.
    #[must_use]
    pub fn bounds(&self) -> &[StageBound] {
        &self.bounds
    }

    /// Where the weights come from: training data, tool, date, licence.
    #[must_use]
    pub fn provenance(&self) -> &str {
        &self.provenance
    }

    /// Each stage with its weights.
    pub fn layers(&self) -> impl Iterator<Item = (&Stage, &LayerWeights)> {
        self.architecture.stages().iter().zip(&self.weights)
    }
}

fn check_layers(stages: &[Stage], weights: &[LayerWeights]) -> Result<(), ModelError> {
    if stages.len() != weights.len() {
        return Err(ModelError::LayerCount { found: weights.len(), expected: stages.len() });
    }
    for (stage, layer) in stages.iter().zip(weights) {
        let count = |what, found, expected| match found == expected {
            true => Ok(()),
            false => Err(ModelError::Count { layer: stage.name.clone(), what, found, expected }),
        };
        count("weights", layer.weights().len(), stage.linear.weight_count())?;
        count("biases", layer.bias().len(), stage.linear.out_channels)?;
        // An arithmetic shift by all value bits leaves only copies of the sign.
        let fits = |&weight: &i8| matches!(i32::from(weight) >> (stage.weight_bits - 1), 0 | -1);
        if !layer.weights().iter().all(fits) {
            return Err(ModelError::WeightWidth { layer: stage.name.clone(), bits: stage.weight_bits });
        }
    }
    Ok(())
}
