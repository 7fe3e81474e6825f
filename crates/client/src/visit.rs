//! The session with the server, made anew with fresh keys when it breaks.

use ecg::Segment;
use protocol::client::{ClientConfig, ClientSession, Outcome};
use protocol::error::Error;
use protocol::meter::Ledger;

use crate::ahead::Ahead;
use crate::connection::Connection;
use crate::failure::Failure;
use crate::report::progress::Bar;
use crate::retries::Retries;

/// What every session of a run has in common.
pub struct Visits<'a> {
    /// The way to the server.
    pub connection: &'a Connection,
    /// How the client wants its sessions.
    pub config: &'a dyn Fn() -> ClientConfig,
    /// Most inferences prepared ahead.
    pub prepare_ahead: usize,
    /// Shows that the client waits.
    pub bar: &'a Bar,
}

/// A session with the server, and the attempts to have another one when it breaks.
pub struct Visit<'a> {
    visits: Visits<'a>,
    retries: Retries,
    session: ClientSession,
    ahead: Ahead,
    /// Segments of the run that are still to be classified.
    left: usize,
}

impl<'a> Visit<'a> {
    /// Opens a session, with further attempts where the server cannot serve now.
    ///
    /// # Errors
    /// The last [`Failure`].
    pub async fn open(visits: Visits<'a>, mut retries: Retries) -> Result<Self, Failure> {
        let session = visits.session(&mut retries, false).await?;
        let ahead = Ahead::new(&session, 0, 0);
        Ok(Self { visits, retries, session, ahead, left: 0 })
    }

    /// Says how many segments the run has; from here on inferences are prepared ahead for them.
    pub fn expect(&mut self, segments: usize) {
        self.left = segments;
        self.ahead = Ahead::new(&self.session, self.visits.prepare_ahead, segments);
    }

    /// The present session.
    #[must_use]
    pub fn session(&self) -> &ClientSession {
        &self.session
    }

    /// The present session, for what is not a segment.
    pub fn session_mut(&mut self) -> &mut ClientSession {
        &mut self.session
    }

    /// Whether the session can go on after what was classified.
    ///
    /// # Errors
    /// [`Error`] that broke it meanwhile.
    pub fn check(&mut self) -> Result<(), Error> {
        self.ahead.check()
    }

    /// The books since the last call.
    pub fn take_ledger(&mut self) -> Ledger {
        self.session.take_ledger()
    }

    /// Classifies one segment, and prepares for the next ones meanwhile.
    ///
    /// # Errors
    /// [`Error`] of either. The session is broken then.
    pub async fn infer(&mut self, segment: &Segment) -> Result<Outcome, Error> {
        let outcome = self.ahead.infer(&mut self.session, segment).await?;
        self.left = self.left.saturating_sub(1);
        self.retries.succeeded();
        Ok(outcome)
    }

    /// Opens another session after `failure`. Nothing of the broken one is used again. `again`
    /// segments that it classified are to be classified once more.
    ///
    /// # Errors
    /// `failure` itself if another session would not help; the last [`Failure`] if there is none to
    /// be had; [`Failure::Changed`] if the server runs another network by now.
    pub async fn reopen(&mut self, failure: Failure, again: usize) -> Result<(), Failure> {
        self.visits.wait(&mut self.retries, failure, true).await?;
        let session = self.visits.session(&mut self.retries, true).await?;
        if session.architecture().digest() != self.session.architecture().digest() {
            return Err(Failure::Changed);
        }
        self.session = session;
        self.expect(self.left + again);
        Ok(())
    }

    /// Ends the session in order.
    ///
    /// # Errors
    /// [`Error`] if the server does not hear it.
    pub async fn finish(self) -> Result<(), Error> {
        self.session.finish().await
    }
}

impl Visits<'_> {
    async fn session(&self, retries: &mut Retries, served_before: bool) -> Result<ClientSession, Failure> {
        loop {
            self.bar.connecting();
            match self.attempt().await {
                Ok(session) => return Ok(session),
                Err(failure) => self.wait(retries, failure, served_before).await?,
            }
        }
    }

    async fn attempt(&self) -> Result<ClientSession, Failure> {
        let channel = self.connection.connect().await?;
        Ok(ClientSession::connect(channel, (self.config)()).await?)
    }

    async fn wait(
        &self,
        retries: &mut Retries,
        failure: Failure,
        served_before: bool,
    ) -> Result<(), Failure> {
        let failure = self.connection.explained(failure);
        let reason = failure.to_string();
        let pause = retries.pause(failure, served_before)?;
        self.bar.waiting(&reason, pause);
        tokio::time::sleep(pause).await;
        Ok(())
    }
}
