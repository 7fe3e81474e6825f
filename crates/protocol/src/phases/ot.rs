//! The non-linear step from correlated OTs: both parties exchange opened bits, round by round.
//!
//! ```text
//! offline, per layer (after the material of phases::silent)
//!   client: what depends on its share alone      InputCorrections   ->
//! online, per layer and round
//!   both: opened bits                            Opening           <->   Opening
//! ```
//! A round in which only one party has something to say is a message in that direction alone.

use std::time::Instant;

use ot_nonlinear::{ClientStep, ServerOffline, ServerStep, StepError, StepPlan};

use zeroize::Zeroizing;

use crate::channel::{Channel, Due};
use crate::compute::offload;
use crate::error::{Error, Party, Result};
use crate::meter::{Phase, Scope};
use crate::phases::silent::Material;
use crate::share::Share;
use crate::wire::Tag;

/// The client's half of the offline phase; `product` is its share of the accumulators that enter the step.
pub(crate) async fn client_offline(
    channel: &mut Channel,
    layer: usize,
    step: &StepPlan,
    material: Material,
    product: Zeroizing<Vec<u32>>,
) -> Result<ClientStep> {
    let start = Instant::now();
    let scope = Scope::nonlinear(Phase::Offline, layer);
    let step = step.clone();
    let (received, sent) = material;
    let prepare =
        offload(move || ClientStep::prepare(&step, received, sent, &product).map_err(Error::internal));
    let (message, client) = prepare.await?;
    channel.send(scope, Tag::InputCorrections, &message).await?;
    channel.book_time(scope, start);
    Ok(client)
}

/// The server's half of the offline phase.
pub(crate) async fn server_offline(
    channel: &mut Channel,
    layer: usize,
    step: &StepPlan,
    material: Material,
) -> Result<ServerOffline> {
    let start = Instant::now();
    let scope = Scope::nonlinear(Phase::Offline, layer);
    let message = channel.receive(Due::exactly(scope, Tag::InputCorrections, step.offline_bytes())).await?;
    let step = step.clone();
    let (received, sent) = material;
    let server = offload(move || {
        ServerOffline::prepare(&step, received, sent, &message)
            .map_err(|e| Error::invalid(Party::Client, Tag::InputCorrections, e))
    })
    .await?;
    channel.book_time(scope, start);
    Ok(server)
}

/// The client's online half: gives its share of the activation, modulo `2^out_ell`.
pub(crate) async fn client_online(
    channel: &mut Channel,
    layer: usize,
    step: &StepPlan,
    client: ClientStep,
) -> Result<Vec<u32>> {
    let start = Instant::now();
    let scope = Scope::nonlinear(Phase::Online, layer);
    let client = rounds(channel, scope, step, client).await?;
    let share = offload(move || client.finish().map_err(Error::internal)).await?;
    channel.book_time(scope, start);
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
    let start = Instant::now();
    let scope = Scope::nonlinear(Phase::Online, layer);
    let server = offload(move || server.start(share.residues()).map_err(Error::internal)).await?;
    let server = rounds(channel, scope, step, server).await?;
    let share = offload(move || server.finish().map_err(Error::internal)).await?;
    channel.book_time(scope, start);
    Ok(share)
}

/// One party of a step that goes round by round.
trait Rounds: Send + Sized + 'static {
    const PEER: Party;
    fn outgoing(&mut self) -> Result<Vec<u8>, StepError>;
    fn incoming(&mut self, message: &[u8]) -> Result<(), StepError>;
    /// Bytes that the peer sends in a round.
    fn peer_bytes(step: &StepPlan, round: usize) -> usize;
}

impl Rounds for ClientStep {
    const PEER: Party = Party::Server;
    fn outgoing(&mut self) -> Result<Vec<u8>, StepError> {
        Self::outgoing(self)
    }
    fn incoming(&mut self, message: &[u8]) -> Result<(), StepError> {
        Self::incoming(self, message)
    }
    fn peer_bytes(step: &StepPlan, round: usize) -> usize {
        step.server_bytes(round)
    }
}

impl Rounds for ServerStep {
    const PEER: Party = Party::Client;
    fn outgoing(&mut self) -> Result<Vec<u8>, StepError> {
        Self::outgoing(self)
    }
    fn incoming(&mut self, message: &[u8]) -> Result<(), StepError> {
        Self::incoming(self, message)
    }
    fn peer_bytes(step: &StepPlan, round: usize) -> usize {
        step.client_bytes(round)
    }
}

/// Runs all rounds of a step.
async fn rounds<R: Rounds>(channel: &mut Channel, scope: Scope, step: &StepPlan, mut party: R) -> Result<R> {
    let mut arrived: Option<Vec<u8>> = None;
    for round in 0..step.rounds() {
        let outgoing;
        (party, outgoing) = advance(party, arrived.take()).await?;
        let due = Due::exactly(scope, Tag::Opening, R::peer_bytes(step, round));
        arrived = Some(swap(channel, &outgoing, due).await?);
    }
    finish_round(party, arrived).await
}

/// Takes in the last round's message and computes the next.
async fn advance<R: Rounds>(party: R, arrived: Option<Vec<u8>>) -> Result<(R, Vec<u8>)> {
    offload(move || {
        let mut party = take_in(party, arrived)?;
        let outgoing = party.outgoing().map_err(Error::internal)?;
        Ok((party, outgoing))
    })
    .await
}

async fn finish_round<R: Rounds>(party: R, arrived: Option<Vec<u8>>) -> Result<R> {
    offload(move || take_in(party, arrived)).await
}

fn take_in<R: Rounds>(mut party: R, arrived: Option<Vec<u8>>) -> Result<R> {
    if let Some(message) = arrived {
        party.incoming(&message).map_err(|e| Error::invalid(R::PEER, Tag::Opening, e))?;
    }
    Ok(party)
}

/// Sends what there is to send and receives what is due; an empty message is not sent.
async fn swap(channel: &mut Channel, outgoing: &[u8], due: Due) -> Result<Vec<u8>> {
    match (outgoing.is_empty(), due.is_empty()) {
        (false, false) => channel.exchange(outgoing, due).await,
        (true, false) => channel.receive(due).await,
        (false, true) => channel.send(due.scope, due.tag, outgoing).await.map(|()| Vec::new()),
        (true, true) => Ok(Vec::new()),
    }
}
