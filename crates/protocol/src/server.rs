//! The server's side of a session, as a program uses it: a [`Service`] is made once from a model and serves any number of
//! sessions at the same time.

use std::sync::Arc;

use deepcardio::model::Model;
use gc_nonlinear::{ActivationGarbler, ArgmaxGarbler};
use he_linear::{PublicKey, WeightHolder};
use rand_core::Rng;
use rayon::prelude::*;

use crate::channel::{Channel, Due};
use crate::entropy;
use crate::error::{Error, Party, Result};
use crate::handshake::{self, Backend, Offer, Reveal};
use crate::messages::{REQUEST_BYTES, Request};
use crate::meter::{Ledger, Phase, Scope};
use crate::phases::gc::Layer;
use crate::phases::setup::Correlations;
use crate::phases::{gc, linear, output, setup};
use crate::plan::Plan;
use crate::ring;
use crate::share::Share;
use crate::tap::{Point, Tap};
use crate::wire::Tag;

/// A model made ready to serve: its plan, and its weights in transformed form.
pub(crate) struct PreparedModel {
    model: Model,
    plan: Plan,
    weights: Vec<WeightHolder>,
}

impl PreparedModel {
    /// Plans, transforms the weights and proves from them that the flooding noise hides them.
    fn new(model: Model) -> Result<Self> {
        let plan = Plan::new(model.architecture())?;
        let weights = plan
            .stages
            .par_iter()
            .zip(model.weights())
            .map(|(stage, layer)| {
                WeightHolder::prepare(&stage.linear, layer.weights())
                    .map_err(|e| Error::Config(format!("layer {} cannot be served: {e}", stage.name)))
            })
            .collect::<Result<_>>()?;
        Ok(Self { model, plan, weights })
    }

    pub(crate) fn plan(&self) -> &Plan {
        &self.plan
    }

    pub(crate) fn weights(&self) -> &[WeightHolder] {
        &self.weights
    }

    /// `W u + b` for the linear layer `layer`, exact modulo `2^32`.
    pub(crate) fn accumulate(&self, layer: usize, input: &[u32]) -> Result<Vec<u32>> {
        let stages = self.model.architecture().stages();
        let (stage, weights) = stages
            .get(layer)
            .zip(self.model.weights().get(layer))
            .ok_or_else(|| Error::internal("a layer that the model does not have"))?;
        Ok(ring::conv1d(&stage.linear, weights.weights(), weights.bias(), input))
    }
}

/// What a server offers.
pub struct Service {
    model: Arc<PreparedModel>,
    model_id: [u8; 16],
    reveal: Reveal,
    tap: Option<Tap>,
}

/// What is left of a session that ended in order.
pub struct Summary {
    /// Inferences completed.
    pub inferences: u64,
    /// The books of the session.
    pub ledger: Ledger,
}

impl Service {
    /// Prepares `model`; the same weights serve every session.
    ///
    /// # Errors
    /// [`Error::Config`] or [`Error::Incompatible`] if a layer cannot be served; the text names it.
    pub fn new(model: Model, reveal: Reveal) -> Result<Self> {
        let mut model_id = [0; 16];
        entropy::fresh()?.fill_bytes(&mut model_id);
        Ok(Self { model: Arc::new(PreparedModel::new(model)?), model_id, reveal, tap: None })
    }

    /// Lays the server's shares into `tap`, for verification in one process.
    #[must_use]
    pub fn with_tap(mut self, tap: Tap) -> Self {
        self.tap = Some(tap);
        self
    }

    /// What clients learn.
    #[must_use]
    pub fn reveal(&self) -> Reveal {
        self.reveal
    }
}

/// Tells a client why it is not served.
pub async fn refuse(mut channel: Channel, reason: &str) {
    channel.abort(reason).await;
}

/// Serves one session to its end.
///
/// # Errors
/// [`Error`] says whose fault it is. The peer is told as far as it still listens.
pub async fn serve(mut channel: Channel, service: &Service) -> Result<Summary> {
    match run(&mut channel, service).await {
        Ok(inferences) => Ok(Summary { inferences, ledger: channel.take_ledger() }),
        Err(error) => {
            if let Some(reason) = reason_for_peer(&error) {
                channel.abort(&reason).await;
            }
            Err(error)
        }
    }
}

/// What the client may know of an error. Details of its own messages are told by kind alone.
fn reason_for_peer(error: &Error) -> Option<String> {
    match error {
        Error::Peer { .. } => Some("it received a message that breaks the protocol".into()),
        Error::Internal(_) | Error::Config(_) => Some("it failed; ask its operator".into()),
        Error::Incompatible(_) | Error::Aborted { .. } | Error::Io(_) => None,
    }
}

async fn run(channel: &mut Channel, service: &Service) -> Result<u64> {
    let clock = channel.open_phase(Phase::Setup);
    let offer = Offer {
        architecture: service.model.model.architecture(),
        model_id: service.model_id,
        reveal: service.reveal,
        backends: Backend::ALL,
    };
    let agreement = handshake::server(channel, offer, &mut entropy::fresh()?).await?;
    let (key, correlations) = setup::server(channel, &agreement.session_id).await?;
    channel.close_phase(clock);
    let mut session = ServerSession {
        model: Arc::clone(&service.model),
        reveal: service.reveal,
        tap: service.tap.clone(),
        key,
        session_id: agreement.session_id,
        correlations,
        inferences: 0,
    };
    while request(channel).await? == Request::Infer {
        let clock = channel.open_phase(Phase::Offline);
        let material = session.prepare(channel).await?;
        channel.close_phase(clock);
        let clock = channel.open_phase(Phase::Online);
        session.infer(channel, material).await?;
        channel.close_phase(clock);
        session.inferences += 1;
    }
    Ok(session.inferences)
}

async fn request(channel: &mut Channel) -> Result<Request> {
    let due = Due::exactly(Scope::session(Phase::Offline), Tag::Request, REQUEST_BYTES);
    let message = channel.receive_idle(due).await?;
    Request::decode(&message).map_err(|e| Error::invalid(Party::Client, Tag::Request, e))
}

/// The server's one-time material for the non-linear half of a layer, or for the output of the last.
enum NonlinearMaterial {
    Activation(ActivationGarbler),
    Scores,
    Label(ArgmaxGarbler),
}

type Material = Vec<(Share, NonlinearMaterial)>;

struct ServerSession {
    model: Arc<PreparedModel>,
    reveal: Reveal,
    tap: Option<Tap>,
    key: Arc<PublicKey>,
    session_id: [u8; 32],
    correlations: Correlations,
    inferences: u64,
}

impl ServerSession {
    async fn prepare(&mut self, channel: &mut Channel) -> Result<Material> {
        let masks = linear::server_offline(channel, &self.model, &self.key).await?;
        let mut material = Vec::new();
        for (index, mask) in masks.into_iter().enumerate() {
            material.push((mask, self.prepare_nonlinear(channel, index).await?));
        }
        Ok(material)
    }

    async fn prepare_nonlinear(&mut self, channel: &mut Channel, index: usize) -> Result<NonlinearMaterial> {
        let plan = self.model.plan();
        let activation = plan.stages.get(index).and_then(|stage| stage.activation.as_ref());
        let hashes = setup::inference_hashes(&self.session_id, self.inferences);
        let correlations = &mut self.correlations;
        match (activation, self.reveal) {
            (Some(activation), _) => {
                let layer = Layer { index, step: &activation.step };
                let prepared = gc::server_offline(channel, layer, &hashes, correlations);
                Ok(NonlinearMaterial::Activation(prepared.await?))
            }
            (None, Reveal::Scores) => Ok(NonlinearMaterial::Scores),
            (None, Reveal::Label) => {
                let prepared = output::server_label_offline(channel, plan, &hashes, correlations);
                Ok(NonlinearMaterial::Label(prepared.await?))
            }
        }
    }

    async fn infer(&mut self, channel: &mut Channel, material: Material) -> Result<()> {
        let model = Arc::clone(&self.model);
        let plan = model.plan();
        let mut share: Option<Share> = None;
        for (index, (stage, (mask, nonlinear))) in plan.stages.iter().zip(material).enumerate() {
            let accumulators = linear::server_online(channel, index, &self.model, share.take(), mask).await?;
            self.tap(Point::Accumulators(index), &accumulators);
            match (nonlinear, &stage.activation) {
                (NonlinearMaterial::Activation(garbler), Some(activation)) => {
                    let layer = Layer { index, step: &activation.step };
                    let paired = activation.paired(stage.accumulators, accumulators.residues());
                    let paired = Share::new(paired, stage.ell);
                    let y1 = gc::server_online(channel, layer, garbler, paired).await?;
                    let reduced = Share::new(activation.reduce(y1), activation.out_ell);
                    self.tap(Point::Activations(index), &reduced);
                    share = Some(reduced);
                }
                (NonlinearMaterial::Scores, None) => output::server_scores(channel, &accumulators).await?,
                (NonlinearMaterial::Label(garbler), None) => {
                    output::server_label(channel, garbler, accumulators).await?;
                }
                _ => return Err(Error::internal("material of another layer")),
            }
        }
        Ok(())
    }

    fn tap(&self, point: Point, share: &Share) {
        if let Some(tap) = &self.tap {
            tap.record(point, Party::Server, share);
        }
    }
}
