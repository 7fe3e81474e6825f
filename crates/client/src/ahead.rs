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
}

impl Ahead {
    /// Prepares up to `most` inferences ahead, as far as the server of `session` holds them, for
    /// `segments` segments in all.
    #[must_use]
    pub fn new(session: &ClientSession, most: usize, segments: usize) -> Self {
        // The server counts the one that is being classified.
        let most = most.min(session.most_prepared().saturating_sub(1));
        Self { ready: VecDeque::new(), most, wanted: segments }
    }

    /// Classifies one segment, and prepares for the next ones meanwhile.
    ///
    /// A preparation that was begun is waited for, but none begins once the segment is classified.
    ///
    /// # Errors
    /// [`Error`] of either.
    pub async fn infer(&mut self, session: &mut ClientSession, segment: &Segment) -> Result<Outcome, Error> {
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
                self.ready.push_back(preparer.prepare().await?);
            }
            Ok(())
        };
        let (outcome, ()) = tokio::try_join!(classify, prepare)?;
        Ok(outcome)
    }
}
