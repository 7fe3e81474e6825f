//! Table look-up on an additively shared index: XOR shares of T\[u + v mod 256\], u the client's and v the server's share.
//!
//! ```text
//! client                                   server
//! ask(u)      -- u - r mod 256: 1 byte -->  answer(v, T)
//! finish      <-- 255 masked entries ----   255 bytes
//! ```
//! One 1-of-256 OT from 8 correlated OTs: with X the field's generator, sum X^i mac_i = sum X^i key_i ^ r Delta, r the
//! polynomial of the choices, so the hashes of key ^ j Delta, j = 0..255, are 256 pads of which the receiver knows number r
//! (Kolesnikov, Kumaresan, CRYPTO 2013; in this form Roy, CRYPTO 2022). With d = u - r the server sends
//! e_j = T\[j + d + v\] ^ y1 ^ pad_j; it takes y1 = T\[d + v\] ^ pad_0, so that e_0 = 0 need not travel. y0 = e_r ^ pad_r.
//! Both sides touch all entries, whatever the index. The client learns nothing of a table, not even what look-ups share one
//! beyond the public segments.

use rayon::prelude::*;
use zeroize::{Zeroize, ZeroizeOnDrop};

use crate::circuit::{LookupPlan, TABLE};
use crate::error::StepError;
use crate::lanes::LANES;
use crate::material::{ReceivedMaterial, ReceivedUnit, SentMaterial, SentUnit};
use crate::shape::Role;
use crate::wire::check_length;

/// Bits of an index.
const INDEX_BITS: u32 = TABLE.trailing_zeros();

/// A table of bytes.
pub(crate) type Table = [u8; TABLE];

/// All ones if `a` equals `b`, without a branch.
const fn equal_mask(a: u8, b: u8) -> u8 {
    ((((a ^ b) as u32).wrapping_sub(1) >> 31) as u8).wrapping_neg()
}

/// `table` rotated so that entry j becomes entry j + `by` mod 256: eight public steps, each taken or not by a mask.
fn rotated(table: &Table, by: u8) -> Table {
    let mut from = *table;
    for bit in 0..INDEX_BITS {
        let mask = (by >> bit & 1).wrapping_neg();
        let mut moved = from;
        moved.rotate_left(1 << bit);
        from.iter_mut().zip(moved).for_each(|(entry, moved)| *entry ^= (*entry ^ moved) & mask);
        moved.zeroize();
    }
    from
}

fn check_indices(plan: &LookupPlan, indices: &[u8]) -> Result<(), StepError> {
    let (expected, found) = (plan.count(), indices.len());
    if expected == found { Ok(()) } else { Err(StepError::ShareCount { expected, found }) }
}

/// The client before its question and between that and the server's answer.
#[derive(ZeroizeOnDrop)]
pub(crate) struct ClientLookup {
    #[zeroize(skip)]
    plan: LookupPlan,
    units: Vec<ReceivedUnit>,
}

impl ClientLookup {
    /// Consumes the material.
    ///
    /// # Errors
    /// If the material belongs to another plan.
    pub(crate) fn new(plan: &LookupPlan, mut received: ReceivedMaterial) -> Result<Self, StepError> {
        received.check(plan.schedule(), Role::Client)?;
        Ok(Self { plan: plan.clone(), units: received.chunks.drain(..).flatten().collect() })
    }

    /// The question, [`LookupPlan::question_bytes`] long, on the client's shares u; to be asked once.
    ///
    /// # Errors
    /// If the shares do not fit.
    pub(crate) fn ask(&self, indices: &[u8]) -> Result<Vec<u8>, StepError> {
        check_indices(&self.plan, indices)?;
        let random = self.units.iter().flat_map(|unit| &unit.indices);
        Ok(indices.iter().zip(random).map(|(u, r)| u.wrapping_sub(*r)).collect())
    }

    /// The client's shares of the entries, from the server's answer.
    ///
    /// # Errors
    /// If the answer has the wrong length.
    pub(crate) fn finish(self, answer: &[u8]) -> Result<Vec<u8>, StepError> {
        check_length(answer, self.plan.answer_bytes())?;
        let shares = answer.par_chunks(TABLE - 1).enumerate().map(|(lane, entries)| {
            let unit = &self.units[lane / LANES];
            let (index, pad) = (unit.indices[lane % LANES], unit.entries[lane % LANES]);
            (1..=u8::MAX).zip(entries).fold(pad, |share, (j, entry)| share ^ equal_mask(index, j) & entry)
        });
        Ok(shares.collect())
    }
}

/// The server's side of a look-up.
#[derive(ZeroizeOnDrop)]
pub(crate) struct ServerLookup {
    #[zeroize(skip)]
    plan: LookupPlan,
    units: Vec<SentUnit>,
}

impl ServerLookup {
    /// Consumes the material.
    ///
    /// # Errors
    /// If the material belongs to another plan.
    pub(crate) fn new(plan: &LookupPlan, mut sent: SentMaterial) -> Result<Self, StepError> {
        sent.check(plan.schedule(), Role::Server)?;
        Ok(Self { plan: plan.clone(), units: sent.chunks.drain(..).flatten().collect() })
    }

    /// Answers the client's question with the server's shares v and the table of each segment; returns the answer,
    /// [`LookupPlan::answer_bytes`] long, and the server's shares of the entries.
    ///
    /// # Errors
    /// If the question has the wrong length, or the shares do not fit.
    pub(crate) fn answer(
        self,
        question: &[u8],
        indices: &[u8],
        tables: &[&Table],
    ) -> Result<(Vec<u8>, Vec<u8>), StepError> {
        check_length(question, self.plan.question_bytes())?;
        check_indices(&self.plan, indices)?;
        let segments = self.plan.segments().iter().zip(tables);
        let tables: Vec<&Table> =
            segments.flat_map(|(count, table)| core::iter::repeat_n(*table, *count)).collect();
        let mut message = vec![0; self.plan.answer_bytes()];
        let starts = indices.par_iter().zip(question).map(|(v, d)| v.wrapping_add(*d));
        let parts = message.par_chunks_mut(TABLE - 1);
        let shares = starts.zip(tables).zip(parts).enumerate().map(|(lane, ((start, table), bytes))| {
            let pads = self.units[lane / LANES].table.chunks_exact(TABLE).nth(lane % LANES);
            answer_one(table, start, pads.unwrap_or_default(), bytes)
        });
        let shares = shares.collect();
        Ok((message, shares))
    }
}

/// Writes entries 1 to 255 of one look-up, whose table starts at `start`; returns the server's share.
fn answer_one(table: &Table, start: u8, pads: &[u8], bytes: &mut [u8]) -> u8 {
    let mut entries = rotated(table, start);
    entries.iter_mut().zip(pads).for_each(|(entry, pad)| *entry ^= pad);
    let share = entries[0];
    bytes.iter_mut().zip(&entries[1..]).for_each(|(byte, entry)| *byte = entry ^ share);
    entries.zeroize();
    share
}
