//! One stage of an inference: its plan together with a party's one-time material for it.
//!
//! ```text
//! offline, after the masks of phases::linear
//!   both:   silent OTs for all stages at once       phases::silent
//!   both:   the material of each stage              phases::gc, phases::ot or phases::recurrent
//! online, stage after stage
//!   client: its share of what the stage before left ->  server: the same
//!   both:   the linear layer                        phases::linear
//!   both:   the step after it                       phases::gc, phases::ot or phases::recurrent
//! ```
//! A value here holds all that its party needs for one stage, whatever the method. Running the
//! stage uses the value up.

use std::sync::Arc;

use gc_nonlinear::{ActivationEvaluator, ActivationGarbler};
use ot_nonlinear::{ClientCellOffline, ServerCellOffline, ServerOffline as OtServer, Step as OtClient};
use shares::Role;
use shares::Share;

use crate::channel::Channel;
use crate::correlations::Correlations;
use crate::error::{Error, Result};
use crate::keys::InferenceId;
use crate::meter::{Phase, Scope};
use crate::method::{Comparison, Method};
use crate::phases::gc::{self, Layer};
use crate::phases::silent::{self, Material};
use crate::phases::{linear, ot, recurrent};
use crate::plan::{ActivationPlan, Plan, RecurrentPlan, StagePlan, Step};
#[cfg(feature = "server")]
use crate::prepared_model::PreparedModel;
use crate::tap::{Point, Tap};

/// The client's half of a stage that has a step, ready to run.
pub(crate) struct ClientStage {
    index: usize,
    stage: Arc<StagePlan>,
    mask: Share,
    step: ClientStep,
    /// Its share of the accumulators, where somebody verifies.
    tapped: Option<Share>,
}

/// The client's half of a step, by its method.
enum ClientStep {
    Gc(Arc<ActivationPlan>, ActivationEvaluator),
    Ot(Arc<ActivationPlan>, Comparison, OtClient),
    Lstm(Arc<RecurrentPlan>, Vec<ClientCellOffline>),
}

#[cfg(feature = "server")]
/// The server's half of a stage that has a step, ready to run.
pub(crate) struct ServerStage {
    index: usize,
    stage: Arc<StagePlan>,
    mask: Share,
    step: ServerStep,
}

/// The server's half of a step, by its method.
enum ServerStep {
    Gc(Arc<ActivationPlan>, ActivationGarbler),
    Ot(Arc<ActivationPlan>, Comparison, OtServer),
    Lstm(Arc<RecurrentPlan>, Vec<ServerCellOffline>),
}

/// The steps of all stages in order, with the silent OTs of the whole inference shared out among
/// them.
///
/// A stage without a step has `None`.
pub(crate) async fn supply(
    channel: &mut Channel,
    plan: &Plan,
    method: Method,
    own: Role,
    id: &InferenceId,
    correlations: &mut Correlations,
) -> Result<Vec<Option<Step<Material>>>> {
    let mut made = Vec::new().into_iter();
    if plan.needs_silent(method.backend()) {
        let (times, silent, hashes) = (channel.times(), correlations.silent()?, id.ot());
        let material = silent::material(channel, plan, method, own, &hashes, silent);
        made = times.timed(Scope::nonlinear_all(Phase::Offline), material).await?.into_iter();
    }
    let mut supplied = |step: Step<_>| {
        step.try_map(|_schedule| made.next().ok_or_else(|| Error::internal("too few silent OTs were made")))
    };
    plan.stages.iter().map(|stage| stage.step(method).map(&mut supplied).transpose()).collect()
}

impl ClientStep {
    /// Makes the client's material for `step`; `product` is its share of the accumulators, and is
    /// used up.
    async fn prepare(
        channel: &mut Channel,
        (index, stage): (usize, &StagePlan),
        step: Step<Material>,
        (id, correlations): (&InferenceId, &mut Correlations),
        product: Share,
    ) -> Result<Self> {
        Ok(match step {
            Step::Gc(plan) => {
                let (layer, operands) = (Layer { index, step: &plan.gc }, stage.operands(product));
                let evaluator = gc::client_offline(channel, layer, &id.gc(), correlations, operands).await?;
                Self::Gc(plan, evaluator)
            }
            Step::Ot(plan, shape, ots) => {
                let operands = stage.operands(product);
                let client = ot::client_offline(channel, index, plan.ot(shape), ots, operands).await?;
                Self::Ot(plan, shape, client)
            }
            Step::Lstm(plan, ots) => {
                let cells = recurrent::client_offline(channel, index, &plan, ots, product).await?;
                Self::Lstm(plan, cells)
            }
        })
    }
}

impl ClientStage {
    /// The client's offline half of a stage. It keeps its share of the accumulators if somebody
    /// will verify.
    pub(crate) async fn prepare(
        channel: &mut Channel,
        (index, stage): (usize, &Arc<StagePlan>),
        step: Step<Material>,
        sources: (&InferenceId, &mut Correlations),
        (mask, product): (Share, Share),
        verified: bool,
    ) -> Result<Self> {
        let (times, scope) = (channel.times(), Scope::nonlinear(Phase::Offline, index));
        let tapped = verified.then(|| stage.accumulators(&product));
        let step = ClientStep::prepare(channel, (index, stage), step, sources, product);
        let step = times.timed(scope, step).await?;
        Ok(Self { index, stage: Arc::clone(stage), mask, step, tapped })
    }

    /// The layer's name.
    pub(crate) fn name(&self) -> &str {
        &self.stage.name
    }

    /// The client's online half: its share of what leaves the stage, from that of what enters it.
    pub(crate) async fn run(self, channel: &mut Channel, tap: Option<&Tap>, input: Share) -> Result<Share> {
        let Self { index, stage, mask, step, tapped } = self;
        if let (Some(tap), Some(accumulators)) = (tap, &tapped) {
            tap.record(Point::Accumulators(index), Role::Client, accumulators);
        }
        let times = channel.times();
        let (scope, masked) = (Scope::nonlinear(Phase::Online, index), Scope::linear(Phase::Online, index));
        let output = match step {
            ClientStep::Gc(plan, evaluator) => {
                times.timed(masked, linear::client_online(channel, index, &stage, input, mask)).await?;
                let results = gc::client_online(channel, Layer { index, step: &plan.gc }, evaluator);
                stage.output(&plan, times.timed(scope, results).await?)
            }
            ClientStep::Ot(plan, shape, client) => {
                times.timed(masked, linear::client_online(channel, index, &stage, input, mask)).await?;
                let results = ot::client_online(channel, index, plan.ot(shape), client);
                stage.output(&plan, times.timed(scope, results).await?)
            }
            ClientStep::Lstm(plan, cells) => {
                recurrent::client_online(channel, index, &plan, input, mask, cells).await?
            }
        };
        tap_output(tap, index, Role::Client, &stage, &output);
        Ok(output)
    }
}

impl ServerStep {
    /// Makes the server's material for `step`.
    async fn prepare(
        channel: &mut Channel,
        index: usize,
        step: Step<Material>,
        (id, correlations): (&InferenceId, &mut Correlations),
    ) -> Result<Self> {
        Ok(match step {
            Step::Gc(plan) => {
                let layer = Layer { index, step: &plan.gc };
                let garbler = gc::server_offline(channel, layer, &id.gc(), correlations).await?;
                Self::Gc(plan, garbler)
            }
            Step::Ot(plan, shape, ots) => {
                let server = ot::server_offline(channel, index, plan.ot(shape), ots).await?;
                Self::Ot(plan, shape, server)
            }
            Step::Lstm(plan, ots) => {
                let cells = recurrent::server_offline(channel, index, &plan, ots).await?;
                Self::Lstm(plan, cells)
            }
        })
    }
}

#[cfg(feature = "server")]
impl ServerStage {
    /// The server's offline half of a stage.
    pub(crate) async fn prepare(
        channel: &mut Channel,
        (index, stage): (usize, &Arc<StagePlan>),
        step: Step<Material>,
        sources: (&InferenceId, &mut Correlations),
        mask: Share,
    ) -> Result<Self> {
        let (times, scope) = (channel.times(), Scope::nonlinear(Phase::Offline, index));
        let step = times.timed(scope, ServerStep::prepare(channel, index, step, sources)).await?;
        Ok(Self { index, stage: Arc::clone(stage), mask, step })
    }

    /// The server's online half: its share of what leaves the stage, from that of what enters it.
    ///
    /// `input` is `None` for the ECG, which is the client's alone.
    pub(crate) async fn run(
        self,
        channel: &mut Channel,
        model: &Arc<PreparedModel>,
        tap: Option<&Tap>,
        input: Option<Share>,
    ) -> Result<Share> {
        let Self { index, stage, mask, step } = self;
        let times = channel.times();
        let (scope, linear) = (Scope::nonlinear(Phase::Online, index), Scope::linear(Phase::Online, index));
        let output = match step {
            ServerStep::Gc(plan, garbler) => {
                let accumulators = linear::server_online(channel, index, model, input, mask);
                let accumulators = times.timed(linear, accumulators).await?;
                tap_accumulators(tap, index, &stage, &accumulators);
                let (layer, operands) = (Layer { index, step: &plan.gc }, stage.operands(accumulators));
                let results = gc::server_online(channel, layer, garbler, operands);
                stage.output(&plan, times.timed(scope, results).await?)
            }
            ServerStep::Ot(plan, shape, server) => {
                let accumulators = linear::server_online(channel, index, model, input, mask);
                let accumulators = times.timed(linear, accumulators).await?;
                tap_accumulators(tap, index, &stage, &accumulators);
                let operands = stage.operands(accumulators);
                let results = ot::server_online(channel, index, plan.ot(shape), server, operands);
                stage.output(&plan, times.timed(scope, results).await?)
            }
            ServerStep::Lstm(plan, cells) => {
                let sequence = input.unwrap_or_else(|| plan.zero_sequence());
                let keep_accumulators = tap.is_some();
                let input = recurrent::ServerInput { sequence, mask, cells, keep_accumulators };
                let result = recurrent::server_online(channel, index, model, &plan, input).await?;
                if let (Some(tap), Some(accumulators)) = (tap, recurrent::transposed(&result.accumulators)) {
                    tap.record(Point::Accumulators(index), Role::Server, &accumulators);
                }
                result.hidden
            }
        };
        tap_output(tap, index, Role::Server, &stage, &output);
        Ok(output)
    }
}

/// Lays down a party's share of what leaves a stage, where somebody verifies.
fn tap_output(tap: Option<&Tap>, index: usize, party: Role, stage: &StagePlan, output: &Share) {
    if let Some(tap) = tap {
        let on_windows = stage.output_on_windows(output);
        tap.record(Point::Activations(index), party, on_windows.as_ref().unwrap_or(output));
    }
}

/// Lays down the server's share of a layer's accumulators, where somebody verifies.
pub(crate) fn tap_accumulators(tap: Option<&Tap>, index: usize, stage: &StagePlan, computed: &Share) {
    if let Some(tap) = tap {
        tap.record(Point::Accumulators(index), Role::Server, &stage.accumulators(computed));
    }
}
