//! The client's side of a session, as a program uses it.
//!
//! [`ClientSession::connect`] greets and sets up. [`ClientSession::prepare`] runs the offline phase
//! of one inference, for which no ECG is needed, and gives a [`PreparedInference`]. A program may
//! hold several of them, as many as [`ClientSession::most_prepared`] says. [`ClientSession::infer`]
//! uses one up together with one ECG segment. Where the server reveals the label of a record,
//! [`ClientSession::overall_label`] ends one of several segments.
//!
//! A session that broke stays broken: after an error that the connection or the server caused, or a
//! step that was given up half way, every later step is
//! [`Error::Broken`](crate::error::Error::Broken). What was prepared is used once or never.

mod agreed;
mod classifying;
mod halves;
mod outcome;
mod prepared;
mod preparing;

use std::sync::Arc;
use std::time::Instant;

use deepcardio::architecture::Architecture;
use ecg::Segment;
use shares::Role;

use crate::channel::Channel;
use crate::entropy;
use crate::error::Result;
use crate::handshake::{self, Wish};
use crate::link_estimate::LinkEstimate;
use crate::memory;
use crate::messages::Request;
use crate::meter::{Ledger, Phase, Scope};
use crate::method::{Backend, Comparison, Method, Reveal};
use crate::phases::setup;
use crate::plan::{Limits, Plan};
use crate::progress::Observer;
use crate::tap::Tap;
use crate::wire::Tag;
use agreed::{Agreed, State};
use classifying::{Ask, Classifying};
use preparing::Preparing;

pub use halves::{Classifier, Preparer};
pub use outcome::Outcome;
pub use prepared::PreparedInference;

/// How a client wants its session.
pub struct ClientConfig {
    /// The backend to ask for.
    pub backend: Backend,
    /// The shape of comparisons from oblivious transfer; `None` to choose it by the way to the
    /// server.
    pub comparison: Option<Comparison>,
    /// The digest that the server's architecture must have.
    pub pinned_architecture: Option<[u8; 32]>,
    /// What it is ready to spend.
    pub limits: Limits,
    /// Whether a TLS session that ends at the client may end before the server, for instance at a
    /// load balancer that is trusted. Unless it may, the client refuses such a server: nothing
    /// would show whether the server speaks to the client or to somebody in between.
    pub tls_ends_at_balancer: bool,
    /// Who hears of progress.
    pub observer: Option<Observer>,
    /// Where its shares go for verification; only of use with a server in the same process.
    pub tap: Option<Tap>,
}

impl ClientConfig {
    /// A session with `backend` whose comparisons suit the way to the server, with the default
    /// limits.
    #[must_use]
    pub fn new(backend: Backend) -> Self {
        Self {
            backend,
            comparison: None,
            pinned_architecture: None,
            limits: Limits::default(),
            tls_ends_at_balancer: false,
            observer: None,
            tap: None,
        }
    }
}

/// A session with a server.
pub struct ClientSession {
    channel: Channel,
    /// The lane on which an inference is prepared while another one runs.
    ahead: Channel,
    agreed: Arc<Agreed>,
    preparing: Preparing,
    classifying: Classifying,
}

impl ClientSession {
    /// Greets the server, checks its architecture and makes the keys of the session.
    ///
    /// # Errors
    /// [`Error`](crate::error::Error) says whose fault it is.
    pub async fn connect(channel: Channel, config: ClientConfig) -> Result<Self> {
        channel.times().timed(Scope::SETUP, Self::set_up(channel, config)).await
    }

    async fn set_up(mut channel: Channel, config: ClientConfig) -> Result<Self> {
        let ahead = channel.open_ahead()?;
        let mut rng = entropy::fresh()?;
        let greeted = Instant::now();
        let wish = Wish {
            backend: config.backend,
            pinned: config.pinned_architecture,
            tls_ends_at_balancer: config.tls_ends_at_balancer,
        };
        let agreement = handshake::client(&mut channel, wish, &mut rng).await?;
        let round_trip = greeted.elapsed();
        let plan = Plan::new(&agreement.architecture)?;
        plan.check(config.limits, config.backend, agreement.reveal)?;
        let (holder, mut correlations) =
            setup::client(&mut channel, &agreement.session_id, plan.needs_silent(config.backend)).await?;
        let method = match config.backend {
            Backend::Gc => Method::Gc,
            Backend::Ot => {
                let (bytes, exchange) = correlations.silent()?.first_exchange();
                let link = LinkEstimate::measured(round_trip, bytes, exchange);
                Method::Ot(config.comparison.unwrap_or_else(|| link.comparison(&plan)))
            }
        };
        let agreed = Agreed {
            architecture: agreement.architecture,
            reveal: agreement.reveal,
            model_id: agreement.model_id,
            session_id: agreement.session_id,
            plan: Arc::new(plan),
            method,
            most_prepared: usize::from(agreement.most_prepared),
            observer: config.observer,
            tap: config.tap,
            state: State::default(),
        };
        Ok(Self {
            channel,
            ahead,
            agreed: Arc::new(agreed),
            preparing: Preparing::new(holder, correlations),
            classifying: Classifying::default(),
        })
    }

    /// The public architecture that the server runs.
    #[must_use]
    pub fn architecture(&self) -> &Architecture {
        &self.agreed.architecture
    }

    /// What the server lets the client learn.
    #[must_use]
    pub fn reveal(&self) -> Reveal {
        self.agreed.reveal
    }

    /// The random name of the server's model.
    #[must_use]
    pub fn model_id(&self) -> [u8; 16] {
        self.agreed.model_id
    }

    /// Most inferences that may be prepared and not yet classified at one time.
    ///
    /// The server says so in its acceptance. The one that is being classified counts.
    #[must_use]
    pub fn most_prepared(&self) -> usize {
        self.agreed.most_prepared
    }

    /// Bytes of memory that a [`PreparedInference`] takes here until it is used.
    #[must_use]
    pub fn prepared_bytes(&self) -> u64 {
        memory::prepared_bytes(&self.agreed.plan, self.agreed.method, self.agreed.reveal, Role::Client)
    }

    /// Exact bytes of one inference, both directions, offline and online.
    #[must_use]
    pub fn inference_traffic(&self) -> u64 {
        self.agreed.plan.traffic(self.agreed.method, self.agreed.reveal)
    }

    /// Exact bytes of [`ClientSession::overall_label`] for a record of `segments` segments, both
    /// directions; none for one.
    ///
    /// # Errors
    /// [`Error::Incompatible`](crate::error::Error::Incompatible) for no segment or more than
    /// [`crate::method::MAX_RECORD_SEGMENTS`].
    pub fn overall_label_traffic(&self, segments: usize) -> Result<u64> {
        self.agreed.plan.overall_traffic(segments)
    }

    /// The books since the last call.
    #[must_use]
    pub fn take_ledger(&mut self) -> Ledger {
        let mut ledger = self.channel.take_ledger();
        ledger.merge(&self.ahead.take_ledger());
        ledger
    }

    /// Runs the offline phase of one inference.
    ///
    /// # Errors
    /// [`Error::Config`](crate::error::Error::Config) if [`ClientSession::most_prepared`] are
    /// prepared already; otherwise [`Error`](crate::error::Error) says whose fault it is.
    pub async fn prepare(&mut self) -> Result<PreparedInference> {
        let Self { channel, agreed, preparing, .. } = self;
        channel.times().timed(Scope::session(Phase::Offline), preparing.prepare(channel, agreed)).await
    }

    /// Lets both parties forget a prepared inference.
    ///
    /// # Errors
    /// [`Error`](crate::error::Error) says whose fault it is.
    pub async fn discard(&mut self, prepared: PreparedInference) -> Result<()> {
        prepared.check(&self.agreed)?;
        drop(prepared);
        self.preparing.forget_abandoned(&mut self.channel, &self.agreed).await
    }

    /// Classifies one segment, which uses `prepared` up.
    ///
    /// # Errors
    /// [`Error::Config`](crate::error::Error::Config) if the segment does not fit the architecture,
    /// or if `prepared` is of another session: then the session can still be used. Otherwise
    /// [`Error`](crate::error::Error) says whose fault it is.
    pub async fn infer(&mut self, prepared: PreparedInference, segment: &Segment) -> Result<Outcome> {
        self.halves().1.infer(prepared, segment).await
    }

    /// Classifies one segment and prepares the next inference at the same time. An answer is given
    /// also if the preparation fails: the server has counted it.
    ///
    /// # Errors
    /// As [`ClientSession::infer`]; of the preparation, as [`ClientSession::prepare`]. An
    /// [`Error::Config`](crate::error::Error::Config) of either comes before the segment is
    /// classified, and uses `prepared` up.
    pub async fn infer_while_preparing(
        &mut self,
        prepared: PreparedInference,
        segment: &Segment,
    ) -> Result<(Outcome, Result<PreparedInference>)> {
        classifying::input(&self.agreed, &prepared, segment)?;
        self.preparing.make_room(&mut self.ahead, &self.agreed).await?;
        let (mut preparer, mut classifier) = self.halves();
        let prepare = async { Ok(preparer.prepare().await) };
        tokio::try_join!(classifier.infer(prepared, segment), prepare)
    }

    /// The two halves of the session, which can be used at the same time.
    ///
    /// What is prepared this way travels on a lane of its own, in parts that let the other half go
    /// first. It costs a few bytes more than [`ClientSession::prepare`].
    pub fn halves(&mut self) -> (Preparer<'_>, Classifier<'_>) {
        let Self { channel, ahead, agreed, preparing, classifying } = self;
        (Preparer::new(ahead, agreed, preparing), Classifier::new(channel, agreed, classifying))
    }

    /// Begins a record: forgets the segments classified so far, which then are in no overall label.
    /// Not needed after [`ClientSession::overall_label`].
    pub fn begin_record(&mut self) {
        self.classifying.begin_record();
    }

    /// The label of the record whose segments were classified since it began.
    ///
    /// It is the class with the greatest sum of scores over the segments, ties to the lowest class.
    /// The sums stay hidden like the scores. What was kept of the segments is used up, and the next
    /// record begins. A record of one segment has the label of that segment, and nothing is sent.
    /// A record of several has one only where [`Reveal::RecordLabel`] is the policy.
    ///
    /// # Errors
    /// [`Error::Config`](crate::error::Error::Config) if the server reveals scores, which the
    /// client can add up, if it reveals no label of several segments, or if the record has no
    /// segment or more than [`crate::method::MAX_RECORD_SEGMENTS`]; otherwise
    /// [`Error`](crate::error::Error) says whose fault it is.
    pub async fn overall_label(&mut self) -> Result<usize> {
        let Self { channel, agreed, preparing, classifying, .. } = self;
        match classifying.end_record(agreed.reveal)? {
            Ask::Known(class) => Ok(class),
            Ask::Segments(segments, scores) => {
                let times = channel.times();
                let choice = preparing.choose(channel, agreed, &segments, scores);
                times.timed(Scope::session(Phase::Online), agreed.state.step(choice)).await
            }
        }
    }

    /// Ends the session in order. What is prepared and not used is forgotten on both sides.
    ///
    /// # Errors
    /// [`Error::Io`](crate::error::Error::Io) if the connection is already gone,
    /// [`Error::Broken`](crate::error::Error::Broken) if the session broke before.
    pub async fn finish(mut self) -> Result<()> {
        let request = Request::Finish.encode();
        self.agreed.state.step(self.channel.send(Scope::SETUP, Tag::Request, &request)).await
    }
}
