//! AES-128 in batches, on the fastest instructions the processor turns out to have.
//!
//! | backend | instructions | blocks side by side |
//! |---|---|---|
//! | `Vaes512` | VAES on 512-bit registers | 32 |
//! | `Vaes256` | VAES on 256-bit registers | 16 |
//! | `AesNi` | AES-NI | 8 |
//! | [`Portable`] | the `aes` crate: ARMv8 instructions, or constant-time software | 8 |
//!
//! A function compiled for certain instructions cannot be inlined into one that is not, so the choice must be made
//! around whole loops, not around one call. Such a loop is a [`Kernel`]: its `run` is generic over the backend, is
//! marked `#[inline(always)]`, and [`dispatch`] runs it inside a function compiled for the backend found at run time.
//! Everything inlined into `run` (exclusive-ors of blocks, bit twiddling) is compiled for those instructions too;
//! closures and functions that are not inlined are not.
//!
//! ```
//! use oblivious_transfer::aes::{self, AesBackend, Kernel};
//! use oblivious_transfer::block::Block;
//!
//! struct Davies<'a> { key: Block, blocks: &'a mut [Block] }
//! impl Kernel for Davies<'_> {
//!     type Output = ();
//!     #[inline(always)]
//!     fn run<A: AesBackend>(self, aes: A) {
//!         let [key] = aes.schedule(&[self.key]);
//!         aes.hash(&key, self.blocks);
//!     }
//! }
//! let mut blocks = [Block::ONE; 64];
//! aes::dispatch(Davies { key: Block::ZERO, blocks: &mut blocks });
//! ```

mod portable;
#[cfg(target_arch = "x86_64")]
mod x86;

#[cfg(target_arch = "x86_64")]
use zeroize::Zeroize;

use crate::block::Block;

pub use portable::Portable;
#[cfg(target_arch = "x86_64")]
pub use x86::{AesNi, RoundKeys, Vaes256, Vaes512};

/// AES-128 on one set of instructions. A value of such a type proves that the processor has them.
pub trait AesBackend: Copy + sealed::Sealed {
    /// An expanded key. Hash keys are public; a secret one is wiped by [`AesBackend::wipe`] or held in an [`AesKey`].
    type Schedule: Clone;

    /// Expands `N` keys side by side.
    fn schedule<const N: usize>(self, keys: &[Block; N]) -> [Self::Schedule; N];

    /// Encrypts every block in place.
    fn encrypt(self, key: &Self::Schedule, blocks: &mut [Block]);

    /// Replaces every block x by AES(sigma(x)) ^ sigma(x); see [`crate::hash`].
    fn hash(self, key: &Self::Schedule, blocks: &mut [Block]);

    /// Wipes expanded secret keys before they are dropped.
    fn wipe(self, schedules: &mut [Self::Schedule]);
}

/// A loop over AES calls that is compiled once for each backend.
pub trait Kernel {
    /// What the loop returns.
    type Output;

    /// Runs the loop. Mark the implementation `#[inline(always)]`.
    fn run<A: AesBackend>(self, aes: A) -> Self::Output;
}

/// Runs `kernel` on the best backend of this processor.
#[inline]
pub fn dispatch<K: Kernel>(kernel: K) -> K::Output {
    #[cfg(target_arch = "x86_64")]
    {
        if let Some(aes) = x86::Vaes512::detect() {
            return aes.dispatch(kernel);
        }
        if let Some(aes) = x86::Vaes256::detect() {
            return aes.dispatch(kernel);
        }
        if let Some(aes) = x86::AesNi::detect() {
            return aes.dispatch(kernel);
        }
    }
    kernel.run(Portable)
}

/// The name of the backend that [`dispatch`] uses here.
#[must_use]
pub fn backend_name() -> &'static str {
    struct Name;
    impl Kernel for Name {
        type Output = &'static str;
        #[inline(always)]
        fn run<A: AesBackend>(self, _: A) -> &'static str {
            core::any::type_name::<A>().rsplit("::").next().unwrap_or_default()
        }
    }
    dispatch(Name)
}

/// An AES-128 key, expanded once and used through [`AesKey::encrypt_blocks`].
pub struct AesKey(Repr);

enum Repr {
    #[cfg(target_arch = "x86_64")]
    X86(x86::RoundKeys),
    Portable(Box<::aes::Aes128Enc>),
}

impl AesKey {
    /// Expands `key`.
    #[must_use]
    pub fn new(key: Block) -> Self {
        #[cfg(target_arch = "x86_64")]
        if let Some(aes) = x86::AesNi::detect() {
            return Self(Repr::X86(aes.expand(key)));
        }
        let [schedule] = Portable.schedule(&[key]);
        Self(Repr::Portable(Box::new(schedule)))
    }

    /// Encrypts every block in place.
    pub fn encrypt_blocks(&self, blocks: &mut [Block]) {
        match &self.0 {
            #[cfg(target_arch = "x86_64")]
            Repr::X86(schedule) => x86::apply(x86::Operation::Encrypt, schedule, blocks),
            Repr::Portable(schedule) => Portable.encrypt(schedule, blocks),
        }
    }

    /// Replaces every block x by AES(sigma(x)) ^ sigma(x).
    pub(crate) fn hash_blocks(&self, blocks: &mut [Block]) {
        match &self.0 {
            #[cfg(target_arch = "x86_64")]
            Repr::X86(schedule) => x86::apply(x86::Operation::Hash, schedule, blocks),
            Repr::Portable(schedule) => Portable.hash(schedule, blocks),
        }
    }

    /// Encrypts one block.
    #[must_use]
    pub fn encrypt(&self, block: Block) -> Block {
        let mut blocks = [block];
        self.encrypt_blocks(&mut blocks);
        blocks[0]
    }
}

impl Drop for AesKey {
    fn drop(&mut self) {
        match &mut self.0 {
            #[cfg(target_arch = "x86_64")]
            Repr::X86(schedule) => schedule.zeroize(),
            // The `aes` crate wipes its schedule itself.
            Repr::Portable(_) => (),
        }
    }
}

mod sealed {
    /// Only this crate may claim to know which instructions exist.
    pub trait Sealed {}
}

#[cfg(test)]
mod tests;
