//! Correlated OTs as a step consumes them: mac = key ^ choice * delta, with random choices.

use oblivious_transfer::block::Block;
use oblivious_transfer::cot::{Blocks, ReceiverCots};
use zeroize::Zeroize;

use crate::error::{StepError, check_count};

/// The sender's half of the OTs of one step, which consumes them. Zeroised on drop.
pub struct SentCots {
    /// The correlation.
    pub delta: Block,
    /// One key for each OT.
    pub keys: Blocks,
}

impl Drop for SentCots {
    fn drop(&mut self) {
        self.delta.zeroize();
    }
}

impl SentCots {
    /// Checks the OTs from which a garbler takes its zero labels: their number, and that bit 0 of
    /// the correlation is 1.
    pub(crate) fn check_garbling(&self, count: usize) -> Result<(), StepError> {
        self.check("server's input OTs", count)?;
        if self.delta.lsb() { Ok(()) } else { Err(StepError::Colour) }
    }

    pub(crate) fn check(&self, what: &'static str, count: usize) -> Result<(), StepError> {
        check_count(what, count, self.keys.len())
    }
}

/// Checks the receiver's half.
pub(crate) fn check_received(what: &'static str, count: usize, cots: &ReceiverCots) -> Result<(), StepError> {
    check_count(what, count, cots.choices.len())?;
    check_count(what, count, cots.macs.len())
}
