//! The round keys of AES-128, and their expansion with AES-NI.

use core::arch::x86_64::{
    __m128i, _mm_aesenclast_si128, _mm_set1_epi32, _mm_setr_epi8, _mm_shuffle_epi8, _mm_slli_si128,
    _mm_xor_si128,
};

use bytemuck::must_cast;
use zeroize::Zeroize;

use crate::block::Block;

const ROUNDS: usize = 10;
const ROUND_CONSTANTS: [i32; ROUNDS] = [0x01, 0x02, 0x04, 0x08, 0x10, 0x20, 0x40, 0x80, 0x1b, 0x36];

/// The eleven round keys of AES-128.
#[derive(Clone)]
pub struct RoundKeys(pub(super) [Block; ROUNDS + 1]);

impl Zeroize for RoundKeys {
    fn zeroize(&mut self) {
        self.0.zeroize();
    }
}

/// Expands `N` keys side by side.
///
/// SubWord comes from `aesenclast` on a column repeated four times, where ShiftRows moves nothing.
#[target_feature(enable = "aes,ssse3")]
#[inline]
pub(super) fn expand<const N: usize>(keys: &[Block; N]) -> [RoundKeys; N] {
    let mut schedules = keys.map(|key| RoundKeys([key; ROUNDS + 1]));
    let mut states: [__m128i; N] = keys.map(|key| must_cast(key.words()));
    let rotated = _mm_setr_epi8(13, 14, 15, 12, 13, 14, 15, 12, 13, 14, 15, 12, 13, 14, 15, 12);
    for (round, constant) in ROUND_CONSTANTS.into_iter().enumerate() {
        for (state, schedule) in states.iter_mut().zip(&mut schedules) {
            let word = _mm_aesenclast_si128(_mm_shuffle_epi8(*state, rotated), _mm_set1_epi32(constant));
            let pairs = _mm_xor_si128(*state, _mm_slli_si128::<4>(*state));
            let prefix = _mm_xor_si128(pairs, _mm_slli_si128::<8>(pairs));
            *state = _mm_xor_si128(prefix, word);
            schedule.0[round + 1] = Block::from_words(must_cast(*state));
        }
    }
    schedules
}
