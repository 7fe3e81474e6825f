//! A model made ready to serve: its plan, and its weights in the form that the homomorphic product
//! takes.

use std::sync::Arc;

use deepcardio::architecture::Architecture;
use deepcardio::model::{LayerWeights, Model};
use he_linear::WeightHolder;
use rayon::prelude::*;

use crate::error::{Error, Result};
use crate::plan::Plan;
use crate::ring;

/// A model with its plan, and its weights in transformed form. One serves every session.
pub(crate) struct PreparedModel {
    model: Model,
    plan: Arc<Plan>,
    weights: Vec<WeightHolder>,
}

impl PreparedModel {
    /// Plans, transforms the weights and proves from them that the flooding noise hides them.
    ///
    /// # Errors
    /// [`Error::Config`] or [`Error::Incompatible`] if a layer cannot be served; the text names it.
    pub(crate) fn new(model: Model) -> Result<Self> {
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
        Ok(Self { model, plan, weights })
    }

    pub(crate) fn architecture(&self) -> &Architecture {
        self.model.architecture()
    }

    pub(crate) fn plan(&self) -> &Arc<Plan> {
        &self.plan
    }

    pub(crate) fn weights(&self) -> &[WeightHolder] {
        &self.weights
    }

    /// `W u + b` for the linear layer `layer`, exact modulo `2^32`.
    pub(crate) fn accumulate(&self, layer: usize, input: &[u32]) -> Result<Vec<u32>> {
        let stage = self.plan.stages.get(layer).ok_or_else(Error::no_such_layer)?;
        let weights = self.layer_weights(layer)?;
        Ok(ring::conv1d(&stage.geometry, weights.weights(), weights.bias(), input))
    }

    /// The same for one position of a layer with kernel 1.
    pub(crate) fn accumulate_position(&self, layer: usize, input: &[u32]) -> Result<Vec<u32>> {
        let weights = self.layer_weights(layer)?;
        Ok(ring::dense(weights.weights(), weights.bias(), input))
    }

    fn layer_weights(&self, layer: usize) -> Result<&LayerWeights> {
        self.model.weights().get(layer).ok_or_else(Error::no_such_layer)
    }
}
