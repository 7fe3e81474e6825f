//! The non-linear step by garbled circuits: the server garbles, the client evaluates, in one round
//! trip a layer.
//!
//! ```text
//! offline, per layer
//!   client: random COTs for its share's bits   Extension, InputCorrections            ->
//!   server: random COTs for its output choices <- Extension
//! online, per layer
//!   server: knows its share of the accumulators <- GarbledTables (one message a chunk)
//!   client: evaluates chunk by chunk             OutputCorrections                    ->
//!   both: additive shares of the activation in the next layer's ring
//! ```
//! Garbling and evaluation overlap with the network: while one chunk travels, the next is garbled
//! and the last evaluated.

use gc_nonlinear::{ActivationEvaluator, ActivationGarbler, HashRoot, ReceiverCots, SentCots, StepPlan};
use shares::Role;
use shares::Share;
use tokio::sync::mpsc;

use crate::channel::{Channel, Due, both};
use crate::compute::offload;
use crate::correlations::{Correlations, extension_bytes};
use crate::error::{Error, Result};
use crate::meter::{Phase, Scope};
use crate::wire::Tag;

/// Garbled chunks that may wait for the network.
const QUEUE: usize = 2;

/// A layer as this step sees it.
#[derive(Clone, Copy)]
pub(crate) struct Layer<'a> {
    /// Counts from 0.
    pub(crate) index: usize,
    pub(crate) step: &'a StepPlan,
}

impl Layer<'_> {
    /// The step's number within the hashes of one inference; no architecture has as many layers as
    /// this could count.
    fn step_id(self) -> u16 {
        u16::try_from(self.index).unwrap_or(u16::MAX)
    }

    fn scope(self, phase: Phase) -> Scope {
        Scope::nonlinear(phase, self.index)
    }
}

/// The client's half of the offline phase; `product` is its share of the accumulators that enter
/// the step.
pub(crate) async fn client_offline(
    channel: &mut Channel,
    layer: Layer<'_>,
    hash_root: &HashRoot,
    correlations: &mut Correlations,
    product: Share,
) -> Result<ActivationEvaluator> {
    let scope = layer.scope(Phase::Offline);
    let (extension, inputs) = correlations.receive(layer.step.input_cots()).await?;
    let due = Due::exactly(scope, Tag::Extension, extension_bytes(layer.step.output_cots()));
    let peer_extension = channel.exchange(&extension, due).await?;
    let outputs = correlations.send(layer.step.output_cots(), peer_extension).await?;
    let (step, hash_root, id) = (layer.step.clone(), hash_root.clone(), layer.step_id());
    let prepare = offload(move || prepare_evaluator(&step, &hash_root, id, &product, inputs, outputs));
    let (corrections, evaluator) = prepare.await?;
    channel.send(scope, Tag::InputCorrections, &corrections).await?;
    Ok(evaluator)
}

fn prepare_evaluator(
    step: &StepPlan,
    hash_root: &HashRoot,
    id: u16,
    product: &Share,
    inputs: ReceiverCots,
    outputs: SentCots,
) -> Result<(Vec<u8>, ActivationEvaluator)> {
    ActivationEvaluator::prepare(step, hash_root, id, product.residues(), inputs, outputs)
        .map_err(Error::internal)
}

/// The server's half of the offline phase.
pub(crate) async fn server_offline(
    channel: &mut Channel,
    layer: Layer<'_>,
    hash_root: &HashRoot,
    correlations: &mut Correlations,
) -> Result<ActivationGarbler> {
    let scope = layer.scope(Phase::Offline);
    let (extension, outputs) = correlations.receive(layer.step.output_cots()).await?;
    let due = Due::exactly(scope, Tag::Extension, extension_bytes(layer.step.input_cots()));
    let peer_extension = channel.exchange(&extension, due).await?;
    let inputs = correlations.send(layer.step.input_cots(), peer_extension).await?;
    let due = Due::exactly(scope, Tag::InputCorrections, layer.step.input_corrections_bytes());
    let corrections = channel.receive(due).await?;
    let (step, hash_root, id) = (layer.step.clone(), hash_root.clone(), layer.step_id());
    let garbler = offload(move || {
        ActivationGarbler::prepare(&step, &hash_root, id, inputs, &corrections, outputs)
            .map_err(|e| Error::invalid(Role::Client, Tag::InputCorrections, e))
    })
    .await?;
    Ok(garbler)
}

/// The client's online half: gives its share of the activation, modulo `2^out_ell`.
pub(crate) async fn client_online(
    channel: &mut Channel,
    layer: Layer<'_>,
    mut evaluator: ActivationEvaluator,
) -> Result<Vec<u32>> {
    let scope = layer.scope(Phase::Online);
    let mut pending: Option<Vec<u8>> = None;
    for chunk in 0..layer.step.chunks() {
        let due = Due::exactly(scope, Tag::GarbledTables, layer.step.chunk_bytes(chunk));
        let evaluation = evaluate(evaluator, pending.take());
        let (message, returned) = tokio::try_join!(channel.receive(due), evaluation)?;
        (pending, evaluator) = (Some(message), returned);
    }
    let evaluator = evaluate(evaluator, pending).await?;
    let (share, corrections) = offload(move || evaluator.finish().map_err(Error::internal)).await?;
    channel.send(scope, Tag::OutputCorrections, &corrections).await?;
    Ok(share)
}

async fn evaluate(
    mut evaluator: ActivationEvaluator,
    tables: Option<Vec<u8>>,
) -> Result<ActivationEvaluator> {
    let Some(tables) = tables else { return Ok(evaluator) };
    offload(move || {
        let done = evaluator.evaluate_chunk(&tables);
        done.map_err(|e| Error::invalid(Role::Server, Tag::GarbledTables, e))?;
        Ok(evaluator)
    })
    .await
}

/// The server's online half: `share` is its share of the accumulators that enter the step.
pub(crate) async fn server_online(
    channel: &mut Channel,
    layer: Layer<'_>,
    garbler: ActivationGarbler,
    share: Share,
) -> Result<Vec<u32>> {
    let scope = layer.scope(Phase::Online);
    let (queue, mut chunks) = mpsc::channel(QUEUE);
    let count = layer.step.chunks();
    let garbling = offload(move || garble(garbler, &share, count, &queue));
    let sending = async {
        while let Some(tables) = chunks.recv().await {
            channel.send(scope, Tag::GarbledTables, &tables).await?;
        }
        Ok(())
    };
    let ((), garbler) = both(sending, garbling).await?;
    let due = Due::exactly(scope, Tag::OutputCorrections, layer.step.output_corrections_bytes());
    let corrections = channel.receive(due).await?;
    let share = offload(move || {
        garbler.finish(&corrections).map_err(|e| Error::invalid(Role::Client, Tag::OutputCorrections, e))
    })
    .await?;
    Ok(share)
}

fn garble(
    garbler: ActivationGarbler,
    share: &Share,
    chunks: usize,
    queue: &mpsc::Sender<Vec<u8>>,
) -> Result<ActivationGarbler> {
    for chunk in 0..chunks {
        let tables = garbler.garble_chunk(chunk, share.residues()).map_err(Error::internal)?;
        if queue.blocking_send(tables).is_err() {
            break;
        }
    }
    Ok(garbler)
}
