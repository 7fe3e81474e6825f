//! The non-linear halves of all layers: requantising steps by whichever backend the session agreed on, LSTM cells from
//! oblivious transfer always.

use gc_nonlinear::{ActivationEvaluator, ActivationGarbler};
use ot_nonlinear::{CellPlan, ClientCellOffline, ClientStep, ServerCellOffline, ServerOffline};
use shares::Share;

use crate::channel::Channel;
use crate::error::{Error, Party, Result};
use crate::meter::{Phase, Scope};
use crate::method::{Comparison, Method};
use crate::phases::gc::{self, Layer};
use crate::phases::setup::{Correlations, InferenceId};
use crate::phases::{ot, recurrent, silent};
use crate::plan::{ActivationPlan, NonlinearPlan, Plan, RecurrentPlan, StagePlan};
use crate::prepared_model::PreparedModel;

/// The client's one-time material of one step.
pub(crate) enum ClientMaterial {
    Gc(ActivationEvaluator),
    Ot(Comparison, ClientStep),
    Lstm(Vec<ClientCellOffline>),
}

/// The server's one-time material of one step.
pub(crate) enum ServerMaterial {
    Gc(ActivationGarbler),
    Ot(Comparison, ServerOffline),
    Lstm(Vec<ServerCellOffline>),
}

/// The client's offline half, for every step in order; `products` are its shares of all layers' accumulators.
pub(crate) async fn client_offline(
    channel: &mut Channel,
    plan: &Plan,
    method: Method,
    id: &InferenceId,
    correlations: &mut Correlations,
    products: &[Share],
) -> Result<Vec<ClientMaterial>> {
    let mut ots = own_ots(channel, plan, method, id, correlations, Party::Client).await?.into_iter();
    let (times, mut material) = (channel.times(), Vec::new());
    for ((index, stage), product) in plan.stages.iter().enumerate().zip(products) {
        let scope = Scope::nonlinear(Phase::Offline, index);
        material.push(match (&stage.nonlinear, method) {
            (None, _) => continue,
            (Some(NonlinearPlan::Requantise(activation)), Method::Gc) => {
                let (layer, share) = (Layer { index, step: &activation.gc }, stage.operands(product));
                let hashes = id.gc();
                let prepare = gc::client_offline(channel, layer, &hashes, correlations, share);
                ClientMaterial::Gc(times.timed(scope, prepare).await?)
            }
            (Some(NonlinearPlan::Requantise(activation)), Method::Ot(shape)) => {
                let (ots, share) = (ots.next().ok_or_else(missing)?, stage.operands(product));
                let step = activation.ot(shape);
                let prepare = ot::client_offline(channel, index, step, ots, share);
                ClientMaterial::Ot(shape, times.timed(scope, prepare).await?)
            }
            (Some(NonlinearPlan::Lstm(plan)), _) => {
                let ots = of_layer(&mut ots, plan)?;
                let prepare = recurrent::client_offline(channel, index, plan, ots, product);
                ClientMaterial::Lstm(times.timed(scope, prepare).await?)
            }
        });
    }
    Ok(material)
}

/// The server's offline half, for every step in order.
pub(crate) async fn server_offline(
    channel: &mut Channel,
    model: &PreparedModel,
    method: Method,
    id: &InferenceId,
    correlations: &mut Correlations,
) -> Result<Vec<ServerMaterial>> {
    let plan = model.plan();
    let mut ots = own_ots(channel, plan, method, id, correlations, Party::Server).await?.into_iter();
    let (times, mut material) = (channel.times(), Vec::new());
    for (index, stage) in plan.stages.iter().enumerate() {
        let scope = Scope::nonlinear(Phase::Offline, index);
        material.push(match (&stage.nonlinear, method) {
            (None, _) => continue,
            (Some(NonlinearPlan::Requantise(activation)), Method::Gc) => {
                let layer = Layer { index, step: &activation.gc };
                let hashes = id.gc();
                let prepare = gc::server_offline(channel, layer, &hashes, correlations);
                ServerMaterial::Gc(times.timed(scope, prepare).await?)
            }
            (Some(NonlinearPlan::Requantise(activation)), Method::Ot(shape)) => {
                let ots = ots.next().ok_or_else(missing)?;
                let step = activation.ot(shape);
                let prepare = ot::server_offline(channel, index, step, ots);
                ServerMaterial::Ot(shape, times.timed(scope, prepare).await?)
            }
            (Some(NonlinearPlan::Lstm(plan)), _) => {
                let ots = of_layer(&mut ots, plan)?;
                let prepare = recurrent::server_offline(channel, index, plan, ots);
                ServerMaterial::Lstm(times.timed(scope, prepare).await?)
            }
        });
    }
    Ok(material)
}

/// The material of an LSTM layer.
fn of_layer(
    ots: &mut impl Iterator<Item = silent::Material>,
    plan: &RecurrentPlan,
) -> Result<recurrent::Ots> {
    let vectors = ots.next().ok_or_else(missing)?;
    let cells = (0..plan.positions).map(|_| ots.take(CellPlan::SCHEDULES).collect()).collect();
    Ok(recurrent::Ots { vectors, cells })
}

/// The silent OTs of the whole inference, if it needs them.
async fn own_ots(
    channel: &mut Channel,
    plan: &Plan,
    method: Method,
    id: &InferenceId,
    correlations: &mut Correlations,
    own: Party,
) -> Result<Vec<silent::Material>> {
    if !plan.needs_silent(method.backend()) {
        return Ok(Vec::new());
    }
    let (times, silent, hashes) = (channel.times(), correlations.silent()?, id.ot());
    let material = silent::material(channel, plan, method, own, &hashes, silent);
    times.timed(Scope::nonlinear_all(Phase::Offline), material).await
}

/// The client's online half: its share of the activation, after the reductions.
pub(crate) async fn client_online(
    channel: &mut Channel,
    index: usize,
    stage: &StagePlan,
    activation: &ActivationPlan,
    material: ClientMaterial,
) -> Result<Share> {
    let share = match material {
        ClientMaterial::Gc(evaluator) => {
            gc::client_online(channel, Layer { index, step: &activation.gc }, evaluator).await?
        }
        ClientMaterial::Ot(shape, client) => {
            ot::client_online(channel, index, activation.ot(shape), client).await?
        }
        ClientMaterial::Lstm(_) => return Err(other_layer()),
    };
    Ok(stage.reduced(activation, share))
}

/// The server's online half: its share of the activation, after the reductions.
pub(crate) async fn server_online(
    channel: &mut Channel,
    index: usize,
    stage: &StagePlan,
    activation: &ActivationPlan,
    material: ServerMaterial,
    accumulators: &Share,
) -> Result<Share> {
    let accumulators = Share::new(stage.operands(accumulators).to_vec(), stage.ell);
    let share = match material {
        ServerMaterial::Gc(garbler) => {
            gc::server_online(channel, Layer { index, step: &activation.gc }, garbler, accumulators).await?
        }
        ServerMaterial::Ot(shape, server) => {
            ot::server_online(channel, index, activation.ot(shape), server, accumulators).await?
        }
        ServerMaterial::Lstm(_) => return Err(other_layer()),
    };
    Ok(stage.reduced(activation, share))
}

impl ClientMaterial {
    /// The cells of an LSTM layer.
    pub(crate) fn into_cells(self) -> Result<Vec<ClientCellOffline>> {
        if let Self::Lstm(cells) = self { Ok(cells) } else { Err(other_layer()) }
    }
}

impl ServerMaterial {
    /// The cells of an LSTM layer.
    pub(crate) fn into_cells(self) -> Result<Vec<ServerCellOffline>> {
        if let Self::Lstm(cells) = self { Ok(cells) } else { Err(other_layer()) }
    }
}

fn other_layer() -> Error {
    Error::internal("material of another kind of layer")
}

fn missing() -> Error {
    Error::internal("material of fewer layers than the plan has")
}
