//! One-of-256 OT from eight correlated OTs; the formula stands in `lookup`.

use oblivious_transfer::bits::BitVec;
use oblivious_transfer::block::Block;
use rayon::prelude::*;
use zeroize::Zeroizing;

use super::Layout;
use crate::circuit::TABLE;
use crate::lanes::LANES;
use crate::material::{ReceivedUnit, SentUnit};

/// COTs of an index, one for each of its bits.
const BITS: usize = TABLE.trailing_zeros() as usize;

/// `block` times X in GF(2^128) mod X^128 + X^7 + X^2 + X + 1, without a branch.
fn times_x(block: Block) -> Block {
    let value = block.value();
    Block::new(value << 1 ^ (value >> 127).wrapping_neg() & 0x87)
}

/// The sum of X^i times block i.
fn packed(blocks: &[Block]) -> Block {
    blocks.iter().rev().fold(Block::ZERO, |sum, block| times_x(sum) ^ *block)
}

/// First position of the hash stream for pad `j` of `unit`. A look-up is the only OT of its plan.
fn position(unit: usize, j: usize) -> usize {
    (unit * TABLE + j) * LANES
}

/// The units of keys that came whole.
pub(super) fn sent_units(layout: &Layout, keys: &[Block], delta: Block) -> Vec<SentUnit> {
    let units = keys.par_chunks(LANES * BITS).enumerate();
    units.map(|(unit, keys)| sent_unit(layout, unit, keys, delta)).collect()
}

/// The units of macs that came whole.
pub(super) fn received_units(layout: &Layout, macs: &[Block], choices: &BitVec) -> Vec<ReceivedUnit> {
    let units = macs.par_chunks(LANES * BITS).enumerate();
    units.map(|(unit, macs)| received_unit(layout, unit, macs, choices)).collect()
}

/// A pad: the lowest byte of a hash.
fn pad(block: &Block) -> u8 {
    block.words()[0] as u8
}

/// All 256 pads of each instance.
fn sent_unit(layout: &Layout, unit: usize, keys: &[Block], delta: Block) -> SentUnit {
    let keys = Zeroizing::new(keys.chunks(BITS).map(packed).collect::<Vec<_>>());
    let mut powers = Zeroizing::new([delta; BITS]);
    for bit in 1..BITS {
        powers[bit] = times_x(powers[bit - 1]);
    }
    let mut out = SentUnit::default();
    out.table = vec![0; TABLE * keys.len()];
    for j in 0..TABLE {
        let bits = powers.iter().enumerate().filter(|(bit, _)| j >> bit & 1 == 1);
        let offset = bits.fold(Block::ZERO, |sum, (_, power)| sum ^ *power);
        let mut blocks = Zeroizing::new(keys.iter().map(|key| *key ^ offset).collect::<Vec<_>>());
        layout.hash_at(position(unit, j), &mut blocks);
        let pads = out.table.iter_mut().skip(j).step_by(TABLE);
        pads.zip(blocks.iter()).for_each(|(target, block)| *target = pad(block));
    }
    out
}

/// The index of each instance, eight choices each, and the pad it opens.
fn received_unit(layout: &Layout, unit: usize, macs: &[Block], choices: &BitVec) -> ReceivedUnit {
    let mut out = ReceivedUnit::default();
    for (lane, macs) in macs.chunks(BITS).enumerate() {
        let index = choices.word_at((unit * LANES + lane) * BITS) as u8;
        let mut block = Zeroizing::new([packed(macs)]);
        layout.hash_at(position(unit, usize::from(index)) + lane, block.as_mut_slice());
        out.indices.push(index);
        out.entries.push(pad(&block[0]));
    }
    out
}
