//! A session in two halves: one prepares, the other one classifies meanwhile.

use std::sync::Arc;

use ecg::Segment;

use super::agreed::Agreed;
use super::classifying::{self, Classifying};
use super::outcome::Outcome;
use super::prepared::PreparedInference;
use super::preparing::Preparing;
use crate::channel::Channel;
use crate::error::Result;
use crate::meter::{Phase, Scope};

/// The half of a session that prepares inferences.
pub struct Preparer<'s> {
    ahead: &'s mut Channel,
    session: &'s Arc<Agreed>,
    preparing: &'s mut Preparing,
}

/// The half of a session that classifies segments.
pub struct Classifier<'s> {
    channel: &'s mut Channel,
    session: &'s Arc<Agreed>,
    classifying: &'s mut Classifying,
}

impl<'s> Preparer<'s> {
    pub(super) fn new(
        ahead: &'s mut Channel,
        session: &'s Arc<Agreed>,
        preparing: &'s mut Preparing,
    ) -> Self {
        Self { ahead, session, preparing }
    }

    /// Runs the offline phase of one inference.
    ///
    /// # Errors
    /// As [`super::ClientSession::prepare`].
    pub async fn prepare(&mut self) -> Result<PreparedInference> {
        let times = self.ahead.times();
        let prepared = self.preparing.prepare(self.ahead, self.session);
        times.timed(Scope::session(Phase::Offline), prepared).await
    }
}

impl<'s> Classifier<'s> {
    pub(super) fn new(
        channel: &'s mut Channel,
        session: &'s Arc<Agreed>,
        classifying: &'s mut Classifying,
    ) -> Self {
        Self { channel, session, classifying }
    }

    /// Classifies one segment, which uses `prepared` up.
    ///
    /// # Errors
    /// As [`super::ClientSession::infer`].
    pub async fn infer(&mut self, prepared: PreparedInference, segment: &Segment) -> Result<Outcome> {
        let input = classifying::input(self.session, &prepared, segment)?;
        let times = self.channel.times();
        let outcome = self.classifying.infer(self.channel, self.session, prepared, input);
        times.timed(Scope::session(Phase::Online), outcome).await
    }
}
