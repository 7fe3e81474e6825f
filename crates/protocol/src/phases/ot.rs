//! The non-linear step from correlated OTs: both parties exchange opened bits, round by round.
//!
//! ```text
//! offline, per layer (after the material of phases::silent)
//!   client: what depends on its share alone      InputCorrections   ->
//! online, per layer and round
//!   both: opened bits                            Opening           <->   Opening
//! ```
//! `phases::rounds` runs the rounds.

use ot_nonlinear::{ServerOffline, Step, StepPlan};
use shares::Role;
use shares::Share;

use crate::channel::{Channel, Due};
use crate::compute::offload;
use crate::error::{Error, Result};
use crate::meter::{Phase, Scope};
use crate::phases::rounds;
use crate::phases::silent::Material;
use crate::wire::Tag;

/// The client's half of the offline phase; `product` is its share of the accumulators that enter
/// the step.
pub(crate) async fn client_offline(
    channel: &mut Channel,
    layer: usize,
    step: &StepPlan,
    material: Material,
    product: Share,
) -> Result<Step> {
    let scope = Scope::nonlinear(Phase::Offline, layer);
    let step = step.clone();
    let (received, sent) = material;
    let prepare = move || Step::prepare_client(&step, received, sent, product.residues());
    let (message, client) = offload(move || prepare().map_err(Error::internal)).await?;
    channel.send(scope, Tag::InputCorrections, &message).await?;
    Ok(client)
}

/// The server's half of the offline phase.
pub(crate) async fn server_offline(
    channel: &mut Channel,
    layer: usize,
    step: &StepPlan,
    material: Material,
) -> Result<ServerOffline> {
    let scope = Scope::nonlinear(Phase::Offline, layer);
    let message = channel.receive(Due::exactly(scope, Tag::InputCorrections, step.offline_bytes())).await?;
    let step = step.clone();
    let (received, sent) = material;
    let server = offload(move || {
        ServerOffline::prepare(&step, received, sent, &message)
            .map_err(|e| Error::invalid(Role::Client, Tag::InputCorrections, e))
    })
    .await?;
    Ok(server)
}

/// The client's online half: gives its share of the activation, modulo `2^out_ell`.
pub(crate) async fn client_online(
    channel: &mut Channel,
    layer: usize,
    step: &StepPlan,
    client: Step,
) -> Result<Vec<u32>> {
    let scope = Scope::nonlinear(Phase::Online, layer);
    let share = rounds::run(channel, scope, step, client, Step::finish).await?;
    Ok(share)
}

/// The server's online half: `share` is its share of the accumulators that enter the step.
pub(crate) async fn server_online(
    channel: &mut Channel,
    layer: usize,
    step: &StepPlan,
    server: ServerOffline,
    share: Share,
) -> Result<Vec<u32>> {
    let scope = Scope::nonlinear(Phase::Online, layer);
    let server = offload(move || server.start(share.residues()).map_err(Error::internal)).await?;
    let share = rounds::run(channel, scope, step, server, Step::finish).await?;
    Ok(share)
}
