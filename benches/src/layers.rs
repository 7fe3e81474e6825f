//! The layers that are benched: those of the bundled model that run on every window, 1 to 6.
//!
//! Shapes, widths and weights come from the model files, so a new model changes the benches with
//! it.

use deepcardio::architecture::{Activation, Architecture, Stage};
use deepcardio::model::Model;
use he_linear::params::RING_DEGREE;
use he_linear::{Conv1dShape, LinearPlan, PUBLIC_KEY_BYTES};
use shares::StepShape;

use protocol::method::Backend;
use protocol::plan::{Computed, computed};

use crate::Result;

/// The model that the programs run by default.
const BUNDLED: &[u8] = include_bytes!("../../models/deepcardio.bin");
/// The model with an LSTM.
const RECURRENT: &[u8] = include_bytes!("../../models/deepcardio-lstm.bin");

/// The shapes of a comparison among which a session chooses.
pub const MODES: [ot_nonlinear::Mode; 2] = [ot_nonlinear::Mode::Ripple, ot_nonlinear::Mode::Tree];

/// One layer with everything that a bench of it needs.
pub struct Layer {
    /// Counts from 1.
    pub number: usize,
    /// Geometry and widths.
    pub stage: Stage,
    /// What a session computes of it: values that windows share only once.
    pub computed: Computed,
    /// The non-linear step.
    pub activation: Activation,
    /// Ring width of the next layer.
    pub out_ell: u32,
    /// `[out][in][tap]`.
    pub weights: Vec<i8>,
}

/// The model that every bench runs, but those of the LSTM.
///
/// # Errors
/// If the file is damaged.
pub fn model() -> Result<Model> {
    Ok(Model::from_bytes(BUNDLED)?)
}

/// The model that the benches of the LSTM run.
///
/// # Errors
/// If the file is damaged.
pub fn recurrent_model() -> Result<Model> {
    Ok(Model::from_bytes(RECURRENT)?)
}

/// Whether a stage runs on every window, and not on the sequence of windows.
#[must_use]
pub fn on_windows(architecture: &Architecture, stage: &Stage) -> bool {
    stage.linear.batch == architecture.input().batch
}

/// The layers of the bundled model.
///
/// # Errors
/// If the model file is damaged.
pub fn layers() -> Result<Vec<Layer>> {
    let model = model()?;
    let stages = model.architecture().stages();
    let next_ells = stages.iter().skip(1).map(|stage| stage.ell);
    let layers = model.layers().zip(computed(model.architecture(), Backend::Ot)?).zip(next_ells).enumerate();
    let windows = layers.filter_map(|(index, (((stage, weights), computed), out_ell))| {
        let activation = stage.requantise().filter(|_| on_windows(model.architecture(), stage))?;
        let (stage, weights) = (stage.clone(), weights.weights().to_vec());
        Some(Layer { number: index + 1, stage, computed, activation, out_ell, weights })
    });
    Ok(windows.collect())
}

impl Layer {
    /// The homomorphic half.
    ///
    /// # Errors
    /// If no packing fits, which the bundled model rules out.
    pub fn linear_plan(&self) -> Result<LinearPlan> {
        let linear = self.computed.linear;
        let shape = Conv1dShape {
            batch: linear.batch,
            in_channels: linear.in_channels,
            out_channels: linear.out_channels,
            length: linear.length,
            kernel: linear.kernel,
        };
        Ok(LinearPlan::new(shape, self.stage.ell)?)
    }

    /// The non-linear half by garbled circuits.
    ///
    /// # Errors
    /// If no circuit fits, which the bundled model rules out.
    pub fn garbled_plan(&self) -> Result<gc_nonlinear::StepPlan> {
        let Activation { pool, shift, bits } = self.activation;
        let (count, ell, out_ell) = (self.computed.results, self.stage.ell, self.out_ell);
        let shape = StepShape { count, ell, shift, bits, pool, out_ell };
        Ok(gc_nonlinear::StepPlan::new(shape)?)
    }

    /// The non-linear half from oblivious transfer.
    ///
    /// # Errors
    /// If no circuit fits, which the bundled model rules out.
    pub fn transferred_plan(&self, mode: ot_nonlinear::Mode) -> Result<ot_nonlinear::StepPlan> {
        let Activation { pool, shift, bits } = self.activation;
        let (count, ell, out_ell) = (self.computed.results, self.stage.ell, self.out_ell);
        let shape = StepShape { count, ell, shift, bits, pool, out_ell };
        Ok(ot_nonlinear::StepPlan::new(shape, mode)?)
    }

    /// Shape and parameters of the homomorphic half, as part of a bench's id.
    #[must_use]
    pub fn linear_id(&self) -> String {
        let l = self.computed.linear;
        format!(
            "layer{} {}x{}x{} to {} k={} n={RING_DEGREE} log_q={} ell={}",
            self.number,
            l.batch,
            l.in_channels,
            l.length,
            l.out_channels,
            l.kernel,
            log_q(),
            self.stage.ell
        )
    }

    /// Shape and parameters of the non-linear half, as part of a bench's id.
    #[must_use]
    pub fn nonlinear_id(&self) -> String {
        let Activation { pool, shift, bits } = self.activation;
        let kind = if pool { "pairs" } else { "values" };
        format!(
            "layer{} {} {kind} ell={} f={shift} A={bits} out={}",
            self.number, self.computed.results, self.stage.ell, self.out_ell
        )
    }
}

/// Bits of the ciphertext modulus: those of one coefficient of a public key, whose seed is
/// negligible beside them.
fn log_q() -> usize {
    PUBLIC_KEY_BYTES * 8 / RING_DEGREE
}
