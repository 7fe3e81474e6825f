//! One session of a server: from the greeting to the farewell, request by request.

use std::sync::Arc;

use he_linear::PublicKey;

use super::pool::Pool;
use crate::channel::{Channel, Due};
use crate::correlations::Correlations;
use crate::entropy;
use crate::error::{Error, Party, Result};
use crate::handshake::{self, Offer};
use crate::keys::InferenceId;
use crate::messages::{REQUEST_BYTES, Request};
use crate::meter::{Phase, Scope};
use crate::method::{Backend, Method, Reveal};
use crate::phases::inference::{Served, ServerInference, Terms};
use crate::phases::output::{self, Choice};
use crate::phases::setup;
use crate::prepared_model::PreparedModel;
use crate::record::Record;
use crate::tap::Tap;
use crate::wire::Tag;

/// What every session of a server is offered.
pub(super) struct Offered {
    pub(super) model: Arc<PreparedModel>,
    pub(super) model_id: [u8; 16],
    pub(super) reveal: Reveal,
    /// Most prepared inferences held of one session.
    pub(super) most_prepared: u16,
    pub(super) tap: Option<Tap>,
}

/// Serves one session and counts its inferences.
pub(super) async fn run(channel: &mut Channel, offered: &Offered) -> Result<u64> {
    let mut session = channel.times().timed(Scope::SETUP, Session::set_up(channel, offered)).await?;
    loop {
        match request(channel).await? {
            Request::Prepare(method) => session.prepare(channel, method).await?,
            Request::Drop(number) => session.pool.forget(number)?,
            Request::Infer(number) => session.infer(channel, number).await?,
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

struct Session<'a> {
    offered: &'a Offered,
    backend: Backend,
    key: Arc<PublicKey>,
    session_id: [u8; 32],
    correlations: Correlations,
    pool: Pool,
    inferences: u64,
    /// Its shares of the latest segments' scores, where labels alone are revealed.
    record: Record,
    /// Overall labels asked for.
    overall_labels: u64,
}

impl<'a> Session<'a> {
    /// Greets and makes the keys of the session.
    async fn set_up(channel: &mut Channel, offered: &'a Offered) -> Result<Self> {
        let offer = Offer {
            architecture: offered.model.architecture(),
            model_id: offered.model_id,
            reveal: offered.reveal,
            most_prepared: offered.most_prepared,
            backends: Backend::ALL,
        };
        let agreement = handshake::server(channel, offer, &mut entropy::fresh()?).await?;
        let needs_silent = offered.model.plan().needs_silent(agreement.backend);
        let (key, correlations) = setup::server(channel, &agreement.session_id, needs_silent).await?;
        Ok(Self {
            offered,
            backend: agreement.backend,
            key,
            session_id: agreement.session_id,
            correlations,
            pool: Pool::new(offered.most_prepared),
            inferences: 0,
            record: Record::default(),
            overall_labels: 0,
        })
    }

    /// Runs the offline phase of one inference.
    async fn prepare(&mut self, channel: &mut Channel, method: Method) -> Result<()> {
        if method.backend() != self.backend {
            let reason = "a method of another backend than was agreed on";
            return Err(Error::invalid(Party::Client, Tag::Request, reason));
        }
        let number = self.pool.begin()?;
        let id = InferenceId::new(self.session_id, number);
        let served = Served { model: &self.offered.model, key: &self.key };
        let terms = Terms { method, reveal: self.offered.reveal };
        let times = channel.times();
        let inference = ServerInference::prepare(channel, served, terms, (&id, &mut self.correlations));
        self.pool.add(number, times.timed(Scope::session(Phase::Offline), inference).await?);
        Ok(())
    }

    /// Runs the online phase of a prepared inference, which uses it up.
    async fn infer(&mut self, channel: &mut Channel, number: u32) -> Result<()> {
        let inference = self.pool.take(number).await?;
        let times = channel.times();
        let run = inference.run(channel, &self.offered.model, self.offered.tap.as_ref());
        if let Some(scores) = times.timed(Scope::session(Phase::Online), run).await? {
            self.record.push(scores);
        }
        self.inferences += 1;
        Ok(())
    }

    /// Lets the client find the label of the sum of the scores of the last `segments` segments. What is kept of these and of
    /// earlier ones is used up.
    async fn overall_label(&mut self, channel: &mut Channel, segments: usize) -> Result<()> {
        if self.offered.reveal != Reveal::Label {
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
        let (plan, number) = (self.offered.model.plan(), self.overall_labels);
        let choice = Choice::of_record(plan, &self.session_id, number, segments).await?;
        let garbler = output::server_label_prepare(channel, &choice, &mut self.correlations).await?;
        let times = channel.times();
        times.timed(Scope::output(), output::server_label(channel, garbler, scores)).await?;
        self.overall_labels += 1;
        Ok(())
    }
}
