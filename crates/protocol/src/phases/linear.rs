//! Linear layers: the homomorphic half before the ECG is known, plain integers after.
//!
//! ```text
//! offline, every layer, streaming
//!   client: r uniform                    EncryptedMask: Enc(r)               ->
//!   server: s uniform                 <- MaskedProduct: Enc(W r - s), fresh, masked
//!   client keeps r and W r - s; server keeps s
//! online, per layer
//!   client: holds y0 (its input x at first)   MaskedInput: y0 - r            ->
//!   server: u = (y0 - r) + y1;  W u + b + s is its share of the accumulators, W r - s is the client's
//! ```
//! (Mishra et al., USENIX Security 2020, section 4; the homomorphic product is the `he-linear`
//! crate's.)

use std::sync::Arc;

use he_linear::{InputHolder, PublicKey};
use shares::Role;
use shares::{Share, pack_residues, unpack_residues};
use tokio::sync::mpsc;

use crate::channel::{Channel, Due, FrameReceiver, FrameSender, Times, both};
use crate::compute::offload;
use crate::entropy;
use crate::error::{Error, Result};
use crate::meter::{Phase, Scope};
use crate::plan::{Plan, StagePlan};
#[cfg(feature = "server")]
use crate::prepared_model::PreparedModel;
use crate::progress::{Observer, report};
use crate::wire::Tag;

/// How many layers' messages may wait for a computation.
const QUEUE: usize = 2;

/// The client's one-time material, one of each a layer.
pub(crate) struct ClientLinear {
    /// The masks `r`.
    pub(crate) masks: Vec<Share>,
    /// Its shares of the accumulators, `W r - s`.
    pub(crate) products: Vec<Share>,
}

/// The client's half of the offline phase: masks go out while products come in.
pub(crate) async fn client_offline(
    channel: &mut Channel,
    plan: &Arc<Plan>,
    holder: &Arc<InputHolder>,
    observer: Option<&Observer>,
) -> Result<ClientLinear> {
    let mut rng = entropy::fresh()?;
    let masks: Vec<Share> =
        plan.stages.iter().map(|s| Share::random(s.geometry.input().count(), s.ell, &mut rng)).collect();
    let masks = Arc::new(masks);
    channel.book_trips(Scope::session(Phase::Offline), 2);
    let times = channel.times();
    let (sender, receiver) = channel.halves();
    let ((), products) = both(
        send_masks(sender, plan, holder, &masks),
        open_products(receiver, plan, holder, observer, &times),
    )
    .await?;
    let masks = Arc::try_unwrap(masks).map_err(|_| Error::internal("a mask is still in use"))?;
    Ok(ClientLinear { masks, products })
}

async fn send_masks(
    sender: &mut FrameSender,
    plan: &Arc<Plan>,
    holder: &Arc<InputHolder>,
    masks: &Arc<Vec<Share>>,
) -> Result<()> {
    for layer in 0..plan.stages.len() {
        let (plan, holder, masks) = (Arc::clone(plan), Arc::clone(holder), Arc::clone(masks));
        let message = offload(move || {
            let (stage, mask) = pick(&plan.stages, &masks, layer)?;
            holder.encrypt(&stage.linear, mask.residues(), &mut entropy::fresh()?).map_err(Error::internal)
        });
        sender.send(Scope::linear(Phase::Offline, layer), Tag::EncryptedMask, &message.await?).await?;
    }
    Ok(())
}

async fn open_products(
    receiver: &mut FrameReceiver,
    plan: &Arc<Plan>,
    holder: &Arc<InputHolder>,
    observer: Option<&Observer>,
    times: &Times,
) -> Result<Vec<Share>> {
    let mut products = Vec::new();
    for (layer, stage) in plan.stages.iter().enumerate() {
        let scope = Scope::linear(Phase::Offline, layer);
        let due = Due::exactly(scope, Tag::MaskedProduct, stage.linear.output_bytes());
        let product = async {
            let message = receiver.receive(due).await?;
            let (task_plan, holder) = (Arc::clone(plan), Arc::clone(holder));
            offload(move || {
                let stage = task_plan.stages.get(layer).ok_or_else(Error::no_such_layer)?;
                let residues = holder
                    .open(&stage.linear, &message)
                    .map_err(|e| Error::invalid(Role::Server, Tag::MaskedProduct, e))?;
                Ok(Share::new(residues, stage.ell))
            })
            .await
        };
        products.push(times.timed(scope, product).await?);
        report(observer, Phase::Offline, &stage.name, layer + 1, plan.stages.len());
    }
    Ok(products)
}

#[cfg(feature = "server")]
/// The server's half of the offline phase; gives its masks `s`.
pub(crate) async fn server_offline(
    channel: &mut Channel,
    model: &Arc<PreparedModel>,
    key: &Arc<PublicKey>,
) -> Result<Vec<Share>> {
    let mut rng = entropy::fresh()?;
    let stages = &model.plan().stages;
    let masks: Vec<Share> =
        stages.iter().map(|s| Share::random(s.geometry.output().count(), s.ell, &mut rng)).collect();
    let masks = Arc::new(masks);
    let (sender, receiver) = channel.halves();
    let (queue, messages) = mpsc::channel(QUEUE);
    both(send_products(sender, model, key, &masks, messages), receive_masks(receiver, stages, queue)).await?;
    Arc::try_unwrap(masks).map_err(|_| Error::internal("a mask is still in use"))
}

async fn receive_masks(
    receiver: &mut FrameReceiver,
    stages: &[Arc<StagePlan>],
    queue: mpsc::Sender<Vec<u8>>,
) -> Result<()> {
    for (layer, stage) in stages.iter().enumerate() {
        let scope = Scope::linear(Phase::Offline, layer);
        let due = Due::exactly(scope, Tag::EncryptedMask, stage.linear.input_bytes());
        if queue.send(receiver.receive(due).await?).await.is_err() {
            return Ok(());
        }
    }
    Ok(())
}

#[cfg(feature = "server")]
async fn send_products(
    sender: &mut FrameSender,
    model: &Arc<PreparedModel>,
    key: &Arc<PublicKey>,
    masks: &Arc<Vec<Share>>,
    mut messages: mpsc::Receiver<Vec<u8>>,
) -> Result<()> {
    let mut layer = 0;
    while let Some(message) = messages.recv().await {
        let (model, key, masks) = (Arc::clone(model), Arc::clone(key), Arc::clone(masks));
        let product = offload(move || {
            let (weights, mask) = pick(model.weights(), &masks, layer)?;
            weights
                .apply(&key, &message, mask.residues(), &mut entropy::fresh()?)
                .map_err(|e| Error::invalid(Role::Client, Tag::EncryptedMask, e))
        });
        sender.send(Scope::linear(Phase::Offline, layer), Tag::MaskedProduct, &product.await?).await?;
        layer += 1;
    }
    Ok(())
}

/// The client's online message: its share of the layer's input under the mask, which is used up.
pub(crate) async fn client_online(
    channel: &mut Channel,
    layer: usize,
    stage: &StagePlan,
    input: Share,
    mask: Share,
) -> Result<()> {
    let scope = Scope::linear(Phase::Online, layer);
    let masked = stage.linear_input(input).minus(mask.residues());
    let bytes = pack_residues(masked.residues(), stage.ell);
    channel.send(scope, Tag::MaskedInput, &bytes).await?;
    Ok(())
}

#[cfg(feature = "server")]
/// The server's online step: gives its share of the accumulators. `share` is its share of the input
/// (`None` for the ECG, which is the client's alone); the mask `s` is used up.
pub(crate) async fn server_online(
    channel: &mut Channel,
    layer: usize,
    model: &Arc<PreparedModel>,
    share: Option<Share>,
    mask: Share,
) -> Result<Share> {
    let scope = Scope::linear(Phase::Online, layer);
    let stage = model.plan().stages.get(layer).ok_or_else(Error::no_such_layer)?;
    let due = Due::exactly(scope, Tag::MaskedInput, stage.masked_input_bytes());
    let message = channel.receive(due).await?;
    let model = Arc::clone(model);
    let accumulators = offload(move || {
        let stage = model.plan().stages.get(layer).ok_or_else(Error::no_such_layer)?;
        let masked = unpack_residues(&message, stage.geometry.input().count(), stage.ell)
            .map_err(|e| Error::invalid(Role::Client, Tag::MaskedInput, e))?;
        let mut input = Share::new(masked, stage.ell);
        if let Some(share) = share {
            input = input.plus(stage.linear_input(share).residues());
        }
        Ok(mask.plus(&model.accumulate(layer, input.residues())?))
    })
    .await?;
    Ok(accumulators)
}

fn pick<'a, A, B>(a: &'a [A], b: &'a [B], layer: usize) -> Result<(&'a A, &'a B)> {
    a.get(layer).zip(b.get(layer)).ok_or_else(Error::no_such_layer)
}
