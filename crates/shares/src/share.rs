//! One party's additive share of a tensor.

use rand_core::CryptoRng;
use zeroize::{Zeroize, ZeroizeOnDrop};

use crate::ring::Ring;

/// One party's residues of a tensor, row-major `[batch][channel][position]`, with the width of
/// their ring.
///
/// The residues are secret: they are wiped when dropped, and there is no `Debug`.
#[derive(Zeroize, ZeroizeOnDrop)]
pub struct Share {
    residues: Vec<u32>,
    #[zeroize(skip)]
    ring: Ring,
}

impl Share {
    /// Takes values and reduces them modulo `2^ell`.
    #[must_use]
    pub fn new(mut residues: Vec<u32>, ell: u32) -> Self {
        let ring = Ring::new(ell);
        residues.iter_mut().for_each(|residue| *residue = ring.reduce(*residue));
        Self { residues, ring }
    }

    /// Uniform residues: a fresh one-time mask.
    #[must_use]
    pub fn random(count: usize, ell: u32, rng: &mut impl CryptoRng) -> Self {
        let mut residues = vec![0; count];
        for residue in &mut residues {
            *residue = rng.next_u32();
        }
        Self::new(residues, ell)
    }

    /// The residues of several shares, one share after the other; `None` if there is no share.
    ///
    /// All shares must be of one ring.
    #[must_use]
    pub fn concatenated<'a>(shares: impl Iterator<Item = &'a Self> + Clone) -> Option<Self> {
        let ell = shares.clone().next()?.ell();
        // Room is made once, so that no copy stays behind unwiped.
        let mut residues = Vec::with_capacity(shares.clone().map(|share| share.residues.len()).sum());
        shares.for_each(|share| residues.extend_from_slice(&share.residues));
        Some(Self::new(residues, ell))
    }

    /// The residues.
    #[must_use]
    pub fn residues(&self) -> &[u32] {
        &self.residues
    }

    /// The ring.
    #[must_use]
    pub fn ring(&self) -> Ring {
        self.ring
    }

    /// Width of a residue in bits.
    #[must_use]
    pub fn ell(&self) -> u32 {
        self.ring.ell()
    }

    /// `self + other` in the ring of `self`; `other` has as many values.
    #[must_use]
    pub fn plus(&self, other: &[u32]) -> Self {
        self.zip(other, u32::wrapping_add)
    }

    /// `self - other` in the ring of `self`; `other` has as many values.
    #[must_use]
    pub fn minus(&self, other: &[u32]) -> Self {
        self.zip(other, u32::wrapping_sub)
    }

    fn zip(&self, other: &[u32], op: impl Fn(u32, u32) -> u32) -> Self {
        debug_assert_eq!(self.residues.len(), other.len());
        Self::new(self.residues.iter().zip(other).map(|(&a, &b)| op(a, b)).collect(), self.ell())
    }
}

#[cfg(test)]
mod tests {
    use rand_chacha::ChaCha20Rng;
    use rand_core::SeedableRng;

    use super::Share;

    #[test]
    fn shares_add_up_in_the_ring() {
        let x = Share::new(vec![5, 0, 255], 8);
        let r = Share::new(vec![7, 1, 255], 8);
        assert_eq!(x.minus(r.residues()).plus(r.residues()).residues(), x.residues());
        assert_eq!(x.minus(r.residues()).residues(), [254, 255, 0]);
    }

    #[test]
    fn values_are_reduced_on_the_way_in() {
        assert_eq!(Share::new(vec![256, 511], 8).residues(), [0, 255]);
        let random = Share::random(100, 7, &mut ChaCha20Rng::seed_from_u64(1));
        assert!(random.ring().contains(random.residues()) && random.ell() == 7);
    }

    #[test]
    fn shares_stand_one_after_the_other() {
        let shares = [Share::new(vec![1, 2], 8), Share::new(vec![3], 8)];
        let all = Share::concatenated(shares.iter()).map(|all| all.residues().to_vec());
        assert_eq!(all, Some(vec![1, 2, 3]));
        assert!(Share::concatenated([].iter()).is_none());
    }
}
