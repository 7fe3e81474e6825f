//! The non-linear halves of all layers, by whichever backend the session agreed on.

use gc_nonlinear::{ActivationEvaluator, ActivationGarbler};
use ot_nonlinear::{ClientStep, ServerOffline};

use crate::channel::Channel;
use crate::error::{Error, Party, Result};
use crate::meter::{Phase, Scope};
use crate::phases::gc::{self, Layer};
use crate::phases::setup::{Correlations, InferenceId};
use crate::phases::{ot, silent};
use crate::plan::{ActivationPlan, Comparison, Method, Plan, StagePlan};
use crate::share::Share;

/// The client's one-time material of one step.
pub(crate) enum ClientMaterial {
    Gc(ActivationEvaluator),
    Ot(Comparison, ClientStep),
}

/// The server's one-time material of one step.
pub(crate) enum ServerMaterial {
    Gc(ActivationGarbler),
    Ot(Comparison, ServerOffline),
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
    let mut material = Vec::new();
    for ((index, stage), product) in plan.stages.iter().enumerate().zip(products) {
        let Some(activation) = &stage.activation else { continue };
        let share = stage.operands(product);
        material.push(match method {
            Method::Gc => {
                let layer = Layer { index, step: &activation.gc };
                ClientMaterial::Gc(gc::client_offline(channel, layer, &id.gc(), correlations, share).await?)
            }
            Method::Ot(shape) => {
                let ots = ots.next().ok_or_else(missing)?;
                let step = activation.ot(shape);
                ClientMaterial::Ot(shape, ot::client_offline(channel, index, step, ots, share).await?)
            }
        });
    }
    Ok(material)
}

/// The server's offline half, for every step in order.
pub(crate) async fn server_offline(
    channel: &mut Channel,
    plan: &Plan,
    method: Method,
    id: &InferenceId,
    correlations: &mut Correlations,
) -> Result<Vec<ServerMaterial>> {
    let mut ots = own_ots(channel, plan, method, id, correlations, Party::Server).await?.into_iter();
    let mut material = Vec::new();
    for (index, stage) in plan.stages.iter().enumerate() {
        let Some(activation) = &stage.activation else { continue };
        material.push(match method {
            Method::Gc => {
                let layer = Layer { index, step: &activation.gc };
                ServerMaterial::Gc(gc::server_offline(channel, layer, &id.gc(), correlations).await?)
            }
            Method::Ot(shape) => {
                let ots = ots.next().ok_or_else(missing)?;
                let step = activation.ot(shape);
                ServerMaterial::Ot(shape, ot::server_offline(channel, index, step, ots).await?)
            }
        });
    }
    Ok(material)
}

/// The silent OTs of the whole inference, if the method needs them.
async fn own_ots(
    channel: &mut Channel,
    plan: &Plan,
    method: Method,
    id: &InferenceId,
    correlations: &mut Correlations,
    own: Party,
) -> Result<Vec<silent::Material>> {
    let Method::Ot(shape) = method else { return Ok(Vec::new()) };
    let start = std::time::Instant::now();
    let material = silent::material(channel, plan, shape, own, &id.ot(), correlations.silent()?).await?;
    channel.book_time(Scope::nonlinear_all(Phase::Offline), start);
    Ok(material)
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
    };
    Ok(stage.reduced(activation, share))
}

fn missing() -> Error {
    Error::internal("material of fewer layers than the plan has")
}
