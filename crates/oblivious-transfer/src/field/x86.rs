//! Polynomials on carry-less multiplication of 256-bit registers, two blocks side by side.
//!
//! Products are summed up before they are reduced, for as many blocks as there are powers of the
//! point at hand. The crate `polyval` reduces after every fourth block and uses 128-bit registers.

use core::arch::x86_64::{__m256i, _mm256_clmulepi64_epi128, _mm256_shuffle_epi32, _mm256_xor_si256};

use bytemuck::must_cast;

use super::element::times;
use crate::block::Block;

/// Blocks that are summed up before a reduction.
const WIDTH: usize = 64;
/// Swaps the 64-bit halves of each block.
const SWAP_HALVES: i32 = 0b01_00_11_10;

/// A point's powers, on a processor that has VPCLMULQDQ and AVX2: [`Powers::of`] makes no other.
#[derive(Clone)]
pub(super) struct Powers([Block; WIDTH]);

impl Powers {
    /// The powers of `point` from the [`WIDTH`]th down to the first, if the processor has the
    /// instructions.
    pub(super) fn of(point: Block) -> Option<Self> {
        let software = cfg!(any(miri, aes_backend = "soft"));
        let found = is_x86_feature_detected!("avx2") && is_x86_feature_detected!("vpclmulqdq");
        (found && !software).then(|| {
            let mut powers = [point; WIDTH];
            for place in (0..WIDTH - 1).rev() {
                powers[place] = times(powers[place + 1], point);
            }
            Self(powers)
        })
    }

    /// The value of a list that goes on with `blocks`.
    pub(super) fn extend(&self, before: Block, blocks: &[Block]) -> Block {
        blocks.chunks(WIDTH).fold(before, |before, blocks| {
            let powers = &self.0[WIDTH - blocks.len()..];
            // SAFETY: whoever made `self` has found the instructions, and nothing else is asked
            // for.
            reduce(unsafe { sum_of_products(before, blocks, powers) })
        })
    }
}

/// The low, middle and high part of a sum of products, two of them side by side in each.
type Sums = [__m256i; 3];

/// The sum of the products of blocks and powers, `before` added to the first block: four words.
#[target_feature(enable = "avx2,vpclmulqdq")]
fn sum_of_products(before: Block, blocks: &[Block], powers: &[Block]) -> [u64; 4] {
    let mut sums = [must_cast([0_u64; 4]); 3];
    add_products(&mut sums, [before, Block::ZERO], [powers[0], Block::ZERO]);
    let ((blocks, block), (powers, power)) = (blocks.as_chunks(), powers.as_chunks());
    for (blocks, powers) in blocks.iter().zip(powers) {
        add_products(&mut sums, *blocks, *powers);
    }
    if let ([block], [power]) = (block, power) {
        add_products(&mut sums, [*block, Block::ZERO], [*power, Block::ZERO]);
    }
    let [low, middle, high] = sums.map(|sum| {
        let [a, b, c, d]: [u64; 4] = must_cast(sum);
        [a ^ c, b ^ d]
    });
    // Karatsuba: the product of both sums of halves, less both products of halves.
    let middle = [middle[0] ^ low[0] ^ high[0], middle[1] ^ low[1] ^ high[1]];
    [low[0], low[1] ^ middle[0], high[0] ^ middle[1], high[1]]
}

#[target_feature(enable = "avx2,vpclmulqdq")]
#[inline]
fn add_products([low, middle, high]: &mut Sums, blocks: [Block; 2], powers: [Block; 2]) {
    let (a, b): (__m256i, __m256i) =
        (must_cast(blocks.map(Block::words)), must_cast(powers.map(Block::words)));
    let halves = |x| _mm256_xor_si256(x, _mm256_shuffle_epi32::<SWAP_HALVES>(x));
    *low = _mm256_xor_si256(*low, _mm256_clmulepi64_epi128::<0x00>(a, b));
    *high = _mm256_xor_si256(*high, _mm256_clmulepi64_epi128::<0x11>(a, b));
    *middle = _mm256_xor_si256(*middle, _mm256_clmulepi64_epi128::<0x00>(halves(a), halves(b)));
}

/// A product of 256 bits times X^-128: multiples of the modulus clear the two low words.
fn reduce([a, b, c, d]: [u64; 4]) -> Block {
    let (b, c) = clear(a, b, c);
    Block::from_words(clear(b, c, d).into())
}

/// The two words above `low` once the multiple of X^128 + X^127 + X^126 + X^121 + 1 is added that
/// clears it.
fn clear(low: u64, next: u64, after: u64) -> (u64, u64) {
    let low = u128::from(low);
    let multiple = low << 57 ^ low << 62 ^ low << 63 ^ low << 64;
    (next ^ multiple as u64, after ^ (multiple >> 64) as u64)
}
