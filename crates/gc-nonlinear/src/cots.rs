//! Correlated OTs as a step consumes them: mac = key ^ choice * delta.

use oblivious_transfer::bits::BitVec;
use oblivious_transfer::block::Block;
use zeroize::Zeroize;

use crate::error::{StepError, check_count};

/// The sender's half. Consumed by one step, zeroised on drop.
pub struct SentCots {
    /// The correlation.
    pub delta: Block,
    /// One key for each OT.
    pub keys: Vec<Block>,
}

/// The receiver's half, on random choices. Consumed by one step, zeroised on drop.
pub struct ReceivedCots {
    /// One choice bit for each OT.
    pub choices: BitVec,
    /// One mac for each OT.
    pub macs: Vec<Block>,
}

impl SentCots {
    pub(crate) fn check(&self, what: &'static str, count: usize) -> Result<(), StepError> {
        check_count(what, count, self.keys.len())
    }
}

impl ReceivedCots {
    pub(crate) fn check(&self, what: &'static str, count: usize) -> Result<(), StepError> {
        check_count(what, count, self.choices.len())?;
        check_count(what, count, self.macs.len())
    }
}

impl Drop for SentCots {
    fn drop(&mut self) {
        self.delta.zeroize();
        self.keys.zeroize();
    }
}

impl Drop for ReceivedCots {
    fn drop(&mut self) {
        self.macs.zeroize();
    }
}
