//! Condensed COTs of a stretch of a step, to be merged into its units in order.

use oblivious_transfer::bits::BitVec;
use oblivious_transfer::block::Block;
use shares::Ring;
use zeroize::Zeroizing;

use super::layout::{CotLayout, Stretch};
use super::units::{BitPads, ReceivedUnit, RingPads, SentUnit};
use crate::bits::lanes::{LANES, Lanes};
use crate::circuit::OtSpec;

/// The pads of a stretch of keys.
pub struct SentPiece {
    pub(super) position: usize,
    pub(super) length: usize,
    /// Units, each zero outside its own lanes, with the first of these.
    fragments: Vec<(usize, SentUnit)>,
}

/// The opened pads of a stretch of macs.
pub struct ReceivedPiece {
    pub(super) position: usize,
    pub(super) length: usize,
    fragments: Vec<(usize, ReceivedUnit)>,
}

/// Calls `set` with every word of the lanes from `lane` on: the word's index, the first item's bit
/// in it, and the range of items that fall on it.
fn by_word(lane: usize, length: usize, mut set: impl FnMut(usize, usize, core::ops::Range<usize>)) {
    let mut item = 0;
    while item < length {
        let (word, bit) = ((lane + item) / 64, (lane + item) % 64);
        let end = (item + 64 - bit).min(length);
        set(word, bit, item..end);
        item = end;
    }
}

/// Bits 0 to `count` - 1 of each block, bit by bit, from `lane` on.
fn planes(blocks: &[Block], lane: usize, count: usize) -> Vec<Lanes> {
    let mut planes = vec![Lanes::ZERO; count];
    let mut bytes = Zeroizing::new([0; 64]);
    for (planes, shift) in planes.chunks_mut(8).zip((0..).step_by(8)) {
        by_word(lane, blocks.len(), |word, first, items| {
            let bytes = &mut bytes[..items.len()];
            for (byte, block) in bytes.iter_mut().zip(&blocks[items]) {
                *byte = (block.words()[0] >> shift) as u8;
            }
            for (bit, plane) in planes.iter_mut().enumerate() {
                plane.0[word] = gather(bytes, bit) << first;
            }
        });
    }
    planes
}

/// Bit `bit` of each of at most 64 bytes, that of byte i at place i.
#[inline]
fn gather(bytes: &[u8], bit: usize) -> u64 {
    // Of eight bytes at a time: the factor moves the lowest bit of byte i to place 56 + i, and no
    // two others meet.
    let eight = |bytes: u64| (bytes >> bit & 0x0101_0101_0101_0101).wrapping_mul(0x0102_0408_1020_4080) >> 56;
    let (whole, rest) = bytes.as_chunks::<8>();
    let mut last = [0; 8];
    last[..rest.len()].copy_from_slice(rest);
    let words = whole.iter().chain([&last]).map(|bytes| u64::from_le_bytes(*bytes));
    words.zip((0..64).step_by(8)).fold(0, |bits, (word, place)| bits | eight(word) << place)
}

/// The choices from bit `offset` on, from `lane` on.
fn choice_plane(choices: &BitVec, offset: usize, lane: usize, length: usize) -> Lanes {
    let mut lanes = Lanes::ZERO;
    by_word(lane, length, |word, first, items| {
        let mask = u64::MAX >> (64 - items.len());
        lanes.0[word] = (choices.word_at(offset + items.start) & mask) << first;
    });
    lanes
}

fn low(block: Block, width: u32) -> u32 {
    block.words()[0] as u32 & Ring::new(width).mask()
}

impl SentPiece {
    pub(super) fn condense(layout: &CotLayout, delta: Block, position: usize, keys: &[Block]) -> Self {
        let length = keys.len().min(layout.needed().saturating_sub(position));
        let keys = &keys[..length];
        let mut zero = Zeroizing::new(keys.to_vec());
        let mut one = Zeroizing::new(keys.iter().map(|key| *key ^ delta).collect::<Vec<_>>());
        let (mut zeros, mut ones) = (zero.as_mut_slice(), one.as_mut_slice());
        let mut fragments = Vec::new();
        for stretch in layout.stretches(position, length) {
            let (zero, one);
            (zero, zeros) = zeros.split_at_mut(stretch.length);
            (one, ones) = ones.split_at_mut(stretch.length);
            layout.hash_at(stretch.unit * LANES + stretch.lane, zero);
            layout.hash_at(stretch.unit * LANES + stretch.lane, one);
            fragments.push((stretch.lane, Self::fragment(layout.spec(stretch.unit), &stretch, zero, one)));
        }
        Self { position, length, fragments }
    }

    fn fragment(spec: OtSpec, stretch: &Stretch, zero: &[Block], one: &[Block]) -> SentUnit {
        let mut unit = SentUnit::default();
        match spec {
            OtSpec::Bits(offers) => {
                let pads =
                    planes(zero, stretch.lane, offers).into_iter().zip(planes(one, stretch.lane, offers));
                unit.bits = pads.map(|(zero, one)| BitPads { zero, difference: zero ^ one }).collect();
            }
            OtSpec::Ring(width) => {
                let pads = zero.iter().zip(one).map(|(zero, one)| {
                    let pad = low(*zero, width);
                    RingPads {
                        zero: pad,
                        difference: low(*one, width).wrapping_sub(pad) & Ring::new(width).mask(),
                    }
                });
                unit.pads = pads.collect();
            }
        }
        unit
    }

    /// Appends the fragments to the units they continue.
    pub(super) fn merge(mut self, units: &mut Vec<SentUnit>) {
        for (lane, mut fragment) in self.fragments.drain(..) {
            match units.last_mut().filter(|_| lane > 0) {
                Some(unit) => {
                    for (pads, more) in unit.bits.iter_mut().zip(&fragment.bits) {
                        pads.zero ^= more.zero;
                        pads.difference ^= more.difference;
                    }
                    unit.pads.append(&mut fragment.pads);
                }
                None => units.push(fragment),
            }
        }
    }
}

impl ReceivedPiece {
    pub(super) fn condense(
        layout: &CotLayout,
        position: usize,
        macs: &[Block],
        choices: &BitVec,
        mut offset: usize,
    ) -> Self {
        let length = macs.len().min(layout.needed().saturating_sub(position));
        let mut blocks = Zeroizing::new(macs[..length].to_vec());
        let mut piece = Self { position, length, fragments: Vec::new() };
        let mut rest = blocks.as_mut_slice();
        for stretch in layout.stretches(position, length) {
            let blocks;
            (blocks, rest) = rest.split_at_mut(stretch.length);
            layout.hash_at(stretch.unit * LANES + stretch.lane, blocks);
            let mut unit = Self::fragment(layout.spec(stretch.unit), &stretch, blocks);
            unit.choice = choice_plane(choices, offset, stretch.lane, stretch.length);
            piece.fragments.push((stretch.lane, unit));
            offset += stretch.length;
        }
        piece
    }

    fn fragment(spec: OtSpec, stretch: &Stretch, blocks: &[Block]) -> ReceivedUnit {
        let mut unit = ReceivedUnit::default();
        match spec {
            OtSpec::Bits(offers) => unit.bits = planes(blocks, stretch.lane, offers),
            OtSpec::Ring(width) => unit.pads = blocks.iter().map(|block| low(*block, width)).collect(),
        }
        unit
    }

    /// Appends the fragments to the units they continue.
    pub(super) fn merge(mut self, units: &mut Vec<ReceivedUnit>) {
        for (lane, mut fragment) in self.fragments.drain(..) {
            match units.last_mut().filter(|_| lane > 0) {
                Some(unit) => {
                    unit.choice ^= fragment.choice;
                    for (pad, more) in unit.bits.iter_mut().zip(&fragment.bits) {
                        *pad ^= *more;
                    }
                    unit.pads.append(&mut fragment.pads);
                }
                None => units.push(fragment),
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use rand_chacha::ChaCha20Rng;
    use rand_core::SeedableRng;

    use super::*;

    #[test]
    fn planes_hold_the_bits_of_the_blocks_from_a_lane_on() {
        let mut rng = ChaCha20Rng::seed_from_u64(3);
        let blocks: Vec<Block> = (0..LANES).map(|_| Block::random(&mut rng)).collect();
        for (lane, length) in [(0, LANES), (0, 1), (5, 700), (63, 2), (64, 64), (1000, 24), (1023, 1), (7, 0)]
        {
            for (bit, plane) in planes(&blocks[..length], lane, 19).into_iter().enumerate() {
                for place in 0..LANES {
                    let block = place.checked_sub(lane).and_then(|item| blocks[..length].get(item));
                    let expected = block.map_or(0, |block| block.words()[0] >> bit & 1);
                    assert_eq!(plane.0[place / 64] >> (place % 64) & 1, expected, "bit {bit}, place {place}");
                }
            }
        }
    }
}
