//! Input labels from correlated OTs: the client tells, for each OT, whether its random choice is
//! its input bit.
//!
//! The receiver's mac is key ^ choice * Delta. The client sends the correction d = bit ^ choice. It
//! is uniform, because the choice is. The sender takes key ^ d * Delta as the zero label. Then the
//! mac is the label of the receiver's bit.

use oblivious_transfer::bits::BitVec;
use oblivious_transfer::block::Block;
use oblivious_transfer::cot::ReceiverCots;
use rayon::prelude::{IndexedParallelIterator, IntoParallelRefIterator, ParallelIterator, ParallelSliceMut};

use crate::batch::Batch;
use crate::cots::SentCots;
use crate::error::{StepError, check_length};
use crate::lanes::{LANES, lane_mask, push_bit_slices};

/// The three words whose bits an instance inputs, and how many bits of each.
pub(crate) struct Words<'a, F> {
    pub(crate) shares: &'a [u32],
    pub(crate) values_per_output: usize,
    pub(crate) widths: [u32; 3],
    pub(crate) words: F,
}

impl<F: Fn(&[u32]) -> [u32; 3] + Sync> Words<'_, F> {
    /// The batch's input bits, one word of lanes for each.
    pub(crate) fn bits(&self, batch: Batch) -> Vec<u64> {
        let start = batch.start * self.values_per_output;
        let shares = &self.shares[start..start + batch.lanes * self.values_per_output];
        let mut values = [[0; LANES]; 3];
        for (lane, shares) in shares.chunks_exact(self.values_per_output).enumerate() {
            let words = (self.words)(shares);
            for (values, word) in values.iter_mut().zip(words) {
                values[lane] = word;
            }
        }
        let mut bits = Vec::with_capacity(self.widths.iter().sum::<u32>() as usize);
        for (values, width) in values.iter().zip(self.widths) {
            push_bit_slices(values, width, &mut bits);
        }
        bits
    }

    /// The input bits of many batches.
    pub(crate) fn all_bits(&self, batches: &[Batch]) -> Vec<Vec<u64>> {
        batches.par_iter().map(|batch| self.bits(*batch)).collect()
    }
}

/// The client's corrections: input bit ^ choice, in the order of the OTs.
pub(crate) fn corrections(batches: &[Batch], bits: &[Vec<u64>], cots: &ReceiverCots) -> Vec<u8> {
    let mut corrections = BitVec::new();
    for (batch, bits) in batches.iter().zip(bits) {
        for (wire, word) in bits.iter().enumerate() {
            let choice = cots.choices.word_at(batch.item(bits.len(), wire).start);
            corrections.push_word((word ^ choice) & lane_mask(batch.lanes), batch.lanes as u32);
        }
    }
    corrections.to_bytes()
}

/// The server's zero labels, in place of the OTs' keys.
pub(crate) fn zero_labels(cots: &mut SentCots, corrections: &[u8]) -> Result<(), StepError> {
    check_length("input corrections", cots.keys.len().div_ceil(8), corrections)?;
    let corrections = BitVec::from_bytes(corrections, cots.keys.len())?;
    let delta = cots.delta;
    cots.keys.par_chunks_mut(64).zip(corrections.words().par_iter()).for_each(|(keys, word)| {
        for (i, key) in keys.iter_mut().enumerate() {
            *key ^= Block::mask(word >> i & 1 == 1) & delta;
        }
    });
    Ok(())
}
