//! One non-linear step by garbled circuits, played once and recorded; then either role runs alone.

use gc_nonlinear::{ActivationEvaluator, ActivationGarbler, HashRoot, StepPlan};
use shares::Role;

use crate::Result;
use crate::dealt::{Dealt, Secrets, residues, rng};
use crate::layers::Layer;

/// A step with its inputs and everything that was sent.
pub struct GarbledStep {
    plan: StepPlan,
    hash_root: HashRoot,
    client_shares: Vec<u32>,
    server_shares: Vec<u32>,
    inputs: Dealt,
    outputs: Dealt,
    input_corrections: Vec<u8>,
    chunks: Vec<Vec<u8>>,
    output_corrections: Vec<u8>,
}

impl GarbledStep {
    /// Plays the step of `layer` on random shares.
    ///
    /// # Errors
    /// If the step refuses its inputs, which would be a mistake here.
    pub fn record(layer: &Layer) -> Result<Self> {
        Self::play(layer.garbled_plan()?, layer.number as u64)
    }

    /// Plays a step on random shares, drawn from the generator number `stream`.
    ///
    /// # Errors
    /// As [`GarbledStep::record`].
    pub fn play(plan: StepPlan, stream: u64) -> Result<Self> {
        let mut rng = rng(stream);
        let ell = plan.shape().ell;
        let mut step = Self {
            hash_root: HashRoot::new(&[1; 32]),
            client_shares: residues(&mut rng, plan.input_values(), ell),
            server_shares: residues(&mut rng, plan.input_values(), ell),
            inputs: Dealt::new(&mut rng, plan.input_cots()),
            outputs: Dealt::new(&mut rng, plan.output_cots()),
            input_corrections: Vec::new(),
            chunks: Vec::new(),
            output_corrections: Vec::new(),
            plan,
        };
        let (corrections, mut evaluator) = step.prepare_evaluator()?;
        step.input_corrections = corrections;
        let garbler = step.prepare_garbler()?;
        for chunk in 0..step.plan.chunks() {
            let message = garbler.garble_chunk(chunk, &step.server_shares)?;
            evaluator.evaluate_chunk(&message)?;
            step.chunks.push(message);
        }
        step.output_corrections = evaluator.finish()?.1;
        Ok(step)
    }

    /// Gives the party of `role` other shares. The peer's messages stay as they were recorded, so
    /// results mean nothing from here on; the work is the same.
    pub fn replace(&mut self, role: Role, shares: Vec<u32>) {
        match role {
            Role::Client => self.client_shares = shares,
            Role::Server => self.server_shares = shares,
        }
    }

    /// What the party of `role` alone knows.
    #[must_use]
    pub fn secrets(&self, role: Role) -> Secrets<'_> {
        let (shares, received, sent) = match role {
            Role::Client => (&self.client_shares, &self.inputs, &self.outputs),
            Role::Server => (&self.server_shares, &self.outputs, &self.inputs),
        };
        let ((macs, choices), [delta, keys]) = (received.of_receiver(), sent.of_sender());
        (shares, vec![macs, delta, keys], vec![choices])
    }

    /// The client's offline half: its message and itself, ready.
    ///
    /// # Errors
    /// As [`GarbledStep::record`].
    pub fn prepare_evaluator(&self) -> Result<(Vec<u8>, ActivationEvaluator)> {
        let (inputs, outputs) = (self.inputs.received(), self.outputs.sent());
        let (plan, shares) = (&self.plan, &self.client_shares);
        Ok(ActivationEvaluator::prepare(plan, &self.hash_root, 0, shares, inputs, outputs)?)
    }

    /// The server's offline half.
    ///
    /// # Errors
    /// As [`GarbledStep::record`].
    pub fn prepare_garbler(&self) -> Result<ActivationGarbler> {
        let (inputs, outputs) = (self.inputs.sent(), self.outputs.received());
        let (plan, corrections) = (&self.plan, &self.input_corrections);
        Ok(ActivationGarbler::prepare(plan, &self.hash_root, 0, inputs, corrections, outputs)?)
    }

    /// The server's online half against the recorded client.
    ///
    /// # Errors
    /// As [`GarbledStep::record`].
    pub fn garble(&self, garbler: ActivationGarbler) -> Result<Vec<u32>> {
        for chunk in 0..self.plan.chunks() {
            std::hint::black_box(garbler.garble_chunk(chunk, &self.server_shares)?);
        }
        Ok(garbler.finish(&self.output_corrections)?)
    }

    /// The client's online half against the recorded server.
    ///
    /// # Errors
    /// As [`GarbledStep::record`].
    pub fn evaluate(&self, mut evaluator: ActivationEvaluator) -> Result<(Vec<u32>, Vec<u8>)> {
        for message in &self.chunks {
            evaluator.evaluate_chunk(message)?;
        }
        Ok(evaluator.finish()?)
    }
}
