//! Additive shares: residues modulo `2^ell`, kept in `u32`.

use rand_core::CryptoRng;
use zeroize::{Zeroize, ZeroizeOnDrop};

/// One party's additive share of a tensor over `Z_(2^ell)`, row-major `[batch][channel][position]`.
#[derive(Zeroize, ZeroizeOnDrop)]
pub(crate) struct Share {
    residues: Vec<u32>,
    #[zeroize(skip)]
    ell: u32,
}

/// `2^ell - 1` for `ell <= 32`.
pub(crate) fn mask(ell: u32) -> u32 {
    u32::MAX.checked_shr(32 - ell.min(32)).unwrap_or(0)
}

impl Share {
    /// Takes residues, reducing them modulo `2^ell`.
    pub(crate) fn new(mut residues: Vec<u32>, ell: u32) -> Self {
        let mask = mask(ell);
        residues.iter_mut().for_each(|r| *r &= mask);
        Self { residues, ell }
    }

    /// Uniform residues: a fresh one-time mask.
    pub(crate) fn random(count: usize, ell: u32, rng: &mut impl CryptoRng) -> Self {
        let mut residues = vec![0; count];
        for residue in &mut residues {
            *residue = rng.next_u32();
        }
        Self::new(residues, ell)
    }

    /// The residues of several shares, one share after the other; `None` of none.
    pub(crate) fn concatenated<'a>(shares: impl Iterator<Item = &'a Self> + Clone) -> Option<Self> {
        let ell = shares.clone().next()?.ell;
        // Room is made once, so that no copy stays behind unwiped.
        let mut residues = Vec::with_capacity(shares.clone().map(|share| share.residues.len()).sum());
        shares.for_each(|share| residues.extend_from_slice(&share.residues));
        Some(Self::new(residues, ell))
    }

    pub(crate) fn residues(&self) -> &[u32] {
        &self.residues
    }

    pub(crate) fn ell(&self) -> u32 {
        self.ell
    }

    /// `self + other`, in the ring of `self`.
    pub(crate) fn plus(&self, other: &[u32]) -> Self {
        self.zip(other, u32::wrapping_add)
    }

    /// `self - other`, in the ring of `self`.
    pub(crate) fn minus(&self, other: &[u32]) -> Self {
        self.zip(other, u32::wrapping_sub)
    }

    fn zip(&self, other: &[u32], op: impl Fn(u32, u32) -> u32) -> Self {
        debug_assert_eq!(self.residues.len(), other.len());
        Self::new(self.residues.iter().zip(other).map(|(&a, &b)| op(a, b)).collect(), self.ell)
    }
}

/// The representative of a residue mod `2^ell` in `[-2^(ell-1), 2^(ell-1))`.
pub(crate) fn signed(residue: u32, ell: u32) -> i64 {
    let unused = 32 - ell;
    i64::from((residue << unused).cast_signed() >> unused)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shares_add_up_in_the_ring() {
        let x = Share::new(vec![5, 0, 255], 8);
        let r = Share::new(vec![7, 1, 255], 8);
        assert_eq!(x.minus(r.residues()).plus(r.residues()).residues(), x.residues());
        assert_eq!(x.minus(r.residues()).residues(), [254, 255, 0]);
    }

    #[test]
    fn the_signed_lift_is_centred() {
        assert_eq!(signed(0x80, 8), -128);
        assert_eq!(signed(0x7f, 8), 127);
        assert_eq!(signed(mask(30), 30), -1);
    }
}
