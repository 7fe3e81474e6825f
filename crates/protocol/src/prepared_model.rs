//! A model made ready to serve: its plan, and its weights in the forms that the homomorphic product
//! and the kernel take.

use std::sync::Arc;

use deepcardio::architecture::{Architecture, LinearShape};
use deepcardio::kernel::Convolution;
use deepcardio::model::Model;
use he_linear::WeightHolder;
use rayon::prelude::*;

use crate::error::{Error, Result};
use crate::plan::Plan;

/// A model with its plan and its weights, twice: transformed for products on ciphertexts, and packed for products on
/// residues. One serves every session.
pub(crate) struct PreparedModel {
    architecture: Architecture,
    plan: Arc<Plan>,
    weights: Vec<WeightHolder>,
    kernels: Vec<Convolution<u32>>,
}

impl PreparedModel {
    /// Plans, transforms the weights and proves from them that the flooding noise hides them.
    ///
    /// # Errors
    /// [`Error::Config`] or [`Error::Incompatible`] if a layer cannot be served; the text names it.
    pub(crate) fn new(model: &Model) -> Result<Self> {
        let plan = Arc::new(Plan::new(model.architecture())?);
        let weights = plan
            .stages
            .par_iter()
            .zip(model.weights())
            .map(|(stage, layer)| {
                WeightHolder::prepare(&stage.linear, layer.weights())
                    .map_err(|e| Error::Config(format!("layer {} cannot be served: {e}", stage.name)))
            })
            .collect::<Result<_>>()?;
        let kernels = plan.stages.iter().zip(model.layers()).map(|(planned, (stage, layer))| {
            let shape = computed(planned.geometry, stage.lstm().is_some());
            Convolution::of_residues(shape, layer.weights(), layer.bias())
        });
        let kernels = kernels.collect();
        Ok(Self { architecture: model.architecture().clone(), plan, weights, kernels })
    }

    pub(crate) fn architecture(&self) -> &Architecture {
        &self.architecture
    }

    pub(crate) fn plan(&self) -> &Arc<Plan> {
        &self.plan
    }

    pub(crate) fn weights(&self) -> &[WeightHolder] {
        &self.weights
    }

    /// `W u + b` for the linear layer `layer`, exact modulo `2^32`; of an LSTM for one position. Time and memory pattern
    /// depend on the shape alone.
    pub(crate) fn accumulate(&self, layer: usize, input: &[u32]) -> Result<Vec<u32>> {
        Ok(self.kernels.get(layer).ok_or_else(Error::no_such_layer)?.apply(input))
    }
}

/// What is computed at once: all positions of a layer, or one of a recurrence.
fn computed(geometry: LinearShape, recurrent: bool) -> LinearShape {
    if recurrent { LinearShape { batch: 1, length: 1, ..geometry } } else { geometry }
}
