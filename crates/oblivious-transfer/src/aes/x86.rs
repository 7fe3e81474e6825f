//! AES-NI and VAES backends; with [`register`] the `unsafe` code of this crate (but for one prefetch).
//!
//! Every backend type can only be made by its `detect`, so a value of it proves that the processor has the
//! instructions; that is the safety argument of each intrinsic below.

mod register;

use core::arch::x86_64::{
    __m128i, __m256i, __m512i, _mm_aesenclast_si128, _mm_set_epi64x, _mm_set1_epi32, _mm_setr_epi8,
    _mm_shuffle_epi8, _mm_slli_si128, _mm_xor_si128,
};

use register::Register;
use zeroize::Zeroize;

use super::{AesBackend, Kernel, sealed};
use crate::block::Block;

const ROUNDS: usize = 10;
const ROUND_CONSTANTS: [i32; ROUNDS] = [0x01, 0x02, 0x04, 0x08, 0x10, 0x20, 0x40, 0x80, 0x1b, 0x36];

/// The eleven round keys of AES-128.
#[derive(Clone)]
pub struct RoundKeys([Block; ROUNDS + 1]);

impl Zeroize for RoundKeys {
    fn zeroize(&mut self) {
        self.0.zeroize();
    }
}

/// What to do with a batch of blocks.
#[derive(Clone, Copy)]
pub(super) enum Operation {
    /// x -> AES(x)
    Encrypt,
    /// x -> AES(sigma(x)) ^ sigma(x)
    Hash,
}

/// Applies `operation` to `V` registers side by side.
///
/// # Safety
/// The processor must have the instructions of `R`.
#[inline(always)]
unsafe fn apply_registers<R: Register, const V: usize>(
    operation: Operation,
    key: &RoundKeys,
    chunks: &mut [R::Chunk; V],
) {
    let [first, middle @ .., last] = &key.0;
    // SAFETY: the caller's promise; loads and stores stay within the chunks.
    unsafe {
        let first = R::splat(first);
        let mut state = [first; V];
        for (state, chunk) in state.iter_mut().zip(chunks.iter()) {
            let input = R::load(chunk);
            *state = first.xor(if let Operation::Hash = operation { input.sigma() } else { input });
        }
        for key in middle {
            let key = R::splat(key);
            for state in &mut state {
                *state = state.round(key);
            }
        }
        let last = R::splat(last);
        for (state, chunk) in state.iter().zip(chunks.iter_mut()) {
            let mut output = state.last_round(last);
            if let Operation::Hash = operation {
                output = output.xor(R::load(chunk).sigma());
            }
            output.store(chunk);
        }
    }
}

/// Applies `operation` to all blocks that fill registers, `V`, then four, then one at a time; returns the rest.
///
/// # Safety
/// The processor must have the instructions of `R`.
#[inline(always)]
unsafe fn apply_slice<'a, R: Register, const V: usize>(
    operation: Operation,
    key: &RoundKeys,
    blocks: &'a mut [Block],
) -> &'a mut [Block] {
    let (chunks, rest) = R::chunks(blocks);
    let (wide, chunks) = chunks.as_chunks_mut::<V>();
    for chunks in wide {
        // SAFETY: the caller's promise.
        unsafe { apply_registers::<R, V>(operation, key, chunks) };
    }
    let (four, chunks) = chunks.as_chunks_mut::<4>();
    for chunks in four {
        // SAFETY: the caller's promise.
        unsafe { apply_registers::<R, 4>(operation, key, chunks) };
    }
    for chunk in chunks {
        // SAFETY: the caller's promise.
        unsafe { apply_registers::<R, 1>(operation, key, core::array::from_mut(chunk)) };
    }
    rest
}

/// Expands `N` keys side by side: SubWord comes from `aesenclast` on a column repeated four times, where ShiftRows
/// moves nothing.
///
/// # Safety
/// The processor must have AES-NI and SSSE3.
#[inline(always)]
unsafe fn expand<const N: usize>(keys: &[Block; N]) -> [RoundKeys; N] {
    let mut schedules = keys.map(|key| RoundKeys([key; ROUNDS + 1]));
    // SAFETY: the caller's promise; the schedules are aligned, initialised memory.
    unsafe {
        let mut state = [_mm_set_epi64x(0, 0); N];
        for (state, key) in state.iter_mut().zip(keys) {
            *state = __m128i::splat(key);
        }
        let rotated = _mm_setr_epi8(13, 14, 15, 12, 13, 14, 15, 12, 13, 14, 15, 12, 13, 14, 15, 12);
        for (round, constant) in ROUND_CONSTANTS.into_iter().enumerate() {
            for (state, schedule) in state.iter_mut().zip(&mut schedules) {
                let word = _mm_aesenclast_si128(_mm_shuffle_epi8(*state, rotated), _mm_set1_epi32(constant));
                let pairs = _mm_xor_si128(*state, _mm_slli_si128::<4>(*state));
                let prefix = _mm_xor_si128(pairs, _mm_slli_si128::<8>(pairs));
                *state = _mm_xor_si128(prefix, word);
                state.store(core::array::from_mut(&mut schedule.0[round + 1]));
            }
        }
    }
    schedules
}

/// AES-NI on 128-bit registers.
#[derive(Clone, Copy)]
pub struct AesNi(());

/// VAES on 256-bit registers, with AVX2.
#[derive(Clone, Copy)]
pub struct Vaes256(());

/// VAES on 512-bit registers, with AVX-512 F, BW, DQ and VL.
#[derive(Clone, Copy)]
pub struct Vaes512(());

impl AesNi {
    pub(super) fn detect() -> Option<Self> {
        let found = !cfg!(miri) && is_x86_feature_detected!("aes") && is_x86_feature_detected!("ssse3");
        found.then_some(Self(()))
    }

    /// Expands one key.
    pub(super) fn expand(self, key: Block) -> RoundKeys {
        let [schedule] = self.schedule(&[key]);
        schedule
    }

    #[inline]
    pub(super) fn dispatch<K: Kernel>(self, kernel: K) -> K::Output {
        #[target_feature(enable = "aes,ssse3")]
        fn run<K: Kernel>(aes: AesNi, kernel: K) -> K::Output {
            kernel.run(aes)
        }
        // SAFETY: `self` proves the features.
        unsafe { run(self, kernel) }
    }

    pub(super) fn apply(self, batch: Batch<'_>) {
        #[target_feature(enable = "aes,ssse3")]
        fn run(aes: AesNi, batch: Batch<'_>) {
            batch.run(aes);
        }
        // SAFETY: `self` proves the features.
        unsafe { run(self, batch) }
    }
}

impl Vaes256 {
    pub(super) fn detect() -> Option<Self> {
        let vector = is_x86_feature_detected!("avx2") && is_x86_feature_detected!("vaes");
        (vector && AesNi::detect().is_some()).then_some(Self(()))
    }

    #[inline]
    pub(super) fn dispatch<K: Kernel>(self, kernel: K) -> K::Output {
        #[target_feature(enable = "aes,avx2,vaes")]
        fn run<K: Kernel>(aes: Vaes256, kernel: K) -> K::Output {
            kernel.run(aes)
        }
        // SAFETY: `self` proves the features.
        unsafe { run(self, kernel) }
    }

    pub(super) fn apply(self, batch: Batch<'_>) {
        #[target_feature(enable = "aes,avx2,vaes")]
        fn run(aes: Vaes256, batch: Batch<'_>) {
            batch.run(aes);
        }
        // SAFETY: `self` proves the features.
        unsafe { run(self, batch) }
    }
}

impl Vaes512 {
    pub(super) fn detect() -> Option<Self> {
        let foundation = is_x86_feature_detected!("avx512f") && is_x86_feature_detected!("avx512bw");
        let more = is_x86_feature_detected!("avx512dq") && is_x86_feature_detected!("avx512vl");
        (foundation && more && Vaes256::detect().is_some()).then_some(Self(()))
    }

    #[inline]
    pub(super) fn dispatch<K: Kernel>(self, kernel: K) -> K::Output {
        #[target_feature(enable = "aes,avx2,vaes,avx512f,avx512bw,avx512dq,avx512vl")]
        fn run<K: Kernel>(aes: Vaes512, kernel: K) -> K::Output {
            kernel.run(aes)
        }
        // SAFETY: `self` proves the features.
        unsafe { run(self, kernel) }
    }

    pub(super) fn apply(self, batch: Batch<'_>) {
        #[target_feature(enable = "aes,avx2,vaes,avx512f,avx512bw,avx512dq,avx512vl")]
        fn run(aes: Vaes512, batch: Batch<'_>) {
            batch.run(aes);
        }
        // SAFETY: `self` proves the features.
        unsafe { run(self, batch) }
    }
}

impl sealed::Sealed for AesNi {}
impl sealed::Sealed for Vaes256 {}
impl sealed::Sealed for Vaes512 {}

impl AesBackend for AesNi {
    type Schedule = RoundKeys;

    #[inline(always)]
    fn schedule<const N: usize>(self, keys: &[Block; N]) -> [RoundKeys; N] {
        // SAFETY: `self` proves the features.
        unsafe { expand(keys) }
    }
    #[inline(always)]
    fn encrypt(self, key: &RoundKeys, blocks: &mut [Block]) {
        // SAFETY: `self` proves the features.
        unsafe { apply_slice::<__m128i, 8>(Operation::Encrypt, key, blocks) };
    }
    #[inline(always)]
    fn hash(self, key: &RoundKeys, blocks: &mut [Block]) {
        // SAFETY: `self` proves the features.
        unsafe { apply_slice::<__m128i, 8>(Operation::Hash, key, blocks) };
    }
    fn wipe(self, schedules: &mut [RoundKeys]) {
        schedules.iter_mut().for_each(Zeroize::zeroize);
    }
}

impl AesBackend for Vaes256 {
    type Schedule = RoundKeys;

    #[inline(always)]
    fn schedule<const N: usize>(self, keys: &[Block; N]) -> [RoundKeys; N] {
        // SAFETY: `self` proves the features.
        unsafe { expand(keys) }
    }
    #[inline(always)]
    fn encrypt(self, key: &RoundKeys, blocks: &mut [Block]) {
        // SAFETY: `self` proves the features, which include those of `AesNi`.
        unsafe {
            let rest = apply_slice::<__m256i, 8>(Operation::Encrypt, key, blocks);
            apply_slice::<__m128i, 4>(Operation::Encrypt, key, rest);
        }
    }
    #[inline(always)]
    fn hash(self, key: &RoundKeys, blocks: &mut [Block]) {
        // SAFETY: `self` proves the features, which include those of `AesNi`.
        unsafe {
            let rest = apply_slice::<__m256i, 8>(Operation::Hash, key, blocks);
            apply_slice::<__m128i, 4>(Operation::Hash, key, rest);
        }
    }
    fn wipe(self, schedules: &mut [RoundKeys]) {
        schedules.iter_mut().for_each(Zeroize::zeroize);
    }
}

impl AesBackend for Vaes512 {
    type Schedule = RoundKeys;

    #[inline(always)]
    fn schedule<const N: usize>(self, keys: &[Block; N]) -> [RoundKeys; N] {
        // SAFETY: `self` proves the features.
        unsafe { expand(keys) }
    }
    #[inline(always)]
    fn encrypt(self, key: &RoundKeys, blocks: &mut [Block]) {
        // SAFETY: `self` proves the features, which include those of `AesNi`.
        unsafe {
            let rest = apply_slice::<__m512i, 8>(Operation::Encrypt, key, blocks);
            apply_slice::<__m128i, 4>(Operation::Encrypt, key, rest);
        }
    }
    #[inline(always)]
    fn hash(self, key: &RoundKeys, blocks: &mut [Block]) {
        // SAFETY: `self` proves the features, which include those of `AesNi`.
        unsafe {
            let rest = apply_slice::<__m512i, 8>(Operation::Hash, key, blocks);
            apply_slice::<__m128i, 4>(Operation::Hash, key, rest);
        }
    }
    fn wipe(self, schedules: &mut [RoundKeys]) {
        schedules.iter_mut().for_each(Zeroize::zeroize);
    }
}

/// A batch under a ready schedule, on the best of the three backends.
pub(super) struct Batch<'a> {
    pub(super) operation: Operation,
    pub(super) key: &'a RoundKeys,
    pub(super) blocks: &'a mut [Block],
}

impl Batch<'_> {
    #[inline(always)]
    fn run<A: AesBackend<Schedule = RoundKeys>>(self, aes: A) {
        match self.operation {
            Operation::Encrypt => aes.encrypt(self.key, self.blocks),
            Operation::Hash => aes.hash(self.key, self.blocks),
        }
    }
}

/// Applies `operation` to all blocks on the best backend. The schedule proves AES-NI.
pub(super) fn apply(operation: Operation, key: &RoundKeys, blocks: &mut [Block]) {
    let batch = Batch { operation, key, blocks };
    if let Some(aes) = Vaes512::detect() {
        aes.apply(batch);
    } else if let Some(aes) = Vaes256::detect() {
        aes.apply(batch);
    } else {
        // A schedule is only made by a backend of this module, which has AES-NI and SSSE3.
        AesNi(()).apply(batch);
    }
}
