//! Which OT of a step each correlated OT of a stream belongs to, and which hash makes its pads.
//!
//! Correlated OTs are numbered chunk by chunk, within a chunk OT by OT of the plan, within an OT
//! instance by instance. Both parties must feed the same ones. The hash key changes every 64
//! positions. It never returns in a session as long as no step number does.

use std::sync::Arc;

use oblivious_transfer::block::Block;
use oblivious_transfer::hash::{Domain, KeyDeriver, StreamHasher};
use shares::Role;

use super::units::Chunked;
use crate::bits::lanes::LANES;
use crate::circuit::{OtSpec, Schedule};
use crate::error::StepError;

/// The public root of the hash keys of a session, equal on both sides.
#[derive(Clone)]
pub struct HashRoot(Arc<KeyDeriver>);

impl HashRoot {
    /// Derives the keys from the session's identifier, which must never be used for two sessions.
    #[must_use]
    pub fn new(session_id: &[u8; 32]) -> Self {
        Self(Arc::new(KeyDeriver::new(session_id)))
    }
}

/// How a direction's COTs fall on units (one OT of the plan, one chunk).
#[derive(Clone)]
pub(super) struct CotLayout {
    hash_root: HashRoot,
    step_id: u16,
    pub(super) receiver: Role,
    pub(super) count: usize,
    pub(super) specs: Vec<OtSpec>,
}

/// Consecutive COTs of one unit.
pub(super) struct Stretch {
    pub(super) unit: usize,
    pub(super) lane: usize,
    pub(super) length: usize,
}

impl CotLayout {
    pub(super) fn new(schedule: &Schedule, hash_root: &HashRoot, step_id: u16, receiver: Role) -> Self {
        let specs = schedule.ots[receiver.index()].clone();
        Self { hash_root: hash_root.clone(), step_id, receiver, count: schedule.count, specs }
    }

    pub(super) fn needed(&self) -> usize {
        self.count * self.specs.len()
    }

    pub(super) fn spec(&self, unit: usize) -> OtSpec {
        self.specs[unit % self.specs.len()]
    }

    /// The units that COTs `position` to `position` + `length` - 1 of the step belong to.
    pub(super) fn stretches(&self, mut position: usize, length: usize) -> Vec<Stretch> {
        let end = (position + length).min(self.needed());
        let full = self.count / LANES * LANES * self.specs.len();
        let mut stretches = Vec::new();
        while position < end {
            let (offset, first, lanes) = if position < full {
                (position, 0, LANES)
            } else {
                (position - full, full / LANES, self.count % LANES)
            };
            let (unit, lane) = (first + offset / lanes, offset % lanes);
            let length = (lanes - lane).min(end - position);
            stretches.push(Stretch { unit, lane, length });
            position += length;
        }
        stretches
    }

    /// Replaces `blocks` by their hashes at `position` of the stream.
    pub(super) fn hash_at(&self, position: usize, blocks: &mut [Block]) {
        let domain = match self.receiver {
            Role::Client => Domain::ClientReceives,
            Role::Server => Domain::ServerReceives,
        };
        StreamHasher::new(&self.hash_root.0, domain, self.step_id).hash_at(position as u64, blocks);
    }

    pub(super) fn check_room(&self, seen: usize, more: usize) -> Result<(), StepError> {
        let (expected, found) = (self.needed(), seen.saturating_add(more));
        if found > expected { Err(StepError::CotCount { expected, found }) } else { Ok(()) }
    }

    pub(super) fn check_complete(&self, found: usize) -> Result<(), StepError> {
        let expected = self.needed();
        if found == expected { Ok(()) } else { Err(StepError::CotCount { expected, found }) }
    }

    pub(super) fn chunked<U>(&self, units: &mut Vec<U>) -> Chunked<U> {
        let mut units = units.drain(..);
        (0..self.count.div_ceil(LANES)).map(|_| units.by_ref().take(self.specs.len()).collect()).collect()
    }
}
