//! A whole inference: prepared before the ECG is known, then run stage after stage.
//!
//! What is prepared is used up by running it. It takes nothing of the session any more but the
//! connection, so one inference can be prepared while another runs.

use std::sync::Arc;

use he_linear::{InputHolder, PublicKey};
use shares::Role;
use shares::Share;

use crate::channel::Channel;
use crate::correlations::Correlations;
use crate::error::{Error, Result};
use crate::keys::InferenceId;
use crate::meter::Phase;
use crate::method::{Method, Reveal};
use crate::phases::linear::{self, ClientLinear};
#[cfg(feature = "server")]
use crate::phases::output::ServerEnd;
use crate::phases::output::{Answer, Choice, ClientEnd};
#[cfg(feature = "server")]
use crate::phases::stage::ServerStage;
use crate::phases::stage::{self, ClientStage};
use crate::plan::Plan;
#[cfg(feature = "server")]
use crate::prepared_model::PreparedModel;
use crate::progress::{Observer, report};
use crate::tap::Tap;

/// What both parties agreed on for one inference.
#[derive(Clone, Copy)]
pub(crate) struct Terms {
    /// How the steps after the linear layers are computed.
    pub(crate) method: Method,
    /// What the client learns.
    pub(crate) reveal: Reveal,
}

/// The client's one-time material of one inference.
pub(crate) struct ClientInference {
    stages: Vec<ClientStage>,
    end: ClientEnd,
}

#[cfg(feature = "server")]
/// The server's one-time material of one inference.
pub(crate) struct ServerInference {
    stages: Vec<ServerStage>,
    end: ServerEnd,
}

#[cfg(feature = "server")]
/// The server's lasting part in a preparation.
pub(crate) struct Served<'a> {
    /// The model with its weights.
    pub(crate) model: &'a Arc<PreparedModel>,
    /// The client's homomorphic key.
    pub(crate) key: &'a Arc<PublicKey>,
}

impl ClientInference {
    /// The client's offline phase. The material keeps what a verification takes if it is
    /// `verified`.
    pub(crate) async fn prepare(
        channel: &mut Channel,
        (plan, holder): (&Arc<Plan>, &Arc<InputHolder>),
        terms: Terms,
        (id, correlations): (&InferenceId, &mut Correlations),
        observer: Option<&Observer>,
        verified: bool,
    ) -> Result<Self> {
        let ClientLinear { masks, products } =
            linear::client_offline(channel, plan, holder, observer).await?;
        let steps = stage::supply(channel, plan, terms.method, Role::Client, id, correlations).await?;
        let mut stages = Vec::new();
        let linear = masks.into_iter().zip(products);
        for ((at, step), linear) in plan.stages.iter().enumerate().zip(steps).zip(linear) {
            let Some(step) = step else {
                let choice = Choice::of_segment(plan, terms.reveal, id);
                let end = ClientEnd::prepare(channel, at, choice, correlations, linear).await?;
                return Ok(Self { stages, end });
            };
            let stage = ClientStage::prepare(channel, at, step, (id, correlations), linear, verified);
            stages.push(stage.await?);
        }
        Err(no_scores())
    }

    /// The client's online phase; `input` is its share of the network's input.
    pub(crate) async fn run(
        self,
        channel: &mut Channel,
        input: Share,
        observer: Option<&Observer>,
        tap: Option<&Tap>,
    ) -> Result<Answer> {
        let (mut share, total) = (input, self.stages.len() + 1);
        for (stage, done) in self.stages.into_iter().zip(1..) {
            let name = stage.name().to_owned();
            share = stage.run(channel, tap, share).await?;
            report(observer, Phase::Online, &name, done, total);
        }
        self.end.run(channel, tap, share).await
    }
}

#[cfg(feature = "server")]
impl ServerInference {
    /// The server's offline phase.
    pub(crate) async fn prepare(
        channel: &mut Channel,
        Served { model, key }: Served<'_>,
        terms: Terms,
        (id, correlations): (&InferenceId, &mut Correlations),
    ) -> Result<Self> {
        let plan = model.plan();
        let masks = linear::server_offline(channel, model, key).await?;
        let steps = stage::supply(channel, plan, terms.method, Role::Server, id, correlations).await?;
        let mut stages = Vec::new();
        for ((at, step), mask) in plan.stages.iter().enumerate().zip(steps).zip(masks) {
            let Some(step) = step else {
                let choice = Choice::of_segment(plan, terms.reveal, id);
                let end = ServerEnd::prepare(channel, at, choice, correlations, mask).await?;
                return Ok(Self { stages, end });
            };
            stages.push(ServerStage::prepare(channel, at, step, (id, correlations), mask).await?);
        }
        Err(no_scores())
    }

    /// The server's online phase. It gives the server's share of the scores if the label alone was
    /// revealed.
    ///
    /// Nothing tells of the output before `granted` has come true.
    pub(crate) async fn run<E: From<Error>>(
        self,
        channel: &mut Channel,
        model: &Arc<PreparedModel>,
        tap: Option<&Tap>,
        granted: impl Future<Output = Result<(), E>>,
    ) -> Result<Option<Share>, E> {
        let mut share = None;
        for stage in self.stages {
            share = Some(stage.run(channel, model, tap, share).await?);
        }
        let output = self.end.compute(channel, model, tap, share).await?;
        granted.await?;
        Ok(output.reveal(channel).await?)
    }
}

fn no_scores() -> Error {
    Error::internal("a plan without scores")
}
