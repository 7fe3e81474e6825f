//! What a set of AES instructions offers, and what a loop over them looks like.

use crate::block::Block;

/// AES-128 on one set of instructions. A value of such a type proves that the processor has them.
pub trait AesBackend: Copy + sealed::Sealed {
    /// An expanded key.
    ///
    /// Hash keys are public. A secret key is wiped by [`AesBackend::wipe`] or held in an
    /// [`super::AesKey`].
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

pub(super) mod sealed {
    /// Only this crate may claim to know which instructions exist.
    pub trait Sealed {}
}
