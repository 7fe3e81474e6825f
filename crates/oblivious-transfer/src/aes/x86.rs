//! AES-NI and VAES backends.
//!
//! A value of a backend's type is only made by its `detect`, so it proves that the processor has
//! the instructions. That is the safety argument of each `unsafe` block below: all of them do
//! nothing but call a function that is compiled for instructions.

mod register;
mod schedule;

pub use schedule::RoundKeys;
use zeroize::Zeroize;

use super::backend::{AesBackend, Kernel, sealed};
use crate::block::Block;

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
        let software = cfg!(any(miri, aes_backend = "soft"));
        let found = is_x86_feature_detected!("aes") && is_x86_feature_detected!("ssse3");
        (found && !software).then_some(Self(()))
    }

    #[inline]
    pub(super) fn dispatch<K: Kernel>(self, kernel: K) -> K::Output {
        #[target_feature(enable = "aes,ssse3")]
        fn run<K: Kernel>(aes: AesNi, kernel: K) -> K::Output {
            kernel.run(aes)
        }
        // SAFETY: `self` proves the instructions.
        unsafe { run(self, kernel) }
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
        // SAFETY: `self` proves the instructions.
        unsafe { run(self, kernel) }
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
        // SAFETY: `self` proves the instructions.
        unsafe { run(self, kernel) }
    }
}

/// A backend of this module. Each has the instructions of [`AesNi`] too, which expand keys.
trait Instructions: Copy + sealed::Sealed {
    /// Encrypts every block, or replaces it by its hash.
    fn apply<const HASH: bool>(self, key: &RoundKeys, blocks: &mut [Block]);
}

impl Instructions for AesNi {
    #[inline(always)]
    fn apply<const HASH: bool>(self, key: &RoundKeys, blocks: &mut [Block]) {
        // SAFETY: `self` proves the instructions.
        unsafe { register::one::apply::<HASH, 8>(key, blocks) };
    }
}

impl Instructions for Vaes256 {
    #[inline(always)]
    fn apply<const HASH: bool>(self, key: &RoundKeys, blocks: &mut [Block]) {
        #[target_feature(enable = "aes,avx2,vaes")]
        #[inline]
        fn apply<const HASH: bool>(key: &RoundKeys, blocks: &mut [Block]) {
            let rest = register::two::apply::<HASH, 8>(key, blocks);
            register::one::apply::<HASH, 4>(key, rest);
        }
        // SAFETY: `self` proves the instructions.
        unsafe { apply::<HASH>(key, blocks) };
    }
}

impl Instructions for Vaes512 {
    #[inline(always)]
    fn apply<const HASH: bool>(self, key: &RoundKeys, blocks: &mut [Block]) {
        #[target_feature(enable = "aes,avx2,vaes,avx512f,avx512bw,avx512dq,avx512vl")]
        #[inline]
        fn apply<const HASH: bool>(key: &RoundKeys, blocks: &mut [Block]) {
            let rest = register::four::apply::<HASH, 8>(key, blocks);
            register::one::apply::<HASH, 4>(key, rest);
        }
        // SAFETY: `self` proves the instructions.
        unsafe { apply::<HASH>(key, blocks) };
    }
}

impl sealed::Sealed for AesNi {}
impl sealed::Sealed for Vaes256 {}
impl sealed::Sealed for Vaes512 {}

impl<I: Instructions> AesBackend for I {
    type Schedule = RoundKeys;

    #[inline(always)]
    fn schedule<const N: usize>(self, keys: &[Block; N]) -> [RoundKeys; N] {
        // SAFETY: every backend of this module has the instructions of `AesNi`, and `self` proves
        // them.
        unsafe { schedule::expand(keys) }
    }

    #[inline(always)]
    fn encrypt(self, key: &RoundKeys, blocks: &mut [Block]) {
        self.apply::<false>(key, blocks);
    }

    #[inline(always)]
    fn hash(self, key: &RoundKeys, blocks: &mut [Block]) {
        self.apply::<true>(key, blocks);
    }

    fn wipe(self, schedules: &mut [RoundKeys]) {
        schedules.iter_mut().for_each(Zeroize::zeroize);
    }
}

/// A schedule held for any number of batches, which run on the best of the three backends.
pub(super) struct Held(RoundKeys);

impl Held {
    /// Expands `key`.
    pub(super) fn new(aes: AesNi, key: Block) -> Self {
        let [schedule] = aes.schedule(&[key]);
        Self(schedule)
    }

    /// Encrypts every block, or replaces it by its hash.
    pub(super) fn apply<const HASH: bool>(&self, blocks: &mut [Block]) {
        if let Some(aes) = Vaes512::detect() {
            aes.apply::<HASH>(&self.0, blocks);
        } else if let Some(aes) = Vaes256::detect() {
            aes.apply::<HASH>(&self.0, blocks);
        } else {
            // Whoever made this value had AES-NI.
            AesNi(()).apply::<HASH>(&self.0, blocks);
        }
    }
}

impl Drop for Held {
    fn drop(&mut self) {
        self.0.zeroize();
    }
}
