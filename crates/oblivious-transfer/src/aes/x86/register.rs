//! The few operations that AES in batches needs, on registers of 128, 256 and 512 bits.

use core::arch::x86_64::{
    __m128i, __m256i, __m512i, _mm_aesenc_si128, _mm_aesenclast_si128, _mm_and_si128, _mm_load_si128,
    _mm_set_epi64x, _mm_shuffle_epi32, _mm_store_si128, _mm_xor_si128, _mm256_aesenc_epi128,
    _mm256_aesenclast_epi128, _mm256_and_si256, _mm256_broadcastsi128_si256, _mm256_loadu_si256,
    _mm256_set_epi64x, _mm256_shuffle_epi32, _mm256_storeu_si256, _mm256_xor_si256, _mm512_aesenc_epi128,
    _mm512_aesenclast_epi128, _mm512_and_si512, _mm512_broadcast_i32x4, _mm512_loadu_si512, _mm512_set_epi64,
    _mm512_shuffle_epi32, _mm512_storeu_si512, _mm512_xor_si512,
};

use crate::block::Block;

/// Swaps the 64-bit halves of each block in `shuffle_epi32`.
const SWAP_HALVES: i32 = 0b01_00_11_10;

/// One register of one, two or four blocks.
///
/// # Safety
/// Every method may only be called on a processor with the instructions of the implementing register type.
pub(super) trait Register: Copy {
    /// The blocks that fill one register.
    type Chunk: 'static;

    fn chunks(blocks: &mut [Block]) -> (&mut [Self::Chunk], &mut [Block]);
    unsafe fn load(chunk: &Self::Chunk) -> Self;
    unsafe fn store(self, chunk: &mut Self::Chunk);
    unsafe fn splat(block: &Block) -> Self;
    unsafe fn xor(self, other: Self) -> Self;
    unsafe fn sigma(self) -> Self;
    unsafe fn round(self, key: Self) -> Self;
    unsafe fn last_round(self, key: Self) -> Self;
}

impl Register for __m128i {
    type Chunk = [Block; 1];

    #[inline(always)]
    fn chunks(blocks: &mut [Block]) -> (&mut [Self::Chunk], &mut [Block]) {
        blocks.as_chunks_mut()
    }
    #[inline(always)]
    unsafe fn load(chunk: &Self::Chunk) -> Self {
        // SAFETY: the chunk is 16 readable bytes, aligned as u128; SSE2 is part of x86-64.
        unsafe { _mm_load_si128(chunk.as_ptr().cast()) }
    }
    #[inline(always)]
    unsafe fn store(self, chunk: &mut Self::Chunk) {
        // SAFETY: the chunk is 16 writable bytes, aligned as u128; SSE2 is part of x86-64.
        unsafe { _mm_store_si128(chunk.as_mut_ptr().cast(), self) }
    }
    #[inline(always)]
    unsafe fn splat(block: &Block) -> Self {
        // SAFETY: the block is 16 readable bytes, aligned as u128; SSE2 is part of x86-64.
        unsafe { _mm_load_si128(core::ptr::from_ref(block).cast()) }
    }
    #[inline(always)]
    unsafe fn xor(self, other: Self) -> Self {
        // SAFETY: SSE2 is part of x86-64.
        unsafe { _mm_xor_si128(self, other) }
    }
    #[inline(always)]
    unsafe fn sigma(self) -> Self {
        // SAFETY: SSE2 is part of x86-64.
        unsafe {
            let high = _mm_and_si128(self, _mm_set_epi64x(-1, 0));
            _mm_xor_si128(_mm_shuffle_epi32::<SWAP_HALVES>(self), high)
        }
    }
    #[inline(always)]
    unsafe fn round(self, key: Self) -> Self {
        // SAFETY: the caller has AES-NI.
        unsafe { _mm_aesenc_si128(self, key) }
    }
    #[inline(always)]
    unsafe fn last_round(self, key: Self) -> Self {
        // SAFETY: the caller has AES-NI.
        unsafe { _mm_aesenclast_si128(self, key) }
    }
}

impl Register for __m256i {
    type Chunk = [Block; 2];

    #[inline(always)]
    fn chunks(blocks: &mut [Block]) -> (&mut [Self::Chunk], &mut [Block]) {
        blocks.as_chunks_mut()
    }
    #[inline(always)]
    unsafe fn load(chunk: &Self::Chunk) -> Self {
        // SAFETY: the chunk is 32 readable bytes; the caller has AVX2.
        unsafe { _mm256_loadu_si256(chunk.as_ptr().cast()) }
    }
    #[inline(always)]
    unsafe fn store(self, chunk: &mut Self::Chunk) {
        // SAFETY: the chunk is 32 writable bytes; the caller has AVX2.
        unsafe { _mm256_storeu_si256(chunk.as_mut_ptr().cast(), self) }
    }
    #[inline(always)]
    unsafe fn splat(block: &Block) -> Self {
        // SAFETY: the block is 16 readable bytes; the caller has AVX2.
        unsafe { _mm256_broadcastsi128_si256(__m128i::splat(block)) }
    }
    #[inline(always)]
    unsafe fn xor(self, other: Self) -> Self {
        // SAFETY: the caller has AVX2.
        unsafe { _mm256_xor_si256(self, other) }
    }
    #[inline(always)]
    unsafe fn sigma(self) -> Self {
        // SAFETY: the caller has AVX2.
        unsafe {
            let high = _mm256_and_si256(self, _mm256_set_epi64x(-1, 0, -1, 0));
            _mm256_xor_si256(_mm256_shuffle_epi32::<SWAP_HALVES>(self), high)
        }
    }
    #[inline(always)]
    unsafe fn round(self, key: Self) -> Self {
        // SAFETY: the caller has VAES.
        unsafe { _mm256_aesenc_epi128(self, key) }
    }
    #[inline(always)]
    unsafe fn last_round(self, key: Self) -> Self {
        // SAFETY: the caller has VAES.
        unsafe { _mm256_aesenclast_epi128(self, key) }
    }
}

impl Register for __m512i {
    type Chunk = [Block; 4];

    #[inline(always)]
    fn chunks(blocks: &mut [Block]) -> (&mut [Self::Chunk], &mut [Block]) {
        blocks.as_chunks_mut()
    }
    #[inline(always)]
    unsafe fn load(chunk: &Self::Chunk) -> Self {
        // SAFETY: the chunk is 64 readable bytes; the caller has AVX-512F.
        unsafe { _mm512_loadu_si512(chunk.as_ptr().cast()) }
    }
    #[inline(always)]
    unsafe fn store(self, chunk: &mut Self::Chunk) {
        // SAFETY: the chunk is 64 writable bytes; the caller has AVX-512F.
        unsafe { _mm512_storeu_si512(chunk.as_mut_ptr().cast(), self) }
    }
    #[inline(always)]
    unsafe fn splat(block: &Block) -> Self {
        // SAFETY: the block is 16 readable bytes; the caller has AVX-512F.
        unsafe { _mm512_broadcast_i32x4(__m128i::splat(block)) }
    }
    #[inline(always)]
    unsafe fn xor(self, other: Self) -> Self {
        // SAFETY: the caller has AVX-512F.
        unsafe { _mm512_xor_si512(self, other) }
    }
    #[inline(always)]
    unsafe fn sigma(self) -> Self {
        // SAFETY: the caller has AVX-512F.
        unsafe {
            let high = _mm512_and_si512(self, _mm512_set_epi64(-1, 0, -1, 0, -1, 0, -1, 0));
            _mm512_xor_si512(_mm512_shuffle_epi32::<SWAP_HALVES>(self), high)
        }
    }
    #[inline(always)]
    unsafe fn round(self, key: Self) -> Self {
        // SAFETY: the caller has VAES and AVX-512F.
        unsafe { _mm512_aesenc_epi128(self, key) }
    }
    #[inline(always)]
    unsafe fn last_round(self, key: Self) -> Self {
        // SAFETY: the caller has VAES and AVX-512F.
        unsafe { _mm512_aesenclast_epi128(self, key) }
    }
}
