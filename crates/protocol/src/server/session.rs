//! One session of a server: from the greeting to the farewell, request by request.

use std::sync::{Arc, Mutex as Lock, PoisonError};

use shares::Role;
use tokio::sync::Mutex;

use super::allowance::{Allowance, Grant, Stop};
use super::attendance::Attendance;
use super::given::{Counters, Given};
use super::pool::Pool;
use super::preparing::Preparing;
use crate::channel::{Channel, Due};
use crate::entropy;
use crate::error::{Error, Result};
use crate::handshake::{self, Offer};
use crate::messages::{REQUEST_BYTES, Request, SEGMENT_BYTES, decode_segments};
use crate::meter::{Ledger, Phase, Scope};
use crate::method::{Backend, Method, Reveal};
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
    pub(super) backends: Vec<Backend>,
    pub(super) tap: Option<Tap>,
}

async fn request(channel: &mut Channel) -> Result<Request> {
    let due = Due::exactly(Scope::session(Phase::Offline), Tag::Request, REQUEST_BYTES);
    let message = channel.receive_idle(due).await?;
    Request::decode(&message).map_err(|e| Error::invalid(Role::Client, Tag::Request, e))
}

/// How a session is bounded from outside.
#[derive(Clone, Copy)]
pub(super) struct Supervision<'a> {
    /// May ask it to leave.
    pub(super) attendance: &'a Attendance,
    /// Is asked before it gives.
    pub(super) allowance: &'a dyn Allowance,
}

/// A session after its set-up: what both its lanes share.
pub(super) struct Session<'a> {
    offered: &'a Offered,
    reveal: Reveal,
    counters: Counters,
    backend: Backend,
    session_id: [u8; 32],
    pool: Pool,
    /// Held for the whole of a preparation, so that both parties take OTs in the same order. Who
    /// asks on one lane while a preparation of the other still computes here waits for its end.
    preparing: Mutex<Preparing>,
    booked: Lock<Booked>,
}

/// What the observer was told so far.
#[derive(Default)]
struct Booked {
    ledger: Ledger,
    given: Given,
}

impl<'a> Session<'a> {
    /// Greets and makes the keys of the session.
    pub(super) async fn set_up(channel: &mut Channel, offered: &'a Offered, reveal: Reveal) -> Result<Self> {
        let offer = Offer {
            architecture: offered.model.architecture(),
            model_id: offered.model_id,
            reveal,
            most_prepared: offered.most_prepared,
            backends: &offered.backends,
        };
        let agreement = handshake::server(channel, offer, &mut entropy::fresh()?).await?;
        let needs_silent = offered.model.plan().needs_silent(agreement.backend);
        let (key, correlations) = setup::server(channel, &agreement.session_id, needs_silent).await?;
        let preparing = Preparing {
            model: Arc::clone(&offered.model),
            reveal,
            backend: agreement.backend,
            session_id: agreement.session_id,
            key,
            correlations,
        };
        let pool = Pool::new(offered.most_prepared);
        let (session_id, preparing) = (agreement.session_id, Mutex::new(preparing));
        let (counters, backend) = (Counters::default(), agreement.backend);
        let booked = Lock::default();
        Ok(Self { offered, reveal, counters, backend, session_id, pool, preparing, booked })
    }

    pub(super) fn backend(&self) -> Backend {
        self.backend
    }

    /// What the client was given so far.
    pub(super) fn given(&self) -> Given {
        self.counters.given()
    }

    /// What the session has cost, as far as it is booked.
    pub(super) fn ledger(&self) -> Ledger {
        self.booked.lock().unwrap_or_else(PoisonError::into_inner).ledger.clone()
    }

    /// Books what a lane has cost since the last time, and what both have given.
    pub(super) fn book(&self, channel: &mut Channel, attendance: &Attendance) {
        let ledger = channel.take_ledger();
        let mut booked = self.booked.lock().unwrap_or_else(PoisonError::into_inner);
        let given = self.given();
        attendance.spent(&ledger, given.since(booked.given));
        booked.ledger.merge(&ledger);
        booked.given = given;
    }

    /// Serves to the farewell.
    ///
    /// Requests come on the main lane, one after another. On the lane ahead the next inference is
    /// prepared meanwhile.
    ///
    /// # Errors
    /// [`Stop::Away`] with what the client is to be told, if something is refused to it, or at a
    /// pause after the session was asked to leave.
    pub(super) async fn run(
        &self,
        channel: &mut Channel,
        ahead: &mut Channel,
        supervision: Supervision<'_>,
    ) -> Result<(), Stop> {
        tokio::select! {
            done = self.serve(channel, supervision) => done,
            failed = self.serve_ahead(ahead, supervision) => failed.map_err(Stop::Failed),
            reason = supervision.attendance.ended() => Err(Error::Ended(reason).into()),
        }
    }

    /// Serves the main lane.
    async fn serve(&self, channel: &mut Channel, supervision: Supervision<'_>) -> Result<(), Stop> {
        let Supervision { attendance, allowance } = supervision;
        // The server's shares of the latest segments' scores, where a record's label is revealed.
        let mut record = Record::default();
        loop {
            let request = tokio::select! {
                request = request(channel) => request?,
                parting = attendance.parting() => return Err(parting.into()),
            };
            let Some(_working) = attendance.work() else { return Err(attendance.parting().await.into()) };
            match request {
                Request::Prepare(method) => self.prepare(channel, method, allowance).await?,
                Request::Drop(number) => self.forget(number).await?,
                Request::Infer(number) => self.infer(channel, &mut record, number, allowance).await?,
                Request::OverallLabel(segments) => {
                    self.overall_label(channel, &mut record, usize::from(segments), allowance).await?;
                }
                Request::Finish => return Ok(()),
            }
            self.book(channel, attendance);
        }
    }

    /// Serves the lane ahead, on which inferences are prepared and dropped.
    ///
    /// # Errors
    /// It ends with one.
    async fn serve_ahead<T>(&self, ahead: &mut Channel, supervision: Supervision<'_>) -> Result<T> {
        loop {
            let request = request(ahead).await?;
            // The main lane says farewell.
            let Some(working) = supervision.attendance.work() else { return std::future::pending().await };
            match request {
                Request::Prepare(method) => match self.prepare(ahead, method, supervision.allowance).await {
                    Ok(()) => {}
                    Err(Stop::Failed(error)) => return Err(error),
                    // What the main lane serves comes to its end, then it says farewell. What the
                    // client goes on to send for the preparation is not read.
                    Err(Stop::Away(parting)) => {
                        supervision.attendance.ask_to_leave(parting);
                        drop(working);
                        return std::future::pending().await;
                    }
                },
                Request::Drop(number) => self.forget(number).await?,
                Request::Infer(_) | Request::OverallLabel(_) | Request::Finish => {
                    let reason = "a request ahead that is neither to prepare nor to drop";
                    return Err(Error::invalid(Role::Client, Tag::Request, reason));
                }
            }
            self.book(ahead, supervision.attendance);
        }
    }

    /// Runs the offline phase of one inference, once no other is under way.
    async fn prepare(
        &self,
        channel: &mut Channel,
        method: Method,
        allowance: &dyn Allowance,
    ) -> Result<(), Stop> {
        let mut preparing = self.preparing.lock().await;
        allowance.grant(Grant::Preparation).await?;
        self.counters.preparation();
        Ok(preparing.prepare(channel, method, &self.pool).await?)
    }

    /// Forgets a prepared inference, once no preparation is under way.
    async fn forget(&self, number: u32) -> Result<()> {
        let _between_preparations = self.preparing.lock().await;
        self.pool.forget(number)
    }

    /// Runs the online phase of a prepared inference, which uses it up.
    async fn infer(
        &self,
        channel: &mut Channel,
        record: &mut Record,
        number: u32,
        allowance: &dyn Allowance,
    ) -> Result<(), Stop> {
        let inference = self.pool.take(number).await?;
        allowance.foresee().await?;
        let times = channel.times();
        let granted = async {
            allowance.grant(Grant::Inference).await?;
            self.counters.inference();
            Ok::<_, Stop>(())
        };
        let run = inference.run(channel, &self.offered.model, self.offered.tap.as_ref(), granted);
        let scores = times.timed(Scope::session(Phase::Online), run).await?;
        if let (Some(scores), Reveal::RecordLabel) = (scores, self.reveal) {
            record.push(number, scores);
        }
        Ok(())
    }

    /// Lets the client find the label of the sum of the scores of `segments` segments, which it
    /// names by their inferences.
    ///
    /// What is kept of these and of all others is used up.
    async fn overall_label(
        &self,
        channel: &mut Channel,
        record: &mut Record,
        segments: usize,
        allowance: &dyn Allowance,
    ) -> Result<(), Stop> {
        let refusal = match self.reveal {
            Reveal::RecordLabel => None,
            Reveal::Label => Some(
                "an overall label was asked for, but this server reveals the label of every segment alone; \
                 its \
                 operator can allow it (--reveal record-label)",
            ),
            Reveal::Scores => {
                Some("an overall label was asked for, but this server reveals scores, which a client adds up")
            }
        };
        if let Some(reason) = refusal {
            channel.abort(reason).await;
            return Err(Error::Incompatible(reason.into()).into());
        }
        let times = channel.times();
        let choice = self.choose(channel, record, segments, allowance);
        times.timed(Scope::session(Phase::Online), choice).await
    }

    async fn choose(
        &self,
        channel: &mut Channel,
        record: &mut Record,
        segments: usize,
        allowance: &dyn Allowance,
    ) -> Result<(), Stop> {
        let length = segments * SEGMENT_BYTES;
        let due = Due::exactly(Scope::session(Phase::Online), Tag::Segments, length);
        let numbers = decode_segments(&channel.receive(due).await?);
        let scores = record.take(&numbers).map_err(|number| {
            let reason = format!("inference {number}, whose scores are not kept or are named twice");
            Error::invalid(Role::Client, Tag::Segments, reason)
        })?;
        allowance.grant(Grant::RecordLabel).await?;
        let (plan, number) = (self.offered.model.plan(), self.counters.record_label());
        let choice = Choice::of_record(plan, &self.session_id, number, segments).await?;
        let mut preparing = self.preparing.lock().await;
        let garbler = output::server_label_prepare(channel, &choice, &mut preparing.correlations).await?;
        drop(preparing);
        let times = channel.times();
        times.timed(Scope::output(), output::server_label(channel, garbler, scores)).await?;
        Ok(())
    }
}
