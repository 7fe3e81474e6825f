//! The plan of a requantising step, by either backend, and of the reductions after it.

use deepcardio::architecture::{Activation, Reduction, Stage};
use deepcardio::tensor::Shape;
use oblivious_transfer::softspoken;
use ot_nonlinear::Mode;
use shares::{Share, StepShape};

use super::bytes::frames;
use crate::method::{Comparison, Method};

/// The requantising step of a stage.
pub(crate) struct ActivationPlan {
    pub(crate) gc: gc_nonlinear::StepPlan,
    ot_ripple: ot_nonlinear::StepPlan,
    ot_tree: ot_nonlinear::StepPlan,
    activated: Shape,
    /// Ring of the next stage, into which the shares of the activation come.
    pub(crate) out_ell: u32,
    reductions: Vec<Reduction>,
}

impl ActivationPlan {
    /// `count` results are computed.
    pub(super) fn new(stage: &Stage, step: Activation, count: usize, out_ell: u32) -> Result<Self, String> {
        let (activated, ell) = (stage.activated(), stage.ell);
        let Activation { pool, shift, bits } = step;
        let shape = StepShape { count, ell, shift, bits, pool, out_ell };
        let by_ot = |mode| ot_nonlinear::StepPlan::new(shape, mode).map_err(|e| e.to_string());
        Ok(Self {
            gc: gc_nonlinear::StepPlan::new(shape).map_err(|e| e.to_string())?,
            ot_ripple: by_ot(Mode::Ripple)?,
            ot_tree: by_ot(Mode::Tree)?,
            activated,
            out_ell,
            reductions: stage.reductions.clone(),
        })
    }

    /// The step from oblivious transfer, in one of its two shapes.
    pub(crate) fn ot(&self, shape: Comparison) -> &ot_nonlinear::StepPlan {
        match shape {
            Comparison::Ripple => &self.ot_ripple,
            Comparison::Tree => &self.ot_tree,
        }
    }

    /// Bytes of the step's own messages.
    pub(super) fn traffic(&self, method: Method) -> usize {
        match method {
            Method::Gc => {
                let step = &self.gc;
                let offline = [
                    softspoken::random_bytes(step.input_cots()),
                    softspoken::random_bytes(step.output_cots()),
                    step.input_corrections_bytes(),
                ];
                let chunks = (0..step.chunks()).map(|chunk| step.chunk_bytes(chunk));
                frames(offline.into_iter().chain(chunks).chain([step.output_corrections_bytes()]))
            }
            Method::Ot(shape) => {
                let step = self.ot(shape);
                let rounds =
                    (0..step.rounds()).flat_map(|round| [step.client_bytes(round), step.server_bytes(round)]);
                frames(rounds.chain([step.offline_bytes()]))
            }
        }
    }

    /// What the reductions make of a share of the activation.
    pub(super) fn reduce(&self, share: Share) -> Share {
        let reduced = self.reductions.iter().fold((self.activated, share), |(shape, share), reduction| {
            let (shape, residues) = reduction.apply(shape, share.residues(), share.ell());
            (shape, Share::new(residues, share.ell()))
        });
        reduced.1
    }
}
