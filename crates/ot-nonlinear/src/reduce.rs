//! Reduces random correlated OTs, as they are made, to what a step consumes.
//!
//! A correlated OT gives its sender a key and its receiver a choice r and mac = key ^ r Delta. Hashing key and
//! key ^ Delta yields two pads, of which the receiver knows the one it chose: to single bits for bit gates (several from one
//! hash where offers share a choice), to a residue for ring gates. So 16 bytes an OT become one to eight, and a
//! classification's material stays small. COTs are consumed in order: chunk by chunk, OT by OT of the plan, instance by
//! instance; both parties must feed the same ones. The hash key changes every 64 positions and never returns in a
//! session as long as `step_id` is unique.

mod table;

use std::sync::Arc;

use oblivious_transfer::bits::BitVec;
use oblivious_transfer::block::Block;
use oblivious_transfer::hash::{Domain, KeyDeriver, StreamHasher};
use rayon::prelude::*;
use zeroize::{Zeroize, Zeroizing};

use crate::chunk::ring_mask;
use crate::circuit::{OtSpec, Schedule};
use crate::error::StepError;
use crate::lanes::{LANES, Lanes};
use crate::material::{BitPads, Chunked, ReceivedMaterial, ReceivedUnit, RingPads, SentMaterial, SentUnit};
use crate::shape::Role;

/// The public root of the hash keys of a session, equal on both sides.
#[derive(Clone)]
pub struct Session(Arc<KeyDeriver>);

impl Session {
    /// Derives the keys from the session's identifier, which must never be used for two sessions.
    #[must_use]
    pub fn new(session_id: &[u8; 32]) -> Self {
        Self(Arc::new(KeyDeriver::new(session_id)))
    }
}

/// How a direction's COTs fall on units (one OT of the plan, one chunk).
#[derive(Clone)]
struct Layout {
    session: Session,
    step_id: u16,
    receiver: Role,
    count: usize,
    specs: Vec<OtSpec>,
}

impl Layout {
    fn new(schedule: &Schedule, session: &Session, step_id: u16, receiver: Role) -> Self {
        let specs = schedule.ots[receiver.index()].clone();
        Self { session: session.clone(), step_id, receiver, count: schedule.count, specs }
    }

    fn needed(&self) -> usize {
        self.count * self.specs.iter().map(|spec| spec.cots()).sum::<usize>()
    }

    fn lanes(&self, unit: usize) -> usize {
        let chunk = unit / self.specs.len().max(1);
        (self.count - (chunk * LANES).min(self.count)).min(LANES)
    }

    fn spec(&self, unit: usize) -> OtSpec {
        self.specs[unit % self.specs.len()]
    }

    /// COTs of a unit; 0 beyond the last.
    fn cots(&self, unit: usize) -> usize {
        self.lanes(unit) * self.spec(unit).cots()
    }

    /// The units that `available` COTs complete, from `first` on, with their positions in the input.
    fn complete(&self, first: usize, available: usize) -> Vec<(usize, usize)> {
        let mut start = 0;
        let mut units = Vec::new();
        for unit in first.. {
            let cots = if self.specs.is_empty() { 0 } else { self.cots(unit) };
            if cots == 0 || start + cots > available {
                break;
            }
            units.push((unit, start));
            start += cots;
        }
        units
    }

    /// Replaces the blocks of `unit`, one for each instance, by their hashes.
    fn hash(&self, unit: usize, blocks: &mut [Block]) {
        self.hash_at(unit * LANES, blocks);
    }

    fn hash_at(&self, position: usize, blocks: &mut [Block]) {
        let domain = match self.receiver {
            Role::Client => Domain::ClientReceives,
            Role::Server => Domain::ServerReceives,
        };
        StreamHasher::new(&self.session.0, domain, self.step_id).hash_at(position as u64, blocks);
    }

    fn check_room(&self, seen: usize, more: usize) -> Result<(), StepError> {
        let (expected, found) = (self.needed(), seen.saturating_add(more));
        if found > expected { Err(StepError::CotCount { expected, found }) } else { Ok(()) }
    }

    fn chunked<U>(&self, units: &mut Vec<U>) -> Chunked<U> {
        let width = self.specs.len();
        let mut chunks = Vec::with_capacity(self.count.div_ceil(LANES));
        let mut units = units.drain(..);
        for _ in 0..self.count.div_ceil(LANES) {
            chunks.push(units.by_ref().take(width).collect());
        }
        chunks
    }
}

/// Bit `bit` of each block.
fn plane(blocks: &[Block], bit: usize) -> Lanes {
    let mut lanes = Lanes::ZERO;
    for (word, part) in lanes.0.iter_mut().zip(blocks.chunks(64)) {
        for (lane, block) in part.iter().enumerate() {
            *word |= (block.words()[0] >> bit & 1) << lane;
        }
    }
    lanes
}

/// The sender's reduction: keys in, pads out.
pub struct SentReducer {
    layout: Layout,
    delta: Block,
    pending: Vec<Block>,
    units: Vec<SentUnit>,
    seen: usize,
}

impl SentReducer {
    /// For the COTs of step `step_id` that `receiver` chooses in and this party sends under `delta`.
    #[must_use]
    pub fn new(schedule: &Schedule, session: &Session, step_id: u16, receiver: Role, delta: Block) -> Self {
        let layout = Layout::new(schedule, session, step_id, receiver);
        Self { layout, delta, pending: Vec::new(), units: Vec::new(), seen: 0 }
    }

    /// COTs still to come.
    #[must_use]
    pub fn needed(&self) -> usize {
        self.layout.needed() - self.seen
    }

    /// Takes the next keys, any number.
    ///
    /// # Errors
    /// [`StepError::CotCount`] if they are more than the step needs.
    pub fn absorb(&mut self, keys: &[Block]) -> Result<(), StepError> {
        self.layout.check_room(self.seen, keys.len())?;
        self.seen += keys.len();
        let mut rest = keys;
        if !self.pending.is_empty() {
            let missing = (self.layout.cots(self.units.len()) - self.pending.len()).min(rest.len());
            let (head, tail) = rest.split_at(missing);
            self.pending.extend_from_slice(head);
            rest = tail;
            let pending = Zeroizing::new(core::mem::take(&mut self.pending));
            let used = self.reduce(&pending);
            self.pending.extend_from_slice(&pending[used..]);
        }
        if self.pending.is_empty() {
            let used = self.reduce(rest);
            self.pending.extend_from_slice(&rest[used..]);
        }
        Ok(())
    }

    /// Reduces the units that `keys` completes; returns how many keys that took.
    fn reduce(&mut self, keys: &[Block]) -> usize {
        let (layout, delta) = (&self.layout, self.delta);
        let complete = layout.complete(self.units.len(), keys.len());
        let units = complete.par_iter().map(|&(unit, start)| {
            let keys = &keys[start..start + layout.cots(unit)];
            if let OtSpec::Table(width) = layout.spec(unit) {
                return table::sent_unit(layout, unit, keys, delta, width);
            }
            let mut zero = Zeroizing::new(keys.to_vec());
            let mut one = Zeroizing::new(zero.iter().map(|key| *key ^ delta).collect::<Vec<_>>());
            layout.hash(unit, &mut zero);
            layout.hash(unit, &mut one);
            sent_unit(layout.spec(unit), &zero, &one)
        });
        let units: Vec<_> = units.collect();
        self.units.extend(units);
        complete.last().map_or(0, |&(unit, start)| start + self.layout.cots(unit))
    }

    /// The material, when all COTs have come.
    ///
    /// # Errors
    /// [`StepError::CotCount`] if COTs are missing.
    pub fn finish(mut self) -> Result<SentMaterial, StepError> {
        let expected = self.layout.needed();
        if self.seen != expected {
            return Err(StepError::CotCount { expected, found: self.seen });
        }
        let chunks = self.layout.chunked(&mut self.units);
        let (count, specs) = (self.layout.count, self.layout.specs.clone());
        Ok(SentMaterial { owner: self.layout.receiver.peer(), count, specs, chunks })
    }
}

impl Drop for SentReducer {
    fn drop(&mut self) {
        self.pending.zeroize();
        self.delta.zeroize();
    }
}

fn sent_unit(spec: OtSpec, zero: &[Block], one: &[Block]) -> SentUnit {
    let mut unit = SentUnit::default();
    match spec {
        OtSpec::Bits(offers) => {
            unit.bits = (0..offers)
                .map(|bit| {
                    let pad = plane(zero, bit);
                    BitPads { zero: pad, difference: pad ^ plane(one, bit) }
                })
                .collect();
        }
        OtSpec::Ring(width) => {
            let mask = ring_mask(width);
            let pads = zero.iter().zip(one).map(|(zero, one)| {
                let pad = zero.words()[0] as u32;
                RingPads { zero: pad & mask, difference: (one.words()[0] as u32).wrapping_sub(pad) & mask }
            });
            unit.pads = pads.collect();
            unit.pads.resize(LANES, RingPads::default());
        }
        // Made in `table`, from several COTs an instance.
        OtSpec::Table(_) => {}
    }
    unit
}

/// The receiver's reduction: macs and choices in, opened pads out.
pub struct ReceivedReducer {
    layout: Layout,
    pending: Vec<Block>,
    pending_choices: BitVec,
    units: Vec<ReceivedUnit>,
    seen: usize,
}

impl ReceivedReducer {
    /// For the COTs of step `step_id` in which this party, `receiver`, chooses.
    #[must_use]
    pub fn new(schedule: &Schedule, session: &Session, step_id: u16, receiver: Role) -> Self {
        let layout = Layout::new(schedule, session, step_id, receiver);
        Self { layout, pending: Vec::new(), pending_choices: BitVec::new(), units: Vec::new(), seen: 0 }
    }

    /// COTs still to come.
    #[must_use]
    pub fn needed(&self) -> usize {
        self.layout.needed() - self.seen
    }

    /// Takes the next macs with their choice bits, any number.
    ///
    /// # Errors
    /// [`StepError::CotCount`] if they are more than the step needs, [`StepError::Choices`] if macs and choices differ
    /// in number.
    pub fn absorb(&mut self, macs: &[Block], choices: &BitVec) -> Result<(), StepError> {
        if choices.len() != macs.len() {
            return Err(StepError::Choices);
        }
        self.layout.check_room(self.seen, macs.len())?;
        self.seen += macs.len();
        let mut start = 0;
        if !self.pending.is_empty() {
            start = (self.layout.cots(self.units.len()) - self.pending.len()).min(macs.len());
            self.pending.extend_from_slice(&macs[..start]);
            self.pending_choices.extend(&choices.slice(0, start));
            let pending = Zeroizing::new(core::mem::take(&mut self.pending));
            let pending_choices = core::mem::take(&mut self.pending_choices);
            let used = self.reduce(&pending, &pending_choices, 0);
            self.keep(&pending, &pending_choices, used);
        }
        if self.pending.is_empty() {
            let used = self.reduce(&macs[start..], choices, start);
            self.keep(macs, choices, start + used);
        }
        Ok(())
    }

    /// Takes the next macs of a silent extension, whose choices are the macs' lowest bits.
    ///
    /// # Errors
    /// [`StepError::CotCount`] if they are more than the step needs.
    pub fn absorb_silent(&mut self, macs: &[Block]) -> Result<(), StepError> {
        let word =
            |part: &[Block]| part.iter().enumerate().fold(0, |w, (i, mac)| w | u64::from(mac.lsb()) << i);
        self.absorb(macs, &BitVec::from_words(macs.chunks(64).map(word).collect(), macs.len()))
    }

    fn keep(&mut self, macs: &[Block], choices: &BitVec, from: usize) {
        self.pending.extend_from_slice(&macs[from..]);
        self.pending_choices.extend(&choices.slice(from, macs.len() - from));
    }

    /// Reduces the units that `macs` completes; their choices begin at bit `offset`. Returns how many macs that took.
    fn reduce(&mut self, macs: &[Block], choices: &BitVec, offset: usize) -> usize {
        let layout = &self.layout;
        let complete = layout.complete(self.units.len(), macs.len());
        let units = complete.par_iter().map(|&(unit, start)| {
            let macs = &macs[start..start + layout.cots(unit)];
            if let OtSpec::Table(width) = layout.spec(unit) {
                return table::received_unit(layout, unit, macs, choices, offset + start, width);
            }
            let mut blocks = Zeroizing::new(macs.to_vec());
            layout.hash(unit, &mut blocks);
            let mut out = received_unit(layout.spec(unit), &blocks);
            for (index, word) in out.choice.0.iter_mut().enumerate().take(blocks.len().div_ceil(64)) {
                *word = choices.word_at(offset + start + index * 64);
            }
            out
        });
        let units: Vec<_> = units.collect();
        self.units.extend(units);
        complete.last().map_or(0, |&(unit, start)| start + self.layout.cots(unit))
    }

    /// The material, when all COTs have come.
    ///
    /// # Errors
    /// [`StepError::CotCount`] if COTs are missing.
    pub fn finish(mut self) -> Result<ReceivedMaterial, StepError> {
        let expected = self.layout.needed();
        if self.seen != expected {
            return Err(StepError::CotCount { expected, found: self.seen });
        }
        let chunks = self.layout.chunked(&mut self.units);
        let (count, specs) = (self.layout.count, self.layout.specs.clone());
        Ok(ReceivedMaterial { owner: self.layout.receiver, count, specs, chunks })
    }
}

impl Drop for ReceivedReducer {
    fn drop(&mut self) {
        self.pending.zeroize();
    }
}

fn received_unit(spec: OtSpec, blocks: &[Block]) -> ReceivedUnit {
    let mut unit = ReceivedUnit::default();
    match spec {
        OtSpec::Bits(offers) => unit.bits = (0..offers).map(|bit| plane(blocks, bit)).collect(),
        OtSpec::Ring(width) => {
            unit.pads = blocks.iter().map(|block| block.words()[0] as u32 & ring_mask(width)).collect();
            unit.pads.resize(LANES, 0);
        }
        // Made in `table`, from several COTs an instance.
        OtSpec::Table(_) => {}
    }
    unit
}
