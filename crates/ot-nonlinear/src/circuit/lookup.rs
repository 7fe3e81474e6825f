//! The plan of a table look-up.

use std::sync::Arc;

use super::schedule::{OtSpec, Schedule};
use crate::error::StepError;

/// Entries of a table.
pub(crate) const TABLE: usize = 256;

/// The compiled look-up of shared indices in secret tables of bytes. Consecutive look-ups that share a table are a
/// segment; the tables themselves are the server's and no part of the plan.
#[derive(Clone, Debug)]
pub(crate) struct LookupPlan(Arc<Lookup>);

#[derive(Debug)]
struct Lookup {
    segments: Vec<usize>,
    schedule: Schedule,
}

impl LookupPlan {
    /// Compiles look-ups in as many tables as there are `segments`, so many in each.
    ///
    /// # Errors
    /// [`StepError::Shape`] if there are not 1 to 2^20 look-ups.
    pub(crate) fn new(segments: &[usize]) -> Result<Self, StepError> {
        let count = segments.iter().fold(0_usize, |sum, count| sum.saturating_add(*count));
        if !(1..=1 << 20).contains(&count) {
            return Err(StepError::Shape("look-ups must be 1 to 2^20"));
        }
        let schedule = Schedule::without_rounds(count, [vec![OtSpec::Table], Vec::new()]);
        Ok(Self(Arc::new(Lookup { segments: segments.to_vec(), schedule })))
    }

    /// Look-ups.
    pub(crate) fn count(&self) -> usize {
        self.0.schedule.count
    }

    /// Look-ups in each table.
    pub(crate) fn segments(&self) -> &[usize] {
        &self.0.segments
    }

    /// The correlated OTs, 8 a look-up with the client as receiver.
    pub(crate) fn schedule(&self) -> &Schedule {
        &self.0.schedule
    }

    /// Bytes of the client's message: one a look-up.
    pub(crate) fn question_bytes(&self) -> usize {
        self.count()
    }

    /// Bytes of the server's message: 255 a look-up.
    pub(crate) fn answer_bytes(&self) -> usize {
        (TABLE - 1) * self.count()
    }
}
