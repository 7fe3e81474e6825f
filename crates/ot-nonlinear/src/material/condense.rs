//! Condenses random correlated OTs, as they are made, to what a step consumes.
//!
//! A correlated OT gives its sender a key. It gives its receiver a choice r and mac = key ^ r
//! Delta. The hashes of key and key ^ Delta are two pads. The receiver knows the one that it chose.
//! A bit gate takes single bits of a pad, several from one hash where offers share a choice. A ring
//! gate takes a residue. So the 16 bytes of an OT become less than one on average, and the material
//! of a classification stays small.
//!
//! Pieces may be condensed anywhere, several at once, also inside the extension's own loop
//! (`condense`). They are put together in order (`add`). `absorb` does both.

use oblivious_transfer::bits::BitVec;
use oblivious_transfer::block::Block;
use oblivious_transfer::silent::choices_of;
use rayon::prelude::*;
use shares::Role;
use zeroize::Zeroize;

use super::layout::{CotLayout, HashRoot};
use super::piece::{ReceivedPiece, SentPiece};
use super::units::{ReceivedMaterial, ReceivedUnit, SentMaterial, SentUnit};
use crate::circuit::Schedule;
use crate::error::StepError;

/// COTs that `absorb` condenses at a time.
const PIECE: usize = 1 << 13;

/// The sender's half: keys in, pads out.
pub struct SentCondenser {
    layout: CotLayout,
    delta: Block,
    units: Vec<SentUnit>,
    seen: usize,
}

impl SentCondenser {
    /// For the COTs of step `step_id` that `receiver` chooses in and this party sends under
    /// `delta`.
    #[must_use]
    pub fn new(
        schedule: &Schedule,
        hash_root: &HashRoot,
        step_id: u16,
        receiver: Role,
        delta: Block,
    ) -> Self {
        let layout = CotLayout::new(schedule, hash_root, step_id, receiver);
        Self { layout, delta, units: Vec::new(), seen: 0 }
    }

    /// COTs still to come.
    #[must_use]
    pub fn needed(&self) -> usize {
        self.layout.needed() - self.seen
    }

    /// Condenses keys `position`, `position` + 1, ... of this step. Keys beyond the step's last are
    /// left aside.
    #[must_use]
    pub fn condense(&self, position: usize, keys: &[Block]) -> SentPiece {
        SentPiece::condense(&self.layout, self.delta, position, keys)
    }

    /// Adds a piece that follows the ones before.
    ///
    /// # Errors
    /// [`StepError::Order`] if it does not begin where the last one ended.
    pub fn add(&mut self, piece: SentPiece) -> Result<(), StepError> {
        if piece.position != self.seen {
            return Err(StepError::Order);
        }
        self.seen += piece.length;
        piece.merge(&mut self.units);
        Ok(())
    }

    /// Takes the next keys, any number.
    ///
    /// # Errors
    /// [`StepError::CotCount`] if they are more than the step needs.
    pub fn absorb(&mut self, keys: &[Block]) -> Result<(), StepError> {
        self.layout.check_room(self.seen, keys.len())?;
        let first = self.seen;
        let condense = |(index, keys): (usize, &[Block])| self.condense(first + index * PIECE, keys);
        let pieces: Vec<SentPiece> = keys.par_chunks(PIECE).enumerate().map(condense).collect();
        pieces.into_iter().try_for_each(|piece| self.add(piece))
    }

    /// The material, when all COTs have come.
    ///
    /// # Errors
    /// [`StepError::CotCount`] if COTs are missing.
    pub fn finish(mut self) -> Result<SentMaterial, StepError> {
        self.layout.check_complete(self.seen)?;
        let chunks = self.layout.chunked(&mut self.units);
        let (count, specs) = (self.layout.count, self.layout.specs.clone());
        Ok(SentMaterial { owner: self.layout.receiver.peer(), count, specs, chunks })
    }
}

impl Drop for SentCondenser {
    fn drop(&mut self) {
        self.delta.zeroize();
    }
}

/// The receiver's half: macs and choices in, opened pads out.
pub struct ReceivedCondenser {
    layout: CotLayout,
    units: Vec<ReceivedUnit>,
    seen: usize,
}

impl ReceivedCondenser {
    /// For the COTs of step `step_id` in which this party, `receiver`, chooses.
    #[must_use]
    pub fn new(schedule: &Schedule, hash_root: &HashRoot, step_id: u16, receiver: Role) -> Self {
        let layout = CotLayout::new(schedule, hash_root, step_id, receiver);
        Self { layout, units: Vec::new(), seen: 0 }
    }

    /// COTs still to come.
    #[must_use]
    pub fn needed(&self) -> usize {
        self.layout.needed() - self.seen
    }

    /// Condenses macs `position`, `position` + 1, ... of this step with their choices, which begin
    /// at bit `offset`. Macs beyond the step's last are left aside.
    #[must_use]
    pub fn condense(
        &self,
        position: usize,
        macs: &[Block],
        choices: &BitVec,
        offset: usize,
    ) -> ReceivedPiece {
        ReceivedPiece::condense(&self.layout, position, macs, choices, offset)
    }

    /// Like [`ReceivedCondenser::condense`] for the macs of a silent extension, whose choices are
    /// the macs' lowest bits.
    #[must_use]
    pub fn condense_silent(&self, position: usize, macs: &[Block]) -> ReceivedPiece {
        self.condense(position, macs, &choices_of(macs), 0)
    }

    /// Adds a piece that follows the ones before.
    ///
    /// # Errors
    /// [`StepError::Order`] if it does not begin where the last one ended.
    pub fn add(&mut self, piece: ReceivedPiece) -> Result<(), StepError> {
        if piece.position != self.seen {
            return Err(StepError::Order);
        }
        self.seen += piece.length;
        piece.merge(&mut self.units);
        Ok(())
    }

    /// Takes the next macs with their choice bits, any number.
    ///
    /// # Errors
    /// [`StepError::CotCount`] if they are more than the step needs, [`StepError::Choices`] if macs
    /// and choices differ in number.
    pub fn absorb(&mut self, macs: &[Block], choices: &BitVec) -> Result<(), StepError> {
        if choices.len() != macs.len() {
            return Err(StepError::Choices);
        }
        self.layout.check_room(self.seen, macs.len())?;
        let first = self.seen;
        let condense = |(index, macs): (usize, &[Block])| {
            self.condense(first + index * PIECE, macs, choices, index * PIECE)
        };
        let pieces: Vec<ReceivedPiece> = macs.par_chunks(PIECE).enumerate().map(condense).collect();
        pieces.into_iter().try_for_each(|piece| self.add(piece))
    }

    /// Takes the next macs of a silent extension, whose choices are the macs' lowest bits.
    ///
    /// # Errors
    /// [`StepError::CotCount`] if they are more than the step needs.
    pub fn absorb_silent(&mut self, macs: &[Block]) -> Result<(), StepError> {
        self.absorb(macs, &choices_of(macs))
    }

    /// The material, when all COTs have come.
    ///
    /// # Errors
    /// [`StepError::CotCount`] if COTs are missing.
    pub fn finish(mut self) -> Result<ReceivedMaterial, StepError> {
        self.layout.check_complete(self.seen)?;
        let chunks = self.layout.chunked(&mut self.units);
        let (count, specs) = (self.layout.count, self.layout.specs.clone());
        Ok(ReceivedMaterial { owner: self.layout.receiver, count, specs, chunks })
    }
}
