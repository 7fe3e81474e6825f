//! The half of a client's session that prepares inferences: it alone takes correlated OTs.

use std::sync::Arc;

use he_linear::InputHolder;
use shares::Share;

use super::agreed::Agreed;
use super::prepared::PreparedInference;
use crate::channel::Channel;
use crate::correlations::Correlations;
use crate::error::{Error, Result};
use crate::keys::InferenceId;
use crate::messages::{Request, encode_segments};
use crate::meter::{Phase, Scope};
use crate::phases::inference::{ClientInference, Terms};
use crate::phases::output::{self, Choice};
use crate::wire::Tag;

/// Keys and sources of randomness of the client's preparations.
pub(super) struct Preparing {
    holder: Arc<InputHolder>,
    correlations: Correlations,
    /// The number of the next prepared inference.
    next: u32,
    /// Overall labels asked for.
    overall_labels: u64,
}

impl Preparing {
    pub(super) fn new(holder: Arc<InputHolder>, correlations: Correlations) -> Self {
        Self { holder, correlations, next: 0, overall_labels: 0 }
    }

    /// Runs the offline phase of one inference.
    pub(super) async fn prepare(
        &mut self,
        channel: &mut Channel,
        session: &Arc<Agreed>,
    ) -> Result<PreparedInference> {
        self.make_room(channel, session).await?;
        session.state.step(self.make(channel, session)).await
    }

    /// Makes sure that the server holds one more.
    pub(super) async fn make_room(&self, channel: &mut Channel, session: &Agreed) -> Result<()> {
        session.state.check()?;
        self.forget_abandoned(channel, session).await?;
        let most = session.most_prepared;
        if session.state.held() < most {
            return Ok(());
        }
        Err(Error::Config(format!(
            "the server holds at most {most} prepared inferences of a session; classify a segment with one, or \
             discard one, before the next is prepared"
        )))
    }

    async fn make(&mut self, channel: &mut Channel, session: &Arc<Agreed>) -> Result<PreparedInference> {
        let number = self.next;
        self.next = number.checked_add(1).ok_or_else(|| {
            Error::Config("a session prepares no more than 4294967295 inferences; connect again".into())
        })?;
        let scope = Scope::session(Phase::Offline);
        channel.send(scope, Tag::Request, &Request::Prepare(session.method).encode()).await?;
        session.state.hold();
        let id = InferenceId::new(session.session_id, number);
        let inference = ClientInference::prepare(
            channel,
            (&session.plan, &self.holder),
            Terms { method: session.method, reveal: session.reveal },
            (&id, &mut self.correlations),
            session.observer.as_ref(),
            session.tap.is_some(),
        );
        Ok(PreparedInference::new(number, Arc::clone(session), inference.await?))
    }

    /// Tells the server of the prepared inferences that were dropped here.
    pub(super) async fn forget_abandoned(&self, channel: &mut Channel, session: &Agreed) -> Result<()> {
        let scope = Scope::session(Phase::Offline);
        for number in session.state.take_abandoned() {
            let request = Request::Drop(number).encode();
            session.state.step(channel.send(scope, Tag::Request, &request)).await?;
            session.state.release();
        }
        Ok(())
    }

    /// Lets the label of the record be chosen by the greatest sum of `scores`, `[segment][class]`;
    /// `segments` are the numbers of their inferences.
    pub(super) async fn choose(
        &mut self,
        channel: &mut Channel,
        session: &Agreed,
        segments: &[u32],
        scores: Share,
    ) -> Result<usize> {
        let scope = Scope::session(Phase::Online);
        let count =
            u8::try_from(segments.len()).map_err(|_| Error::internal("a count of segments beyond a byte"))?;
        channel.send(scope, Tag::Request, &Request::OverallLabel(count).encode()).await?;
        channel.send(scope, Tag::Segments, &encode_segments(segments)).await?;
        let number = self.overall_labels;
        let choice = Choice::of_record(&session.plan, &session.session_id, number, segments.len()).await?;
        let evaluator =
            output::client_label_prepare(channel, &choice, &mut self.correlations, &scores).await?;
        let times = channel.times();
        let label = times.timed(Scope::output(), output::client_label(channel, evaluator)).await?;
        self.overall_labels += 1;
        Ok(label.class)
    }
}
