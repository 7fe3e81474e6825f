//! The plan of one inference: from a public architecture to an ordered list of stages with the exact size of every
//! message. Both parties derive it on their own; it drives both scripts and the limits of the decoder.

use deepcardio::architecture::{Activation, Architecture, Reduction, Stage};
use deepcardio::tensor::Shape;
use gc_nonlinear::{ArgmaxPlan, ArgmaxShape, StepPlan, StepShape};
use he_linear::{Conv1dShape, LinearPlan};

use crate::error::{Error, Result};
use crate::handshake::Reveal;
use crate::wire::HEADER_BYTES;

/// What a party is ready to spend on a peer's architecture.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// Bytes of all messages of one inference.
    pub traffic: u64,
    /// Values of the largest tensor.
    pub tensor: usize,
}

impl Default for Limits {
    /// Four gigabytes, which garbled circuits for a network three times DeepCardio's stay below, and 4 M values.
    fn default() -> Self {
        Self { traffic: 4 << 30, tensor: 1 << 22 }
    }
}

/// One linear layer and what follows it.
pub(crate) struct StagePlan {
    pub(crate) name: String,
    pub(crate) linear: LinearPlan,
    pub(crate) input: Shape,
    pub(crate) accumulators: Shape,
    pub(crate) ell: u32,
    pub(crate) activation: Option<ActivationPlan>,
}

/// The non-linear step of a stage.
pub(crate) struct ActivationPlan {
    pub(crate) step: StepPlan,
    pub(crate) pool: bool,
    pub(crate) activated: Shape,
    /// Ring of the next stage, into which the shares of the activation come.
    pub(crate) out_ell: u32,
    pub(crate) reductions: Vec<Reduction>,
}

/// The whole inference.
pub(crate) struct Plan {
    pub(crate) stages: Vec<StagePlan>,
    pub(crate) classes: usize,
    pub(crate) scores_ell: u32,
    pub(crate) argmax: ArgmaxPlan,
}

impl Plan {
    /// Derives the plan.
    ///
    /// # Errors
    /// [`Error::Incompatible`] if a layer fits into no homomorphic packing or no circuit; the text names the layer.
    pub(crate) fn new(architecture: &Architecture) -> Result<Self> {
        let stages = architecture.stages();
        let next_ell = stages.iter().skip(1).map(|stage| stage.ell).chain([0]);
        let stages: Vec<StagePlan> = stages
            .iter()
            .zip(next_ell)
            .map(|(stage, ell)| StagePlan::new(stage, ell))
            .collect::<Result<_>>()?;
        let classes = architecture.classes().len();
        let scores_ell = stages.last().map_or(0, |last| last.ell);
        let argmax = ArgmaxPlan::new(ArgmaxShape { classes, ell: scores_ell })
            .map_err(|e| Error::Incompatible(format!("the choice of the label: {e}")))?;
        Ok(Self { stages, classes, scores_ell, argmax })
    }

    /// Refuses a plan that is larger than `limits` allow.
    pub(crate) fn check(&self, limits: Limits, reveal: Reveal) -> Result<()> {
        let tensor =
            self.stages.iter().map(|s| s.input.count().max(s.accumulators.count())).max().unwrap_or(0);
        if tensor > limits.tensor {
            return Err(Error::Incompatible(format!(
                "the server's network has a layer of {tensor} values; this client accepts {}",
                limits.tensor
            )));
        }
        let traffic = self.traffic(reveal);
        if traffic > limits.traffic {
            return Err(Error::Incompatible(format!(
                "one inference with the server's network takes {} MB; this client accepts {} MB (see --max-mb)",
                traffic.div_ceil(1_000_000),
                limits.traffic / 1_000_000
            )));
        }
        Ok(())
    }

    /// Bytes of all messages of one inference whose size the plan fixes, both directions, frame headers included. The OT
    /// extension comes on top: about four bytes an OT.
    pub(crate) fn traffic(&self, reveal: Reveal) -> u64 {
        let stages: usize = self.stages.iter().map(StagePlan::traffic).sum();
        let output = match reveal {
            Reveal::Scores => residue_bytes(self.classes, self.scores_ell),
            Reveal::Label => self.argmax.input_corrections_bytes() + self.argmax.message_bytes(),
        };
        (stages + output + HEADER_BYTES) as u64
    }
}

impl StagePlan {
    fn new(stage: &Stage, next_ell: u32) -> Result<Self> {
        let misfit = |e: &dyn std::fmt::Display| Error::Incompatible(format!("layer {}: {e}", stage.name));
        let geometry = stage.linear;
        let shape = Conv1dShape {
            batch: geometry.batch,
            in_channels: geometry.in_channels,
            out_channels: geometry.out_channels,
            length: geometry.length,
            kernel: geometry.kernel,
        };
        let linear = LinearPlan::new(shape, stage.ell).map_err(|e| misfit(&e))?;
        let activation = match stage.activation {
            None => None,
            Some(step) => Some(ActivationPlan::new(stage, step, next_ell).map_err(|e| misfit(&e))?),
        };
        Ok(Self {
            name: stage.name.clone(),
            linear,
            input: geometry.input(),
            accumulators: geometry.output(),
            ell: stage.ell,
            activation,
        })
    }

    /// Bytes of the message that carries the layer's masked input.
    pub(crate) fn masked_input_bytes(&self) -> usize {
        residue_bytes(self.input.count(), self.ell)
    }

    fn traffic(&self) -> usize {
        let linear = self.linear.input_bytes() + self.linear.output_bytes() + self.masked_input_bytes();
        let step = self.activation.as_ref().map_or(0, |a| {
            a.step.input_corrections_bytes() + a.step.garbled_bytes() + a.step.output_corrections_bytes()
        });
        linear + step + 4 * HEADER_BYTES
    }
}

impl ActivationPlan {
    fn new(stage: &Stage, step: Activation, out_ell: u32) -> Result<Self, gc_nonlinear::StepError> {
        let activated = stage.activated();
        let shape = StepShape {
            count: activated.count(),
            ell: stage.ell,
            shift: step.shift,
            bits: step.bits,
            pool: step.pool,
            out_ell,
        };
        let plan = StepPlan::new(shape)?;
        Ok(Self { step: plan, pool: step.pool, activated, out_ell, reductions: stage.reductions.clone() })
    }

    /// The accumulators that enter the step: all of them, or, with pooling, those that have a partner.
    pub(crate) fn paired(&self, accumulators: Shape, values: &[u32]) -> Vec<u32> {
        let kept = if self.pool { accumulators.length / 2 * 2 } else { accumulators.length };
        values.chunks(accumulators.length.max(1)).flat_map(|row| row.iter().take(kept)).copied().collect()
    }

    /// What the reductions make of a share of the activation.
    pub(crate) fn reduce(&self, share: Vec<u32>) -> Vec<u32> {
        let step = |(shape, values): (Shape, Vec<u32>), reduction: &Reduction| {
            reduction.apply(shape, &values, self.out_ell)
        };
        self.reductions.iter().fold((self.activated, share), step).1
    }
}

/// Bytes of `count` packed residues of `ell` bits.
pub(crate) fn residue_bytes(count: usize, ell: u32) -> usize {
    (count * ell as usize).div_ceil(8)
}
