//! The client's side of a session, as a program uses it.
//!
//! [`ClientSession::connect`] greets and sets up; [`ClientSession::prepare`] runs the offline phase of one inference, for
//! which no ECG is needed; [`PreparedClient::infer`] consumes what was prepared together with one ECG segment. Where the
//! server reveals labels alone, [`ClientSession::overall_label`] ends a record of several segments. Each step takes the
//! session by value: after an error nothing remains that could be used a second time.

use std::sync::Arc;
use std::time::Instant;

use deepcardio::architecture::Architecture;
use ecg::Segment;
use he_linear::InputHolder;
use shares::Share;

use crate::channel::Channel;
use crate::correlations::Correlations;
use crate::entropy;
use crate::error::{Error, Result};
use crate::handshake;
use crate::keys::InferenceId;
use crate::link::Link;
use crate::messages::Request;
use crate::meter::{Ledger, Phase, Scope};
use crate::method::{Backend, Comparison, MAX_RECORD_SEGMENTS, Method, Reveal};
use crate::phases::inference::{ClientInference, Terms};
use crate::phases::output::{Answer, Choice};
use crate::phases::{output, setup};
use crate::plan::{Limits, Plan};
use crate::progress::Observer;
use crate::record::Record;
use crate::tap::Tap;
use crate::wire::Tag;

/// How a client wants its session.
pub struct ClientConfig {
    /// The backend to ask for.
    pub backend: Backend,
    /// The shape of comparisons from oblivious transfer; `None` to choose it by the way to the server.
    pub comparison: Option<Comparison>,
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
    method: Method,
    correlations: Correlations,
    inferences: u32,
    /// Its shares of the record's scores, where labels alone are revealed.
    record: Record,
    /// The label of the record's last segment.
    last_label: Option<usize>,
    /// Overall labels asked for.
    overall_labels: u64,
    observer: Option<Observer>,
    tap: Option<Tap>,
}

/// A session with the one-time material of one inference.
pub struct PreparedClient {
    session: ClientSession,
    inference: ClientInference,
}

impl ClientSession {
    /// Greets the server, checks its architecture and makes the keys of the session.
    ///
    /// # Errors
    /// [`Error`] says whose fault it is.
    pub async fn connect(channel: Channel, config: ClientConfig) -> Result<Self> {
        channel.times().timed(Scope::SETUP, Self::set_up(channel, config)).await
    }

    async fn set_up(mut channel: Channel, config: ClientConfig) -> Result<Self> {
        let mut rng = entropy::fresh()?;
        let greeted = Instant::now();
        let agreement =
            handshake::client(&mut channel, config.backend, config.pinned_architecture, &mut rng).await?;
        let round_trip = greeted.elapsed();
        let plan = Plan::new(&agreement.architecture)?;
        plan.check(config.limits, config.backend, agreement.reveal)?;
        let (holder, mut correlations) =
            setup::client(&mut channel, &agreement.session_id, plan.needs_silent(config.backend)).await?;
        let method = match config.backend {
            Backend::Gc => Method::Gc,
            Backend::Ot => {
                let (bytes, exchange) = correlations.silent()?.first_exchange();
                let link = Link::measured(round_trip, bytes, exchange);
                Method::Ot(config.comparison.unwrap_or_else(|| link.comparison(&plan)))
            }
        };
        Ok(Self {
            channel,
            architecture: agreement.architecture,
            reveal: agreement.reveal,
            model_id: agreement.model_id,
            plan: Arc::new(plan),
            holder,
            session_id: agreement.session_id,
            method,
            correlations,
            inferences: 0,
            record: Record::default(),
            last_label: None,
            overall_labels: 0,
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

    /// Exact bytes of one inference, both directions, offline and online.
    #[must_use]
    pub fn inference_traffic(&self) -> u64 {
        self.plan.traffic(self.method, self.reveal)
    }

    /// Exact bytes of [`ClientSession::overall_label`] for a record of `segments` segments, both directions; none for one.
    ///
    /// # Errors
    /// [`Error::Incompatible`] for no segment or more than [`MAX_RECORD_SEGMENTS`].
    pub fn overall_label_traffic(&self, segments: usize) -> Result<u64> {
        self.plan.overall_traffic(segments)
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
    pub async fn prepare(self) -> Result<PreparedClient> {
        self.channel.times().timed(Scope::session(Phase::Offline), self.make_material()).await
    }

    async fn make_material(mut self) -> Result<PreparedClient> {
        let scope = Scope::session(Phase::Offline);
        self.channel.send(scope, Tag::Request, &Request::Infer(self.method).encode()).await?;
        let id = InferenceId::new(self.session_id, self.inferences);
        let terms = Terms { method: self.method, reveal: self.reveal };
        let inference = ClientInference::prepare(
            &mut self.channel,
            (&self.plan, &self.holder),
            terms,
            (&id, &mut self.correlations),
            self.observer.as_ref(),
            self.tap.is_some(),
        );
        let inference = inference.await?;
        Ok(PreparedClient { session: self, inference })
    }

    /// Begins a record: forgets the segments classified so far, which then are in no overall label. Not needed after
    /// [`ClientSession::overall_label`].
    pub fn begin_record(&mut self) {
        self.record = Record::default();
        self.last_label = None;
    }

    /// The label of the record whose segments were classified since it began: the greatest of the classes' scores summed
    /// over the segments, ties to the lowest class. Only where the server reveals labels alone; the sums stay hidden like the
    /// scores. What was kept of the segments is used up, and the next record begins. A record of one segment has the label
    /// of that segment, and nothing is sent.
    ///
    /// # Errors
    /// [`Error::Config`] if the server reveals scores, which the client can add up, or if the record has no segment or more
    /// than [`MAX_RECORD_SEGMENTS`]; otherwise [`Error`] says whose fault it is.
    pub async fn overall_label(mut self) -> Result<(Self, usize)> {
        let segments = self.record_segments()?;
        let scores = self.record.take(usize::from(segments));
        if let (1, Some(label)) = (segments, self.last_label.take()) {
            return Ok((self, label));
        }
        let scores = scores.ok_or_else(|| Error::internal("shares of fewer segments than the record has"))?;
        self.channel.times().timed(Scope::session(Phase::Online), self.choose(segments, scores)).await
    }

    /// Lets the label of the record be chosen by the greatest sum of `scores`, `[segment][class]`.
    async fn choose(mut self, segments: u8, scores: Share) -> Result<(Self, usize)> {
        let scope = Scope::session(Phase::Online);
        self.channel.send(scope, Tag::Request, &Request::OverallLabel(segments).encode()).await?;
        let number = self.overall_labels;
        let choice = Choice::of_record(&self.plan, &self.session_id, number, usize::from(segments)).await?;
        let (channel, correlations) = (&mut self.channel, &mut self.correlations);
        let evaluator = output::client_label_prepare(channel, &choice, correlations, &scores).await?;
        let times = channel.times();
        let label = times.timed(Scope::output(), output::client_label(channel, evaluator)).await?;
        self.overall_labels += 1;
        Ok((self, label))
    }

    /// How many segments the overall label is asked for, if it can be.
    fn record_segments(&self) -> Result<u8> {
        if self.reveal == Reveal::Scores {
            let reason = "the server reveals scores: the overall label is that of the segments' scores summed, and it \
                          answers no request for it";
            return Err(Error::Config(reason.into()));
        }
        match self.record.segments() {
            0 => Err(Error::Config(
                "the record has no segment yet; classify its segments before asking for its label".into(),
            )),
            segments @ 1..=MAX_RECORD_SEGMENTS => {
                u8::try_from(segments).map_err(|_| Error::internal("a count of segments beyond a byte"))
            }
            segments => Err(Error::Config(format!(
                "the record has {segments} segments, and a server that reveals labels alone adds up at most \
                 {MAX_RECORD_SEGMENTS}; split the recording into shorter ones"
            ))),
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
        self.session.channel.times().timed(Scope::session(Phase::Online), self.classify(segment)).await
    }

    async fn classify(self, segment: &Segment) -> Result<(ClientSession, Outcome)> {
        let Self { mut session, inference } = self;
        let input = session.input(segment)?;
        let (observer, tap) = (session.observer.as_ref(), session.tap.as_ref());
        let outcome = match inference.run(&mut session.channel, input, observer, tap).await? {
            Answer::Scores(scores) => Outcome::Scores(scores),
            Answer::Label(label, scores) => {
                session.record.push(scores);
                session.last_label = Some(label);
                Outcome::Label(label)
            }
        };
        session.inferences += 1;
        Ok((session, outcome))
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
        let first = self.plan.stages.first().ok_or_else(Error::no_such_layer)?;
        let misfit = |e: deepcardio::InputError| Error::Config(e.to_string());
        self.architecture.check_segment(segment).map_err(misfit)?;
        self.architecture.check_overlaps(segment).map_err(misfit)?;
        let residues = segment.samples().iter().map(|sample| sample.cast_unsigned()).collect();
        Ok(Share::new(residues, first.ell))
    }
}
