//! A model: the public architecture with its secret weights, proven free of overflow.

use zeroize::{Zeroize, ZeroizeOnDrop};

use crate::architecture::{Architecture, ArchitectureError, Stage};
use crate::quant::interval::{self, StageBound};

/// Longest provenance text, bytes.
pub const PROVENANCE: usize = 4096;

/// Weights of one linear layer. They are the model owner's secret: wiped on drop, never printed.
#[derive(Clone, PartialEq, Eq, Zeroize, ZeroizeOnDrop)]
pub struct LayerWeights {
    weights: Vec<i8>,
    bias: Vec<i32>,
}

impl LayerWeights {
    /// Weights `[out][in][tap]` and one bias per output channel; [`Model::new`] checks them against the layer. The biases of
    /// an LSTM contain what makes index 128 the index of zero, `128 * 2^f`.
    #[must_use]
    pub fn new(weights: Vec<i8>, bias: Vec<i32>) -> Self {
        Self { weights, bias }
    }

    /// Weights, `[out][in][tap]`; of an LSTM `[4 H][X + H]`.
    #[must_use]
    pub fn weights(&self) -> &[i8] {
        &self.weights
    }

    /// Bias per output channel.
    #[must_use]
    pub fn bias(&self) -> &[i32] {
        &self.bias
    }
}

impl std::fmt::Debug for LayerWeights {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("LayerWeights").field("weights", &self.weights.len()).finish_non_exhaustive()
    }
}

/// An architecture with weights for which no input overflows any ring.
#[derive(Debug, Clone, PartialEq)]
pub struct Model {
    architecture: Architecture,
    weights: Vec<LayerWeights>,
    bounds: Vec<StageBound>,
    provenance: String,
}

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

impl Model {
    /// Joins an architecture and weights, one [`LayerWeights`] per stage, and proves that nothing can overflow.
    ///
    /// # Errors
    /// If counts or widths do not match, or a ring of the architecture is narrower than its weights need.
    pub fn new(
        architecture: Architecture,
        weights: Vec<LayerWeights>,
        provenance: String,
    ) -> Result<Self, ModelError> {
        if provenance.len() > PROVENANCE {
            return Err(ModelError::Provenance { found: provenance.len() });
        }
        check_layers(architecture.stages(), &weights)?;
        let bounds = interval::analyse(&architecture, &weights)?;
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
        let bounds = interval::analyse(architecture, &weights)?;
        let least = bounds.iter().map(|bound| bound.least_ell).collect();
        Self::new(architecture.with_ring_bits(least)?, weights, provenance)
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
        count("weights", layer.weights.len(), stage.linear.weight_count())?;
        count("biases", layer.bias.len(), stage.linear.out_channels)?;
        // An arithmetic shift by all value bits leaves only copies of the sign.
        let fits = |&weight: &i8| matches!(i32::from(weight) >> (stage.weight_bits - 1), 0 | -1);
        if !layer.weights.iter().all(fits) {
            return Err(ModelError::WeightWidth { layer: stage.name.clone(), bits: stage.weight_bits });
        }
    }
    Ok(())
}
