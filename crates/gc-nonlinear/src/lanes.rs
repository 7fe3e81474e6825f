//! Instances side by side: 64 labels of one wire, and the bits of 64 words, bit i of each word.

use oblivious_transfer::block::Block;
use zeroize::{Zeroize, Zeroizing};

/// Instances of a batch: they are garbled gate by gate, side by side, and share their hash keys.
pub(crate) const LANES: usize = 64;

/// One wire's labels in a batch.
pub(crate) type Labels = [Block; LANES];

/// The lowest `lanes` bits, at most 64.
pub(crate) fn lane_mask(lanes: usize) -> u64 {
    if lanes >= LANES { u64::MAX } else { (1 << lanes) - 1 }
}

/// Bit 0 of every label.
#[inline(always)]
pub(crate) fn colours(labels: &Labels) -> u64 {
    labels.iter().rev().fold(0, |word, label| word << 1 | (label.words()[0] & 1))
}

/// Appends `width` words. Word j has bit j of every value, lane i from value i.
pub(crate) fn push_bit_slices(values: &[u32; LANES], width: u32, out: &mut Vec<u64>) {
    let low = transpose(core::array::from_fn(|i| values[i]));
    let high = transpose(core::array::from_fn(|i| values[i + 32]));
    let words = low.iter().zip(&high).map(|(low, high)| u64::from(*low) | u64::from(*high) << 32);
    out.extend(words.take(width as usize));
}

/// Transposes a matrix of 32 x 32 bits by halves, quarters, .. (Warren, Hacker's Delight, section
/// 7-3).
fn transpose(mut rows: [u32; 32]) -> [u32; 32] {
    let mut width = 16;
    let mut mask = 0x0000_ffff_u32;
    while width != 0 {
        for i in (0..32).filter(|i| i & width == 0) {
            let swapped = (rows[i] >> width ^ rows[i + width]) & mask;
            rows[i + width] ^= swapped;
            rows[i] ^= swapped << width;
        }
        width >>= 1;
        mask ^= mask << width;
    }
    rows
}

/// A batch's input labels: `labels` itself if the batch is full, else a copy padded with zero
/// labels, whose gates are computed but whose ciphertexts are never sent.
pub(crate) enum Inputs<'a> {
    Full(&'a [Labels]),
    Padded(Zeroizing<Vec<Labels>>),
}

impl<'a> Inputs<'a> {
    /// `labels` holds `lanes` labels of each wire, wire after wire.
    pub(crate) fn new(labels: &'a [Block], lanes: usize) -> Self {
        if lanes == LANES {
            return Self::Full(labels.as_chunks().0);
        }
        let pad = |wire: &[Block]| core::array::from_fn(|i| wire.get(i).copied().unwrap_or_default());
        Self::Padded(Zeroizing::new(labels.chunks(lanes.max(1)).map(pad).collect()))
    }

    pub(crate) fn labels(&self) -> &[Labels] {
        match self {
            Self::Full(labels) => labels,
            Self::Padded(labels) => labels,
        }
    }
}

/// Working memory of a batch, used for one after the other and zeroised on drop.
pub(crate) struct Scratch {
    /// The wires alive.
    #[expect(
        clippy::vec_box,
        reason = "a register changes places with the spare by its pointer, not by 1024 bytes"
    )]
    pub(crate) registers: Vec<Box<Labels>>,
    /// Where a gate's output is made. Then it changes places with the output's register.
    pub(crate) spare: Box<Labels>,
    /// Two hash inputs or outputs for each lane.
    pub(crate) hashes: Box<[Labels; 2]>,
}

impl Scratch {
    pub(crate) fn new(registers: usize) -> Self {
        let labels = || Box::new([Block::ZERO; LANES]);
        Self {
            registers: (0..registers).map(|_| labels()).collect(),
            spare: labels(),
            hashes: Box::new([[Block::ZERO; LANES]; 2]),
        }
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        self.registers.iter_mut().for_each(|labels| labels.zeroize());
        self.spare.zeroize();
        self.hashes.zeroize();
    }
}

#[cfg(test)]
mod tests {
    use oblivious_transfer::block::Block;

    use super::{Inputs, LANES, colours, lane_mask, push_bit_slices};

    #[test]
    fn bit_slices_are_a_transpose() {
        let values: [u32; LANES] = core::array::from_fn(|i| (i as u32).wrapping_mul(0x9e37_79b9) ^ 0x1234);
        let mut words = Vec::new();
        push_bit_slices(&values, 31, &mut words);
        assert_eq!(words.len(), 31);
        for (j, word) in words.iter().enumerate() {
            for (i, value) in values.iter().enumerate() {
                assert_eq!(word >> i & 1, u64::from(value >> j & 1));
            }
        }
    }

    #[test]
    fn colours_are_the_lowest_bits() {
        let word = 0x8000_1234_5678_9abd;
        assert_eq!(colours(&core::array::from_fn(|i| Block::new(u128::from(word >> i & 1) | 6))), word);
    }

    #[test]
    fn masks_and_padding() {
        assert_eq!((lane_mask(3), lane_mask(64)), (7, u64::MAX));
        let labels = [1, 2, 3, 4, 5, 6].map(Block::new);
        let inputs = Inputs::new(&labels, 3);
        assert_eq!(inputs.labels().len(), 2);
        assert_eq!(inputs.labels()[1][..4], [4, 5, 6, 0].map(Block::new));
    }
}
