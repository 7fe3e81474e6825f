//! The server's side of a session, as a program uses it: a [`Service`] is made once from a model and serves any number of
//! sessions at the same time.

use std::sync::Arc;

use deepcardio::model::Model;
use he_linear::PublicKey;
use rand_core::Rng;
use shares::Share;

use crate::channel::{Channel, Due};
use crate::correlations::Correlations;
use crate::entropy;
use crate::error::{Error, Party, Result};
use crate::handshake::{self, Offer};
use crate::keys::InferenceId;
use crate::messages::{REQUEST_BYTES, Request};
use crate::meter::{Ledger, Phase, Scope};
use crate::method::{Backend, Method, Reveal};
use crate::phases::inference::{Served, ServerInference, Terms};
use crate::phases::output::Choice;
use crate::phases::{output, setup};
use crate::prepared_model::PreparedModel;
use crate::record::Record;
use crate::tap::Tap;
use crate::wire::Tag;

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
        Ok(inferences) => Ok(Summary { inferences: inferences.into(), ledger: channel.take_ledger() }),
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

async fn run(channel: &mut Channel, service: &Service) -> Result<u32> {
    let mut session = channel.times().timed(Scope::SETUP, ServerSession::set_up(channel, service)).await?;
    loop {
        match request(channel).await? {
            Request::Infer(method) => session.classify(channel, method).await?,
            Request::OverallLabel(segments) => session.overall_label(channel, usize::from(segments)).await?,
            Request::Finish => return Ok(session.inferences),
        }
    }
}

async fn request(channel: &mut Channel) -> Result<Request> {
    let due = Due::exactly(Scope::session(Phase::Offline), Tag::Request, REQUEST_BYTES);
    let message = channel.receive_idle(due).await?;
    Request::decode(&message).map_err(|e| Error::invalid(Party::Client, Tag::Request, e))
}

struct ServerSession {
    model: Arc<PreparedModel>,
    backend: Backend,
    reveal: Reveal,
    tap: Option<Tap>,
    key: Arc<PublicKey>,
    session_id: [u8; 32],
    correlations: Correlations,
    inferences: u32,
    /// Its shares of the latest segments' scores, where labels alone are revealed.
    record: Record,
    /// Overall labels asked for.
    overall_labels: u64,
}

impl ServerSession {
    /// Greets and makes the keys of the session.
    async fn set_up(channel: &mut Channel, service: &Service) -> Result<Self> {
        let offer = Offer {
            architecture: service.model.architecture(),
            model_id: service.model_id,
            reveal: service.reveal,
            backends: Backend::ALL,
        };
        let agreement = handshake::server(channel, offer, &mut entropy::fresh()?).await?;
        let needs_silent = service.model.plan().needs_silent(agreement.backend);
        let (key, correlations) = setup::server(channel, &agreement.session_id, needs_silent).await?;
        Ok(Self {
            model: Arc::clone(&service.model),
            backend: agreement.backend,
            reveal: service.reveal,
            tap: service.tap.clone(),
            key,
            session_id: agreement.session_id,
            correlations,
            inferences: 0,
            record: Record::default(),
            overall_labels: 0,
        })
    }

    async fn classify(&mut self, channel: &mut Channel, method: Method) -> Result<()> {
        let times = channel.times();
        let material = self.prepare(channel, method);
        let material = times.timed(Scope::session(Phase::Offline), material).await?;
        times.timed(Scope::session(Phase::Online), self.infer(channel, material)).await?;
        self.inferences += 1;
        Ok(())
    }

    /// Lets the client find the label of the sum of the scores of the last `segments` segments. What is kept of these and of
    /// earlier ones is used up.
    async fn overall_label(&mut self, channel: &mut Channel, segments: usize) -> Result<()> {
        if self.reveal != Reveal::Label {
            let reason =
                "an overall label was asked for, but this server reveals scores, which a client adds up";
            channel.abort(reason).await;
            return Err(Error::Incompatible(reason.into()));
        }
        channel.times().timed(Scope::session(Phase::Online), self.choose(channel, segments)).await
    }

    async fn choose(&mut self, channel: &mut Channel, segments: usize) -> Result<()> {
        let kept = self.record.kept();
        let scores = self.record.take(segments).ok_or_else(|| {
            let reason = format!("the label of {segments} segments, where {kept} are kept");
            Error::invalid(Party::Client, Tag::Request, reason)
        })?;
        let (session, number) = (&self.session_id, self.overall_labels);
        let choice = Choice::of_record(self.model.plan(), session, number, segments).await?;
        let garbler = output::server_label_prepare(channel, &choice, &mut self.correlations).await?;
        let times = channel.times();
        times.timed(Scope::output(), output::server_label(channel, garbler, scores)).await?;
        self.overall_labels += 1;
        Ok(())
    }

    async fn prepare(&mut self, channel: &mut Channel, method: Method) -> Result<ServerInference> {
        if method.backend() != self.backend {
            let reason = "a method of another backend than was agreed on";
            return Err(Error::invalid(Party::Client, Tag::Request, reason));
        }
        let id = InferenceId::new(self.session_id, self.inferences);
        let (served, terms) =
            (Served { model: &self.model, key: &self.key }, Terms { method, reveal: self.reveal });
        ServerInference::prepare(channel, served, terms, (&id, &mut self.correlations)).await
    }

    async fn infer(&mut self, channel: &mut Channel, inference: ServerInference) -> Result<()> {
        if let Some(scores) = inference.run(channel, &self.model, self.tap.as_ref()).await? {
            self.record.push(scores);
        }
        Ok(())
    }
}
