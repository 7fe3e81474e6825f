//! Table look-up on an additively shared index: shares of T\[u + v mod 256\], u the client's and v the server's share.
//!
//! ```text
//! client                                   server
//! ask(u)      -- u - r mod 256: 8 bits -->  answer(v)
//! finish      <-- 255 masked entries ----   255 w bits
//! ```
//! One 1-of-256 OT from 8 correlated OTs: with X the field's generator, sum X^i mac_i = sum X^i key_i ^ r Delta, r the
//! polynomial of the choices, so the hashes of key ^ j Delta, j = 0..255, are 256 pads of which the receiver knows number r
//! (Kolesnikov, Kumaresan, CRYPTO 2013; in this form Roy, CRYPTO 2022). With d = u - r the server sends
//! e_j = T\[j + d + v\] - y1 + pad_j; it takes y1 = T\[d + v\] + pad_0, so that e_0 = 0 need not travel. y0 = e_r - pad_r.
//! Both sides touch all entries, whatever the index.

use rayon::prelude::*;
use zeroize::{Zeroize, ZeroizeOnDrop, Zeroizing};

use crate::chunk::ring_mask;
use crate::circuit::{LookupPlan, TABLE};
use crate::error::StepError;
use crate::lanes::{LANES, from_planes, to_planes};
use crate::material::{ReceivedMaterial, ReceivedUnit, SentMaterial, SentUnit};
use crate::shape::Role;
use crate::wire::{PlaneReader, PlaneWriter, check_length, chunk_bytes, message_bytes};

/// Bits of an index.
const INDEX_BITS: u32 = TABLE.trailing_zeros();

/// All ones if `a` equals `b`, both below 2^31, without a branch.
const fn equal_mask(a: u32, b: u32) -> u32 {
    (((a ^ b).wrapping_sub(1) >> 31) & 1).wrapping_neg()
}

/// `table` rotated so that entry j becomes entry j + `by` mod 256: eight public steps, each taken or not by a mask.
fn rotated(table: &[u32; TABLE], by: u32) -> [u32; TABLE] {
    let mut from = *table;
    for bit in 0..INDEX_BITS {
        let mask = (by >> bit & 1).wrapping_neg();
        let old = from;
        for (j, entry) in from.iter_mut().enumerate() {
            *entry ^= (*entry ^ old[(j + (1 << bit)) % TABLE]) & mask;
        }
    }
    from
}

fn check_indices(plan: &LookupPlan, indices: &[u32]) -> Result<(), StepError> {
    if indices.len() != plan.count() {
        return Err(StepError::ShareCount { expected: plan.count(), found: indices.len() });
    }
    if indices.iter().fold(0, |all, index| all | index) >> INDEX_BITS != 0 {
        return Err(StepError::ShareRange);
    }
    Ok(())
}

/// The client between its question and the server's answer.
pub struct ClientLookup {
    plan: LookupPlan,
    units: Vec<ReceivedUnit>,
}

impl ClientLookup {
    /// Consumes the material and the client's shares u, each below 256; returns the question,
    /// [`LookupPlan::question_bytes`] long.
    ///
    /// # Errors
    /// If the material belongs to another plan, or the shares do not fit.
    pub fn ask(
        plan: &LookupPlan,
        mut received: ReceivedMaterial,
        indices: &[u32],
    ) -> Result<(Vec<u8>, Self), StepError> {
        received.check(plan.schedule(), Role::Client)?;
        check_indices(plan, indices)?;
        let units: Vec<ReceivedUnit> = received.chunks.drain(..).flatten().collect();
        let planes = INDEX_BITS as usize;
        let mut message = vec![0; message_bytes(planes, plan.count())];
        let parts = message.chunks_mut(chunk_bytes(planes, plan.count()));
        for ((unit, indices), bytes) in units.iter().zip(indices.chunks(LANES)).zip(parts) {
            let shifts: Vec<u32> =
                indices.iter().zip(&unit.indices).map(|(u, r)| u.wrapping_sub(*r)).collect();
            let mut writer = PlaneWriter::new(bytes, indices.len());
            to_planes(&shifts, INDEX_BITS).into_iter().for_each(|plane| writer.put(plane));
        }
        Ok((message, Self { plan: plan.clone(), units }))
    }

    /// The client's shares of the entries mod 2^w, from the server's answer.
    ///
    /// # Errors
    /// If the answer has the wrong length.
    pub fn finish(self, answer: &[u8]) -> Result<Vec<u32>, StepError> {
        check_length(answer, self.plan.answer_bytes())?;
        let (width, count) = (self.plan.width(), self.plan.count());
        let parts = answer.par_chunks(chunk_bytes(self.plan.answer_bits(), count));
        let shares = self.units.par_iter().zip(parts).enumerate().flat_map_iter(|(chunk, (unit, bytes))| {
            let lanes = (count - chunk * LANES).min(LANES);
            let mut reader = PlaneReader::new(bytes, lanes);
            let mut chosen = vec![0; lanes];
            for j in 1..TABLE as u32 {
                let entries = from_planes(&reader.take_many(width));
                for ((chosen, r), entry) in chosen.iter_mut().zip(&unit.indices).zip(entries) {
                    *chosen |= equal_mask(*r, j) & entry;
                }
            }
            chosen.iter_mut().zip(&unit.pads).for_each(|(share, pad)| {
                *share = share.wrapping_sub(*pad) & ring_mask(width);
            });
            chosen
        });
        Ok(shares.collect())
    }
}

/// The server's side of a look-up.
#[derive(ZeroizeOnDrop)]
pub struct ServerLookup {
    #[zeroize(skip)]
    plan: LookupPlan,
    units: Vec<SentUnit>,
}

impl ServerLookup {
    /// Consumes the material.
    ///
    /// # Errors
    /// If the material belongs to another plan.
    pub fn new(plan: &LookupPlan, mut sent: SentMaterial) -> Result<Self, StepError> {
        sent.check(plan.schedule(), Role::Server)?;
        Ok(Self { plan: plan.clone(), units: sent.chunks.drain(..).flatten().collect() })
    }

    /// Answers the client's question with the server's shares v, each below 256; returns the answer,
    /// [`LookupPlan::answer_bytes`] long, and the server's shares of the entries mod 2^w.
    ///
    /// # Errors
    /// If the question has the wrong length, or the shares do not fit.
    pub fn answer(self, question: &[u8], indices: &[u32]) -> Result<(Vec<u8>, Vec<u32>), StepError> {
        check_length(question, self.plan.question_bytes())?;
        check_indices(&self.plan, indices)?;
        let count = self.plan.count();
        let mut message = vec![0; self.plan.answer_bytes()];
        let parts = message.par_chunks_mut(chunk_bytes(self.plan.answer_bits(), count));
        let questions = question.par_chunks(chunk_bytes(INDEX_BITS as usize, count));
        let chunks = self.units.par_iter().zip(indices.par_chunks(LANES)).zip(parts.zip(questions));
        let shares = chunks.flat_map_iter(|((unit, indices), (bytes, question))| {
            let shifts = from_planes(&PlaneReader::new(question, indices.len()).take_many(INDEX_BITS));
            let starts = indices.iter().zip(shifts).map(|(v, d)| v.wrapping_add(d)).collect();
            self.answer_chunk(unit, Zeroizing::new(starts), bytes)
        });
        let shares = shares.collect();
        Ok((message, shares))
    }

    /// Writes the entries of a chunk whose tables start at `starts`; returns the server's shares.
    fn answer_chunk(&self, unit: &SentUnit, starts: Zeroizing<Vec<u32>>, bytes: &mut [u8]) -> Vec<u32> {
        let (lanes, width) = (starts.len(), self.plan.width());
        let mut entries = Zeroizing::new(vec![0; TABLE * lanes]);
        for (lane, start) in starts.iter().enumerate() {
            let mut table = rotated(self.plan.table(), *start);
            for (j, entry) in table.iter().enumerate() {
                entries[j * lanes + lane] = entry.wrapping_add(unit.table[j * lanes + lane]);
            }
            table.zeroize();
        }
        let (shares, others) = entries.split_at(lanes);
        let mut writer = PlaneWriter::new(bytes, lanes);
        for row in others.chunks(lanes) {
            let masked: Vec<u32> =
                row.iter().zip(shares).map(|(entry, share)| entry.wrapping_sub(*share)).collect();
            to_planes(&masked, width).into_iter().for_each(|plane| writer.put(plane));
        }
        shares.iter().map(|share| share & ring_mask(width)).collect()
    }
}
