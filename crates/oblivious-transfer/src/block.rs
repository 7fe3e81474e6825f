//! The 128-bit block: wire labels, seeds, correlations, AES inputs and outputs.

use core::fmt;
use core::ops::{BitAnd, BitXor, BitXorAssign};

use rand_core::Rng;
use subtle::{Choice, ConditionallySelectable, ConstantTimeEq};
use zeroize::DefaultIsZeroes;

/// 128 bits, mostly secret: `Debug` never shows the value and equality takes constant time.
///
/// Bit 0 is the least significant bit of the integer. The byte form is little-endian. Inside stand
/// two words, the low one first: loops over words become vector code and loops over `u128` do not.
#[derive(Clone, Copy, Default)]
#[repr(C, align(16))]
pub struct Block([u64; 2]);

impl Block {
    /// Bytes of one block on the wire.
    pub const BYTES: usize = 16;
    /// All bits zero.
    pub const ZERO: Self = Self([0; 2]);
    /// Only bit 0 set.
    pub const ONE: Self = Self([1, 0]);

    /// The block whose integer value is `value`.
    #[must_use]
    #[inline(always)]
    pub const fn new(value: u128) -> Self {
        Self([value as u64, (value >> 64) as u64])
    }

    /// The integer value.
    #[must_use]
    #[inline(always)]
    pub const fn value(self) -> u128 {
        self.0[0] as u128 | (self.0[1] as u128) << 64
    }

    /// The block of a low and a high word.
    #[must_use]
    #[inline(always)]
    pub const fn from_words(words: [u64; 2]) -> Self {
        Self(words)
    }

    /// The low and the high word.
    #[must_use]
    #[inline(always)]
    pub const fn words(self) -> [u64; 2] {
        self.0
    }

    /// A uniformly random block.
    #[must_use]
    pub fn random(rng: &mut (impl Rng + ?Sized)) -> Self {
        let mut bytes = [0; Self::BYTES];
        rng.fill_bytes(&mut bytes);
        Self::from_bytes(bytes)
    }

    /// Reads the little-endian byte form.
    #[must_use]
    #[inline(always)]
    pub const fn from_bytes(bytes: [u8; Self::BYTES]) -> Self {
        Self::new(u128::from_le_bytes(bytes))
    }

    /// The little-endian byte form.
    #[must_use]
    #[inline(always)]
    pub const fn to_bytes(self) -> [u8; Self::BYTES] {
        self.value().to_le_bytes()
    }

    /// Bit 0, the colour bit of a wire label and the choice bit of a silent OT.
    #[must_use]
    #[inline(always)]
    pub const fn lsb(self) -> bool {
        self.0[0] & 1 == 1
    }

    /// The same block with bit 0 replaced.
    #[must_use]
    #[inline(always)]
    pub const fn with_lsb(self, bit: bool) -> Self {
        Self([self.0[0] & !1 | bit as u64, self.0[1]])
    }

    /// All ones if `bit`, else zero: multiplies a block by a secret bit without a branch.
    #[must_use]
    #[inline(always)]
    pub const fn mask(bit: bool) -> Self {
        Self([(bit as u64).wrapping_neg(); 2])
    }

    /// The linear orthomorphism sigma(x_hi || x_lo) = (x_hi ^ x_lo) || x_hi of Guo, Katz, Wang,
    /// Weng and Yu (CRYPTO 2020, section 7.3): both sigma and x -> sigma(x) ^ x are permutations.
    #[must_use]
    #[inline(always)]
    pub const fn sigma(self) -> Self {
        Self([self.0[1], self.0[0] ^ self.0[1]])
    }
}

impl BitXor for Block {
    type Output = Self;
    #[inline(always)]
    fn bitxor(self, other: Self) -> Self {
        Self([self.0[0] ^ other.0[0], self.0[1] ^ other.0[1]])
    }
}

impl BitXorAssign for Block {
    #[inline(always)]
    fn bitxor_assign(&mut self, other: Self) {
        *self = *self ^ other;
    }
}

impl BitAnd for Block {
    type Output = Self;
    #[inline(always)]
    fn bitand(self, other: Self) -> Self {
        Self([self.0[0] & other.0[0], self.0[1] & other.0[1]])
    }
}

impl ConstantTimeEq for Block {
    fn ct_eq(&self, other: &Self) -> Choice {
        self.0.ct_eq(&other.0)
    }
}

impl PartialEq for Block {
    fn eq(&self, other: &Self) -> bool {
        self.ct_eq(other).into()
    }
}

impl Eq for Block {}

impl ConditionallySelectable for Block {
    #[inline]
    fn conditional_select(a: &Self, b: &Self, choice: Choice) -> Self {
        Self(<[u64; 2]>::conditional_select(&a.0, &b.0, choice))
    }
}

impl DefaultIsZeroes for Block {}

impl fmt::Debug for Block {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Block(..)")
    }
}

/// Appends the byte forms of `blocks` to `out`.
pub fn write_blocks(blocks: &[Block], out: &mut Vec<u8>) {
    out.reserve(blocks.len() * Block::BYTES);
    for block in blocks {
        out.extend_from_slice(&block.to_bytes());
    }
}

/// Reads as many whole blocks as `bytes` holds; a remainder shorter than a block is not read.
#[must_use]
pub fn read_blocks(bytes: &[u8]) -> impl ExactSizeIterator<Item = Block> + '_ {
    bytes.as_chunks::<{ Block::BYTES }>().0.iter().map(|chunk| Block::from_bytes(*chunk))
}

#[cfg(test)]
mod tests {
    use super::{Block, read_blocks, write_blocks};

    #[test]
    fn sigma_is_the_published_map() {
        let x = Block::new(0x0123_4567_89ab_cdef_0011_2233_4455_6677);
        assert_eq!(x.sigma().value(), 0x0132_6754_cdfe_ab98_0123_4567_89ab_cdef);
    }

    #[test]
    fn bytes_are_little_endian_and_round_trip() {
        let block = Block::new(0x0f0e_0d0c_0b0a_0908_0706_0504_0302_0100);
        assert_eq!(block.to_bytes(), core::array::from_fn(|i| i as u8));
        let mut bytes = Vec::new();
        write_blocks(&[block, Block::ONE], &mut bytes);
        assert!(read_blocks(&bytes).eq([block, Block::ONE]));
    }

    #[test]
    fn debug_shows_nothing() {
        assert_eq!(format!("{:?}", Block::new(12345)), "Block(..)");
    }

    #[test]
    fn masks_and_colour_bits() {
        assert_eq!(Block::mask(true).value(), u128::MAX);
        assert_eq!(Block::mask(false), Block::ZERO);
        assert!(Block::ZERO.with_lsb(true).lsb() && !Block::new(7).with_lsb(false).lsb());
    }
}
