//! Bit slicing: one bit of [`LANES`] instances side by side, and the transposition between residues
//! and bit planes.
//!
//! A gate on [`Lanes`] works on all instances of a chunk with a few vector instructions. Lanes
//! beyond the chunk's instances carry arbitrary bits. They are computed and never sent.

use core::ops::{BitAnd, BitXor, BitXorAssign, Not};

use zeroize::DefaultIsZeroes;

/// Instances in a full chunk.
pub(crate) const LANES: usize = 1024;
const WORDS: usize = LANES / 64;

/// One bit of each instance of a chunk: instance i is bit i % 64 of word i / 64.
#[derive(Clone, Copy)]
pub(crate) struct Lanes(pub(crate) [u64; WORDS]);

impl Lanes {
    /// All bits zero.
    pub(crate) const ZERO: Self = Self([0; WORDS]);
    /// All bits one.
    pub(crate) const ONES: Self = Self([u64::MAX; WORDS]);

    /// All ones if `bit` (a public constant), else zero.
    pub(crate) const fn constant(bit: bool) -> Self {
        if bit { Self::ONES } else { Self::ZERO }
    }
}

impl Default for Lanes {
    fn default() -> Self {
        Self::ZERO
    }
}

impl DefaultIsZeroes for Lanes {}

impl BitXor for Lanes {
    type Output = Self;
    #[inline(always)]
    fn bitxor(mut self, other: Self) -> Self {
        self ^= other;
        self
    }
}

impl BitXorAssign for Lanes {
    #[inline(always)]
    fn bitxor_assign(&mut self, other: Self) {
        for (a, b) in self.0.iter_mut().zip(other.0) {
            *a ^= b;
        }
    }
}

impl BitAnd for Lanes {
    type Output = Self;
    #[inline(always)]
    fn bitand(mut self, other: Self) -> Self {
        for (a, b) in self.0.iter_mut().zip(other.0) {
            *a &= b;
        }
        self
    }
}

impl Not for Lanes {
    type Output = Self;
    #[inline(always)]
    fn not(self) -> Self {
        self ^ Self::ONES
    }
}

/// Transposes a 32 x 32 bit matrix in place: bit j of word i becomes bit i of word j (Hacker's
/// Delight, section 7-3).
fn transpose(matrix: &mut [u32; 32]) {
    let mut width = 16;
    let mut mask = 0x0000_ffff_u32;
    while width != 0 {
        let mut row = 0;
        while row < 32 {
            let swap = ((matrix[row] >> width) ^ matrix[row + width]) & mask;
            matrix[row + width] ^= swap;
            matrix[row] ^= swap << width;
            row = (row + width + 1) & !width;
        }
        width >>= 1;
        mask ^= mask << width;
    }
}

/// Bits 0 to `width` - 1 of at most [`LANES`] residues as bit planes. Lanes without a residue are
/// zero.
pub(crate) fn to_planes(values: &[u32], width: u32) -> Vec<Lanes> {
    let mut planes = vec![Lanes::ZERO; width as usize];
    for (block, part) in values.chunks(32).enumerate() {
        let mut matrix = [0; 32];
        matrix[..part.len()].copy_from_slice(part);
        transpose(&mut matrix);
        for (plane, row) in planes.iter_mut().zip(matrix) {
            plane.0[block / 2] |= u64::from(row) << (block % 2 * 32);
        }
    }
    planes
}

/// The [`LANES`] residues whose bits are `planes` (at most 32).
pub(crate) fn from_planes(planes: &[Lanes]) -> Vec<u32> {
    let mut values = vec![0; LANES];
    for (block, part) in values.chunks_mut(32).enumerate() {
        let mut matrix = [0; 32];
        for (row, plane) in matrix.iter_mut().zip(planes) {
            *row = (plane.0[block / 2] >> (block % 2 * 32)) as u32;
        }
        transpose(&mut matrix);
        part.copy_from_slice(&matrix);
    }
    values
}

/// One 0 or 1 for each lane.
pub(crate) fn to_bits(lanes: &Lanes) -> Vec<u32> {
    lanes.0.iter().flat_map(|word| (0..64).map(move |bit| (word >> bit) as u32 & 1)).collect()
}

#[cfg(test)]
mod tests {
    use super::{LANES, Lanes, from_planes, to_bits, to_planes};

    #[test]
    fn planes_hold_the_bits_and_invert() {
        for count in [1, 31, 33, 1000, LANES] {
            let values: Vec<u32> = (0..count as u32).map(|i| i.wrapping_mul(0x9e37_79b9) >> 3).collect();
            let planes = to_planes(&values, 29);
            for (lane, value) in values.iter().enumerate() {
                for (bit, plane) in planes.iter().enumerate() {
                    assert_eq!((plane.0[lane / 64] >> (lane % 64)) as u32 & 1, value >> bit & 1);
                }
            }
            assert_eq!(from_planes(&planes)[..count], values);
        }
    }

    #[test]
    fn bits_follow_the_lanes() {
        let lanes = to_planes(&[0, 1, 1, 0, 1], 1)[0];
        assert_eq!(to_bits(&lanes)[..6], [0, 1, 1, 0, 1, 0]);
        assert_eq!(to_bits(&!lanes)[..6], [1, 0, 0, 1, 0, 1]);
        assert_eq!(to_bits(&Lanes::constant(true))[77], 1);
    }
}
