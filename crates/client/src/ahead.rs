//! Inferences prepared ahead of the segments that will use them.

use std::cell::Cell;
use std::collections::VecDeque;

use ecg::Segment;
use protocol::client::{ClientSession, Outcome, PreparedInference};
use protocol::error::Error;

/// What is prepared in a session and not used yet, the oldest first.
pub struct Ahead {
    ready: VecDeque<PreparedInference>,
    /// Most that are prepared beside the one in use.
    most: usize,
    /// Segments of the whole run for which nothing is prepared yet.
    wanted: usize,
    /// Why the session broke while a segment was classified that has its answer.
    failed: Option<Error>,
}

impl Ahead {
    /// Prepares up to `most` inferences ahead, as far as the server of `session` holds them, for
    /// `segments` segments in all.
    #[must_use]
    pub fn new(session: &ClientSession, most: usize, segments: usize) -> Self {
        // The server counts the one that is being classified.
        let most = most.min(session.most_prepared().saturating_sub(1));
        Self { ready: VecDeque::new(), most, wanted: segments, failed: None }
    }

    /// Whether the session can go on.
    ///
    /// # Errors
    /// What broke it beside the latest answer.
    pub fn check(&mut self) -> Result<(), Error> {
        self.failed.take().map_or(Ok(()), Err)
    }

    /// Classifies one segment, and prepares for the next ones meanwhile.
    ///
    /// A preparation that was begun is waited for, but none begins once the segment is classified.
    /// If one fails the answer is given all the same: the server has counted it.
    ///
    /// # Errors
    /// [`Error`] of the classification, or as [`Ahead::check`].
    pub async fn infer(&mut self, session: &mut ClientSession, segment: &Segment) -> Result<Outcome, Error> {
        self.check()?;
        let prepared = match self.ready.pop_front() {
            Some(prepared) => prepared,
            None => {
                self.wanted = self.wanted.saturating_sub(1);
                session.prepare().await?
            }
        };
        let (mut preparer, mut classifier) = session.halves();
        let classified = Cell::new(false);
        let classify = async {
            let outcome = classifier.infer(prepared, segment).await?;
            classified.set(true);
            Ok::<_, Error>(outcome)
        };
        let prepare = async {
            while self.wanted > 0 && self.ready.len() < self.most && !classified.get() {
                self.wanted -= 1;
                match preparer.prepare().await {
                    Ok(prepared) => self.ready.push_back(prepared),
                    Err(error) => return Ok(Some(error)),
                }
            }
            Ok(None)
        };
        let (outcome, failed) = tokio::try_join!(classify, prepare)?;
        self.failed = failed;
        Ok(outcome)
    }
}
