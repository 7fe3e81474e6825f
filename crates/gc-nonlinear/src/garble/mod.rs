//! Half-gates garbling (Zahur, Rosulek, Evans, EUROCRYPT 2015) of 64 instances at a time.
//!
//! A wire has a zero label L0 and a one label L0 ^ Delta. Bit 0 of Delta is 1. Bit 0 of a label is
//! its colour. p, the colour of L0, masks the wire's value. For ciphertext j, H is the hash under
//! key j:
//!
//! | gate | the garbler sends | output zero label | the evaluator computes |
//! |---|---|---|---|
//! | a & g, g the garbler's | T = H(A0) ^ H(A1) ^ g Delta | H(A0) ^ p_a T | H(A) ^ colour(A) T |
//! | a & e, e the evaluator's | T = H(E0) ^ H(E1) ^ A0 | H(E0) | H(E) ^ e (T ^ A) |
//! | a & b | T with g = p_b, then U = H(B0) ^ H(B1) ^ A0 | H(A0) ^ p_a T ^ H(B0) ^ p_b (U ^ A0) | H(A) ^ colour(A) T ^ H(B) ^ colour(B) (U ^ A) |
//!
//! The garbler's input bits have no labels. L0 ^ g Delta is the zero label of the flipped wire, and
//! the evaluator's label stays as it is. So no label that depends on the garbler's input alone is
//! ever hashed. Every hashed label contains a fresh mac of the evaluator's input OTs. The inputs
//! under one key are distinct: 64 instances, two labels each.

pub(crate) mod evaluator;
pub(crate) mod garbler;
#[cfg(test)]
mod tests;
#[cfg(test)]
mod view;

use oblivious_transfer::aes::AesBackend;
use oblivious_transfer::block::Block;

use crate::circuit::Slot;
use crate::lanes::Labels;

/// Keys expanded side by side.
const KEYS: usize = 8;

/// Expands one key for each ciphertext.
#[inline(always)]
fn schedules<A: AesBackend>(aes: A, keys: &[Block]) -> Vec<A::Schedule> {
    let (groups, rest) = keys.as_chunks::<KEYS>();
    let mut schedules = Vec::with_capacity(keys.len());
    for group in groups {
        schedules.extend(aes.schedule(group));
    }
    for key in rest {
        schedules.extend(aes.schedule(&[*key]));
    }
    schedules
}

/// The labels in a slot.
#[inline(always)]
fn fetch<'a>(inputs: &'a [Labels], registers: &'a [Box<Labels>], slot: Slot) -> &'a Labels {
    match slot.0.checked_sub(inputs.len()) {
        None => &inputs[slot.0],
        Some(register) => &registers[register],
    }
}

/// Makes every lane of `out`.
#[inline(always)]
fn fill(out: &mut Labels, lane: impl Fn(usize) -> Block) {
    for (i, out) in out.iter_mut().enumerate() {
        *out = lane(i);
    }
}

/// All ones if the label's colour is 1, else zero.
#[inline(always)]
fn colour_mask(label: Block) -> Block {
    let [low, _] = label.words();
    let mask = (low & 1).wrapping_neg();
    Block::from_words([mask, mask])
}

/// All ones if the lane's bit is 1, else zero.
#[inline(always)]
fn bit_mask(bits: u64, lane: usize) -> Block {
    let mask = (bits >> lane & 1).wrapping_neg();
    Block::from_words([mask, mask])
}
