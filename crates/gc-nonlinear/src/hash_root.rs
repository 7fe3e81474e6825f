//! The public hash keys of a session.

use std::sync::Arc;

use oblivious_transfer::block::Block;
use oblivious_transfer::hash::{Domain, KeyDeriver, KeyIndex};

/// The root of all hash keys of one session. It is public and equal on both sides.
///
/// A key belongs to a use, a step, a batch of 64 instances, and a ciphertext or output bit. It
/// never returns in a session, as long as no step number does.
#[derive(Clone)]
pub struct HashRoot {
    deriver: Arc<KeyDeriver>,
}

impl HashRoot {
    /// The keys of the session with this identifier, which both parties contributed to and which
    /// never returns.
    #[must_use]
    pub fn new(session_id: &[u8; 32]) -> Self {
        Self { deriver: Arc::new(KeyDeriver::new(session_id)) }
    }

    /// The keys of one step.
    pub(crate) fn step(&self, step_id: u16) -> StepKeys {
        StepKeys { deriver: Arc::clone(&self.deriver), step: step_id }
    }
}

/// The hash keys of one step.
pub(crate) struct StepKeys {
    deriver: Arc<KeyDeriver>,
    step: u16,
}

impl StepKeys {
    /// One key for each of `count` ciphertexts of a batch.
    pub(crate) fn garbling(&self, batch: usize, count: usize) -> Vec<Block> {
        self.keys(Domain::Garbling, batch, count)
    }

    /// One key for each of `count` output bits of a batch.
    pub(crate) fn conversion(&self, batch: usize, count: usize) -> Vec<Block> {
        self.keys(Domain::ServerReceives, batch, count)
    }

    fn keys(&self, domain: Domain, batch: usize, count: usize) -> Vec<Block> {
        let mut keys = vec![Block::ZERO; count];
        // A plan has less than 2^32 instances, so less than 2^32 batches.
        self.deriver.keys(KeyIndex { domain, layer: self.step, batch: batch as u32, item: 0 }, &mut keys);
        keys
    }
}
