//! The server's side of a session, as a program uses it: a [`Service`] is made once from a model
//! and serves any number of sessions at the same time.

mod allowance;
mod attendance;
mod given;
mod pool;
mod preparing;
mod session;

use std::sync::Arc;

use deepcardio::architecture::{Architecture, LEVELS};
use deepcardio::model::Model;
use rand_core::Rng;
use shares::Role;

use crate::channel::Channel;
use crate::entropy;
use crate::error::{Error, Fault, Result};
use crate::memory;
use crate::meter::{Ledger, Scope};
use crate::method::{Backend, Method, Reveal};
use crate::prepared_model::PreparedModel;
use crate::tap::Tap;
use crate::wire::Tag;
use allowance::Stop;
use session::{Offered, Session, Supervision};

pub use allowance::{Allowance, Answered, Grant, Unlimited};
pub use attendance::{Attendance, Observer, Parting};
pub use given::Given;

/// Most prepared inferences that a server holds of one session, unless it is told otherwise.
pub const PREPARED_PER_SESSION: u16 = 4;

/// What a server offers.
pub struct Service {
    offered: Offered,
    model_digest: String,
}

/// What is left of a session that ended in order.
pub struct Summary {
    /// What the client was given.
    pub given: Given,
    /// The books of the session.
    pub ledger: Ledger,
    /// What the client was told, if it was asked to leave.
    pub parting: Option<Parting>,
}

/// A session that did not end well.
#[derive(Debug, thiserror::Error)]
#[error("{error}")]
pub struct Failed {
    /// Why, and whose fault it is.
    pub error: Error,
    /// What the client was given before.
    pub given: Given,
}

impl Service {
    /// Prepares `model`; the same weights serve every session.
    ///
    /// # Errors
    /// [`Error::Config`] or [`Error::Incompatible`] if a layer cannot be served; the text names it.
    pub fn new(model: Model, reveal: Reveal) -> Result<Self> {
        let mut model_id = [0; 16];
        entropy::fresh()?.fill_bytes(&mut model_id);
        let model_digest = blake3::hash(&model.to_bytes()).to_string();
        let model = Arc::new(PreparedModel::new(&model)?);
        let most_prepared = PREPARED_PER_SESSION;
        let backends = Backend::ALL.to_vec();
        let offered = Offered { model, model_id, reveal, most_prepared, backends, tap: None };
        Ok(Self { offered, model_digest })
    }

    /// Holds at most so many prepared inferences of one session, instead of
    /// [`PREPARED_PER_SESSION`].
    ///
    /// A client that prepares more than these breaks the protocol. None at all lets no client
    /// classify anything, so at least one is held.
    #[must_use]
    pub fn with_prepared_per_session(mut self, most: u16) -> Self {
        self.offered.most_prepared = most.max(1);
        self
    }

    /// Lays the server's shares into `tap`, for verification in one process.
    #[must_use]
    pub fn with_tap(mut self, tap: Tap) -> Self {
        self.offered.tap = Some(tap);
        self
    }

    /// Bytes of memory that one prepared inference with `backend` takes here until it is used; with
    /// the shape of comparison that takes more.
    #[must_use]
    pub fn prepared_bytes(&self, backend: Backend) -> u64 {
        let plan = self.offered.model.plan();
        let of = |&method: &Method| memory::prepared_bytes(plan, method, self.offered.reveal, Role::Server);
        backend.methods().iter().map(of).max().unwrap_or(0)
    }

    /// Bytes of memory to reckon with for a session with `backend`: all inferences that it may have
    /// prepared, and as much as one more for the work on them.
    #[must_use]
    pub fn session_bytes(&self, backend: Backend) -> u64 {
        (u64::from(self.offered.most_prepared) + 1) * self.prepared_bytes(backend)
    }

    /// Offers these backends alone.
    #[must_use]
    pub fn with_backends(mut self, backends: Vec<Backend>) -> Self {
        self.offered.backends = backends;
        self
    }

    /// The public architecture that clients get.
    #[must_use]
    pub fn architecture(&self) -> &Architecture {
        self.offered.model.architecture()
    }

    /// The BLAKE3 digest of the model's file, in hexadecimal digits. It is for the server's own
    /// records: it commits to the weights.
    #[must_use]
    pub fn model_digest(&self) -> &str {
        &self.model_digest
    }

    /// What clients learn, unless one is let in on other terms.
    #[must_use]
    pub fn reveal(&self) -> Reveal {
        self.offered.reveal
    }

    /// The most bits that one answer tells: the logarithm of how many answers there can be.
    #[must_use]
    pub fn answer_bits(&self) -> f64 {
        let plan = self.offered.model.plan();
        match self.offered.reveal {
            Reveal::Scores => plan.classes as f64 * f64::from(plan.scores_ell),
            Reveal::Label | Reveal::RecordLabel => {
                let levels = if plan.argmax.shape().thresholds.is_some() { LEVELS } else { 1 };
                ((plan.classes * levels) as f64).log2()
            }
        }
    }
}

/// A client that has greeted and made the keys of its session, and has asked for nothing yet.
///
/// A program that serves many decides here who gets a place. What it has cost so far is the set-up
/// alone.
pub struct Arrival<'a> {
    channel: Channel,
    ahead: Channel,
    session: Session<'a>,
}

impl Arrival<'_> {
    /// The backend that was agreed on.
    #[must_use]
    pub fn backend(&self) -> Backend {
        self.session.backend()
    }

    /// Tells the client to come back later.
    pub async fn send_away(mut self, parting: &Parting) {
        self.channel.send_away(parting.after, &parting.reason).await;
    }

    /// Serves requests to the farewell, until `allowance` refuses one, or until the session waits
    /// after it was asked to leave.
    ///
    /// # Errors
    /// [`Failed`] says whose fault it is. The peer is told as far as it still listens.
    pub async fn serve(
        mut self,
        attendance: &Attendance,
        allowance: &dyn Allowance,
    ) -> Result<Summary, Failed> {
        let supervision = Supervision { attendance, allowance };
        let ended = match self.session.run(&mut self.channel, &mut self.ahead, supervision).await {
            Ok(()) => Ok(None),
            Err(Stop::Away(parting)) => Ok(Some(parting)),
            Err(Stop::Failed(error)) => Err(error),
        };
        match ended {
            Ok(parting) => {
                if let Some(Parting { after, reason }) = &parting {
                    self.channel.send_away(*after, reason).await;
                }
                self.book(attendance);
                Ok(Summary { given: self.session.given(), ledger: self.session.ledger(), parting })
            }
            Err(error) => {
                self.book(attendance);
                Err(failed(&mut self.channel, error, self.session.given()).await)
            }
        }
    }
}

impl Arrival<'_> {
    /// Books what is left of both lanes.
    fn book(&mut self, attendance: &Attendance) {
        self.session.book(&mut self.channel, attendance);
        self.session.book(&mut self.ahead, attendance);
    }
}

/// Tells a client why it is not served.
pub async fn refuse(mut channel: Channel, reason: &str) {
    channel.abort(reason).await;
}

/// Greets a client, which is to learn what `reveal` says, and makes the keys of the session.
///
/// # Errors
/// [`Failed`] says whose fault it is. The peer is told as far as it still listens.
pub async fn welcome(mut channel: Channel, service: &Service, reveal: Reveal) -> Result<Arrival<'_>, Failed> {
    // The client may use it as soon as it is accepted.
    let ahead = channel.open_ahead().map_err(|error| Failed { error, given: Given::default() })?;
    let times = channel.times();
    match times.timed(Scope::SETUP, Session::set_up(&mut channel, &service.offered, reveal)).await {
        Ok(session) => Ok(Arrival { channel, ahead, session }),
        Err(error) => Err(failed(&mut channel, error, Given::default()).await),
    }
}

/// Serves one session to its end, without a limit.
///
/// # Errors
/// [`Failed`] says whose fault it is. The peer is told as far as it still listens.
pub async fn serve(channel: Channel, service: &Service) -> Result<Summary, Failed> {
    let arrival = welcome(channel, service, service.reveal()).await?;
    arrival.serve(&Attendance::default(), &Unlimited).await
}

/// Tells the peer what it may know of `error`.
async fn failed(channel: &mut Channel, error: Error, given: Given) -> Failed {
    if let Some(reason) = reason_for_peer(&error) {
        channel.abort(&reason).await;
    }
    Failed { error, given }
}

/// What the client may know of an error.
///
/// Of its requests it hears what is wrong, of other messages by kind alone. A list of segments is
/// part of a request.
fn reason_for_peer(error: &Error) -> Option<String> {
    match error {
        Error::Peer { fault: Fault::Invalid { tag: Tag::Request | Tag::Segments, reason }, .. } => {
            Some(format!("it refuses a request: {reason}"))
        }
        Error::Ended(reason) => Some(reason.clone()),
        Error::Peer { fault: Fault::Changed(_) | Fault::Inconsistent { .. }, .. } => {
            Some("it received a message that the channel or the client made wrong; connect again".into())
        }
        Error::Peer { .. } => Some("it received a message that breaks the protocol".into()),
        Error::Internal(_) | Error::Config(_) | Error::Broken => Some("it failed; ask its operator".into()),
        Error::Incompatible(_) | Error::Aborted { .. } | Error::Later { .. } | Error::Io(_) => None,
    }
}
