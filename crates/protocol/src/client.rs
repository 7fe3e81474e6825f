//! The client's side of a session, as a program uses it.
//!
//! [`ClientSession::connect`] greets and sets up; [`ClientSession::prepare`] runs the offline phase of one inference, for
//! which no ECG is needed; [`PreparedClient::infer`] consumes what was prepared together with one ECG segment. Each step
//! takes the session by value: after an error nothing remains that could be used a second time.

use std::sync::Arc;

use deepcardio::architecture::Architecture;
use deepcardio::ecg::Segment;
use gc_nonlinear::{ActivationEvaluator, ArgmaxEvaluator};
use he_linear::InputHolder;

use crate::channel::Channel;
use crate::entropy;
use crate::error::{Error, Party, Result};
use crate::handshake::{self, Backend, Reveal};
use crate::messages::Request;
use crate::meter::{Ledger, Phase, Scope};
use crate::phases::gc::Layer;
use crate::phases::linear::ClientLinear;
use crate::phases::setup::Correlations;
use crate::phases::{gc, linear, output, setup};
use crate::plan::{Limits, Plan};
use crate::progress::{Observer, report};
use crate::share::Share;
use crate::tap::{Point, Tap};
use crate::wire::Tag;

/// How a client wants its session.
pub struct ClientConfig {
    /// The backend to ask for.
    pub backend: Backend,
    /// The digest that the server's architecture must have.
    pub pinned_architecture: Option<[u8; 32]>,
    /// What it is ready to spend.
    pub limits: Limits,
    /// Who hears of progress.
    pub observer: Option<Observer>,
    /// Where its shares go for verification; only of use with a server in the same process.
    pub tap: Option<Tap>,
}

/// What the client learned of one segment.
#[derive(Clone, PartialEq, Eq)]
pub enum Outcome {
    /// The integer score of every class.
    Scores(Vec<i64>),
    /// The index of the best class alone.
    Label(usize),
}

/// A session between two inferences.
pub struct ClientSession {
    channel: Channel,
    architecture: Architecture,
    reveal: Reveal,
    model_id: [u8; 16],
    plan: Arc<Plan>,
    holder: Arc<InputHolder>,
    session_id: [u8; 32],
    correlations: Correlations,
    inferences: u64,
    observer: Option<Observer>,
    tap: Option<Tap>,
}

/// The client's one-time material for the non-linear half of a layer, or for the output of the last.
enum NonlinearMaterial {
    Activation(ActivationEvaluator),
    Scores,
    Label(ArgmaxEvaluator),
}

/// A session with the one-time material of one inference.
pub struct PreparedClient {
    session: ClientSession,
    material: Vec<(ClientLinear, NonlinearMaterial)>,
}

impl ClientSession {
    /// Greets the server, checks its architecture and makes the keys of the session.
    ///
    /// # Errors
    /// [`Error`] says whose fault it is.
    pub async fn connect(mut channel: Channel, config: ClientConfig) -> Result<Self> {
        let clock = channel.open_phase(Phase::Setup);
        let mut rng = entropy::fresh()?;
        let agreement =
            handshake::client(&mut channel, config.backend, config.pinned_architecture, &mut rng).await?;
        let plan = Plan::new(&agreement.architecture)?;
        plan.check(config.limits, agreement.reveal)?;
        let (holder, correlations) = setup::client(&mut channel, &agreement.session_id).await?;
        channel.close_phase(clock);
        Ok(Self {
            channel,
            architecture: agreement.architecture,
            reveal: agreement.reveal,
            model_id: agreement.model_id,
            plan: Arc::new(plan),
            holder,
            session_id: agreement.session_id,
            correlations,
            inferences: 0,
            observer: config.observer,
            tap: config.tap,
        })
    }

    /// The public architecture that the server runs.
    #[must_use]
    pub fn architecture(&self) -> &Architecture {
        &self.architecture
    }

    /// What the server lets the client learn.
    #[must_use]
    pub fn reveal(&self) -> Reveal {
        self.reveal
    }

    /// The random name of the server's model.
    #[must_use]
    pub fn model_id(&self) -> [u8; 16] {
        self.model_id
    }

    /// The books since the last call.
    #[must_use]
    pub fn take_ledger(&mut self) -> Ledger {
        self.channel.take_ledger()
    }

    /// Runs the offline phase of one inference.
    ///
    /// # Errors
    /// [`Error`] says whose fault it is.
    pub async fn prepare(mut self) -> Result<PreparedClient> {
        let clock = self.channel.open_phase(Phase::Offline);
        let scope = Scope::session(Phase::Offline);
        self.channel.send(scope, Tag::Request, &Request::Infer.encode()).await?;
        let observer = self.observer.as_ref();
        let linear = linear::client_offline(&mut self.channel, &self.plan, &self.holder, observer).await?;
        let mut material = Vec::new();
        for (index, linear) in linear.into_iter().enumerate() {
            let nonlinear = self.prepare_nonlinear(index, &linear.product).await?;
            material.push((linear, nonlinear));
        }
        self.channel.close_phase(clock);
        Ok(PreparedClient { session: self, material })
    }

    async fn prepare_nonlinear(&mut self, index: usize, product: &Share) -> Result<NonlinearMaterial> {
        let plan = Arc::clone(&self.plan);
        let stage = plan.stages.get(index).ok_or_else(no_such_layer)?;
        let hashes = setup::inference_hashes(&self.session_id, self.inferences);
        let (channel, correlations) = (&mut self.channel, &mut self.correlations);
        if let Some(activation) = &stage.activation {
            let layer = Layer { index, step: &activation.step };
            let share = activation.paired(stage.accumulators, product.residues());
            let prepared = gc::client_offline(channel, layer, &hashes, correlations, share);
            return Ok(NonlinearMaterial::Activation(prepared.await?));
        }
        if self.reveal == Reveal::Scores {
            return Ok(NonlinearMaterial::Scores);
        }
        let prepared = output::client_label_offline(channel, &plan, &hashes, correlations, product);
        Ok(NonlinearMaterial::Label(prepared.await?))
    }

    fn tap(&self, point: Point, share: &Share) {
        if let Some(tap) = &self.tap {
            tap.record(point, Party::Client, share);
        }
    }

    /// Ends the session in order.
    ///
    /// # Errors
    /// [`Error::Io`] if the connection is already gone.
    pub async fn finish(mut self) -> Result<()> {
        self.channel.send(Scope::SETUP, Tag::Request, &Request::Finish.encode()).await
    }
}

impl PreparedClient {
    /// Classifies one segment and gives the session back for the next.
    ///
    /// # Errors
    /// [`Error::Config`] if the segment does not fit the architecture; otherwise [`Error`] says whose fault it is.
    pub async fn infer(self, segment: &Segment) -> Result<(ClientSession, Outcome)> {
        let Self { mut session, material } = self;
        let clock = session.channel.open_phase(Phase::Online);
        let mut share = session.input(segment)?;
        for (index, (linear, nonlinear)) in material.into_iter().enumerate() {
            let ClientLinear { mask, product } = linear;
            let plan = Arc::clone(&session.plan);
            let stage = plan.stages.get(index).ok_or_else(no_such_layer)?;
            linear::client_online(&mut session.channel, index, stage, &share, mask).await?;
            session.tap(Point::Accumulators(index), &product);
            let outcome = match (nonlinear, &stage.activation) {
                (NonlinearMaterial::Activation(evaluator), Some(activation)) => {
                    let layer = Layer { index, step: &activation.step };
                    let y0 = gc::client_online(&mut session.channel, layer, evaluator).await?;
                    share = Share::new(activation.reduce(y0), activation.out_ell);
                    session.tap(Point::Activations(index), &share);
                    None
                }
                (NonlinearMaterial::Scores, None) => {
                    Some(Outcome::Scores(output::client_scores(&mut session.channel, &product).await?))
                }
                (NonlinearMaterial::Label(evaluator), None) => {
                    Some(Outcome::Label(output::client_label(&mut session.channel, &plan, evaluator).await?))
                }
                _ => return Err(Error::internal("material of another layer")),
            };
            report(session.observer.as_ref(), Phase::Online, &stage.name, index + 1, plan.stages.len());
            if let Some(outcome) = outcome {
                session.inferences += 1;
                session.channel.close_phase(clock);
                return Ok((session, outcome));
            }
        }
        Err(Error::internal("a plan without scores"))
    }

    /// The books since the last call.
    #[must_use]
    pub fn take_ledger(&mut self) -> Ledger {
        self.session.take_ledger()
    }
}

impl ClientSession {
    /// The segment as the client's share of the network's input (the server's is zero).
    fn input(&self, segment: &Segment) -> Result<Share> {
        let first = self.plan.stages.first().ok_or_else(no_such_layer)?;
        self.architecture.check_segment(segment).map_err(|e| Error::Config(e.to_string()))?;
        let residues = segment.samples().iter().map(|sample| sample.cast_unsigned()).collect();
        Ok(Share::new(residues, first.ell))
    }
}

fn no_such_layer() -> Error {
    Error::internal("a layer that the plan does not have")
}
