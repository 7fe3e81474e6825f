//! The plan of a table look-up.

use std::sync::Arc;

use super::schedule::{OtSpec, Schedule};
use crate::error::StepError;
use crate::shape::MAX_ELL;
use crate::wire::message_bytes;

/// Entries of a table.
pub(crate) const TABLE: usize = 256;

/// The compiled look-up of `count` shared indices in one public table of residues mod 2^w.
#[derive(Clone, Debug)]
pub struct LookupPlan(Arc<Lookup>);

#[derive(Debug)]
struct Lookup {
    table: [u32; TABLE],
    width: u32,
    schedule: Schedule,
}

impl LookupPlan {
    /// Compiles the look-up in `table`, whose entries are residues mod 2^`width`.
    ///
    /// # Errors
    /// [`StepError::Shape`] if `count` is not 1 to 2^20, `width` not 1 to 30, or an entry is not a residue.
    pub fn new(count: usize, table: &[u32; TABLE], width: u32) -> Result<Self, StepError> {
        if !(1..=1 << 20).contains(&count) {
            return Err(StepError::Shape("count must be 1 to 2^20"));
        }
        if !(1..=MAX_ELL).contains(&width) {
            return Err(StepError::Shape("width must be 1 to 30"));
        }
        if table.iter().any(|entry| entry >> width != 0) {
            return Err(StepError::Shape("table entries must be residues"));
        }
        let ots = [vec![OtSpec::Table(width)], Vec::new()];
        let schedule = Schedule { count, rounds: Vec::new(), offline_ring: Vec::new(), ots, registers: 0 };
        Ok(Self(Arc::new(Lookup { table: *table, width, schedule })))
    }

    /// Look-ups.
    #[must_use]
    pub fn count(&self) -> usize {
        self.0.schedule.count
    }

    /// Width of the entries in bits.
    #[must_use]
    pub fn width(&self) -> u32 {
        self.0.width
    }

    /// The correlated OTs, 8 a look-up with the client as receiver, for the reducers.
    #[must_use]
    pub fn schedule(&self) -> &Schedule {
        &self.0.schedule
    }

    /// Bytes of the client's message: 8 bits a look-up.
    #[must_use]
    pub fn question_bytes(&self) -> usize {
        message_bytes(8, self.count())
    }

    /// Bytes of the server's message: 255 w bits a look-up.
    #[must_use]
    pub fn answer_bytes(&self) -> usize {
        message_bytes(self.answer_bits(), self.count())
    }

    pub(crate) fn answer_bits(&self) -> usize {
        (TABLE - 1) * self.0.width as usize
    }

    pub(crate) fn table(&self) -> &[u32; TABLE] {
        &self.0.table
    }
}
