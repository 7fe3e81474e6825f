//! A model made ready to serve: its plan, and its weights in the forms that the homomorphic product
//! and the kernel take.

use std::sync::Arc;

use deepcardio::architecture::{Architecture, LinearShape};
use deepcardio::kernel::Convolution;
use deepcardio::model::Model;
use he_linear::{Leak, WeightHolder};
use rayon::prelude::*;

use crate::error::{Error, Result};
use crate::plan::Plan;

/// A model with its plan and its weights, twice: transformed for products on ciphertexts, and
/// packed for products on residues. One serves every session.
pub(crate) struct PreparedModel {
    architecture: Architecture,
    plan: Arc<Plan>,
    weights: Vec<WeightHolder>,
    kernels: Vec<Convolution<u32>>,
}

impl PreparedModel {
    /// Plans, transforms the weights and proves from them that the linear layers together hide them
    /// well enough from any client, see [`he_linear::Leak`].
    ///
    /// # Errors
    /// [`Error::Config`] or [`Error::Incompatible`] if a layer cannot be served, which the text
    /// names, or if all layers together leak too much.
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
            .collect::<Result<Vec<_>>>()?;
        let leak: Leak = weights.iter().map(WeightHolder::leak).sum();
        leak.check().map_err(|e| Error::Config(format!("the model cannot be served: {e}")))?;
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

    /// `W u + b` for the linear layer `layer`, exact modulo `2^32`; of an LSTM for one position.
    /// Time and memory pattern depend on the shape alone.
    pub(crate) fn accumulate(&self, layer: usize, input: &[u32]) -> Result<Vec<u32>> {
        Ok(self.kernels.get(layer).ok_or_else(Error::no_such_layer)?.apply(input))
    }
}

/// What is computed at once: all positions of a layer, or one of a recurrence.
fn computed(geometry: LinearShape, recurrent: bool) -> LinearShape {
    if recurrent { LinearShape { batch: 1, length: 1, ..geometry } } else { geometry }
}

#[cfg(test)]
mod tests {
    use super::*;
    use he_linear::INFERENCES_A_YEAR;

    /// The leak of a shipped model, with a table of its layers for SECURITY.md.
    fn leak(file: &str) -> Leak {
        let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../../models").join(file);
        let prepared = PreparedModel::new(&Model::load(&path).unwrap()).unwrap();
        for (stage, layer) in prepared.plan.stages.iter().zip(&prepared.weights) {
            let (plan, leak) = (layer.plan(), layer.leak());
            println!(
                "{file} {} ell {} k {} results {} responses {} noise 2^{:.1} any client {:.4} bits, year 2^{:.1}, {} bytes up, {} down",
                stage.name,
                plan.ell(),
                he_linear::params::hole_bits(plan.ell()),
                plan.shape().output_len(),
                plan.output_ciphertexts(),
                layer.noise_bits(),
                leak.bits(),
                leak.distance(INFERENCES_A_YEAR),
                plan.input_bytes(),
                plan.output_bytes(),
            );
        }
        let leak: Leak = prepared.weights.iter().map(WeightHolder::leak).sum();
        println!(
            "{file}: any client {:.4} bits, year 2^{:.1}",
            leak.bits(),
            leak.distance(INFERENCES_A_YEAR)
        );
        leak
    }

    /// What SECURITY.md states of the shipped models.
    #[test]
    fn shipped_models_leak_less_than_half_a_bit_an_inference_and_stay_below_2_to_the_minus_26_a_year() {
        for file in ["deepcardio.bin", "deepcardio-lstm.bin"] {
            let leak = leak(file);
            assert!(leak.bits() < 0.5, "{file}: {} bits", leak.bits());
            assert!(
                leak.distance(INFERENCES_A_YEAR) < -26.0,
                "{file}: 2^{}",
                leak.distance(INFERENCES_A_YEAR)
            );
        }
    }
}
