//! The ring of integers modulo `2^ell`. A residue is kept in the low `ell` bits of a `u32`.

/// The ring of integers modulo `2^ell`, `ell` at most 32.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Ring {
    ell: u32,
}

impl Ring {
    /// The ring modulo `2^ell`. A width above 32 counts as 32, because a residue is a `u32`.
    #[must_use]
    pub const fn new(ell: u32) -> Self {
        Self { ell: if ell > u32::BITS { u32::BITS } else { ell } }
    }

    /// Width of a residue in bits.
    #[must_use]
    pub const fn ell(self) -> u32 {
        self.ell
    }

    /// The largest residue, `2^ell - 1`. It is also the mask of a residue's bits.
    #[must_use]
    #[inline]
    pub const fn mask(self) -> u32 {
        if self.ell == u32::BITS { u32::MAX } else { (1 << self.ell) - 1 }
    }

    /// The residue of a value.
    #[must_use]
    #[inline]
    pub const fn reduce(self, value: u32) -> u32 {
        value & self.mask()
    }

    /// Whether every value is a residue. The time depends on the number of values alone.
    #[must_use]
    pub fn contains(self, values: &[u32]) -> bool {
        values.iter().fold(0, |all, value| all | value) & !self.mask() == 0
    }

    /// The number in `-2^(ell-1) .. 2^(ell-1)` that a residue stands for; 0 in the ring modulo 1.
    #[must_use]
    #[inline]
    pub const fn signed(self, residue: u32) -> i64 {
        let unused = u64::BITS - self.ell;
        if self.ell == 0 { 0 } else { ((residue as u64) << unused).cast_signed() >> unused }
    }
}

#[cfg(test)]
mod tests {
    use super::Ring;

    #[test]
    fn the_signed_lift_is_centred() {
        assert_eq!(Ring::new(8).signed(0x80), -128);
        assert_eq!(Ring::new(8).signed(0x7f), 127);
        assert_eq!(Ring::new(30).signed(Ring::new(30).mask()), -1);
        assert_eq!(Ring::new(32).signed(1 << 31), -(1 << 31));
        assert_eq!(Ring::new(0).signed(0), 0);
    }

    #[test]
    fn a_mask_has_as_many_bits_as_the_ring() {
        for ell in 0..=32 {
            assert_eq!(Ring::new(ell).mask().count_ones(), ell);
            assert_eq!(Ring::new(ell).mask().trailing_ones(), ell);
        }
        assert_eq!(Ring::new(40), Ring::new(32));
    }

    #[test]
    fn a_single_value_outside_the_ring_is_found() {
        let ring = Ring::new(4);
        assert!(ring.contains(&[0, 15, 7]));
        assert!(!ring.contains(&[0, 16, 7]));
        assert_eq!(ring.reduce(0x3f), 15);
    }
}
