//! What an argmax computes, and the limits on it. The shape of an activation is
//! [`shares::StepShape`].

/// Most classes of an argmax.
pub const MAX_CLASSES: usize = 1024;
/// Most score vectors that an argmax adds up: an hour of ECG in segments of 30 s.
pub const MAX_TERMS: usize = 128;
/// Thresholds of a margin: a level has two bits.
pub const THRESHOLDS: usize = 3;
/// Most scores of an argmax, all terms together: bounds the memory of a step (1 KiB for each bit of
/// a share).
pub const MAX_SCORES: usize = 1 << 13;

/// The index of the greatest of `classes` sums over `terms` scores each, ties to the lowest; and
/// how far it is ahead, as a level.
///
/// |score| < 2^(`ell` - 1), so no sum leaves [`ArgmaxShape::sum_bits`] bits. The margin is the
/// greatest sum minus the second greatest. It is not negative and has as many bits at most. The
/// level is the number of thresholds that the margin reaches.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ArgmaxShape {
    /// Sums to choose from, 2 to [`MAX_CLASSES`].
    pub classes: usize,
    /// Width of a share, 2 to 30 bits.
    pub ell: u32,
    /// Score vectors that are added up, 1 to [`MAX_TERMS`] and at most [`MAX_SCORES`] scores in
    /// all.
    pub terms: usize,
    /// Thresholds of the margin, positive and ascending; `None` for the index alone. They are
    /// public.
    pub thresholds: Option<[u32; THRESHOLDS]>,
}

impl ArgmaxShape {
    /// Whether every field is within its limits.
    pub(crate) fn is_valid(&self) -> bool {
        (2..=MAX_CLASSES).contains(&self.classes)
            && (2..=30).contains(&self.ell)
            && (1..=MAX_TERMS).contains(&self.terms)
            && self.scores() <= MAX_SCORES
            && self.thresholds.is_none_or(|thresholds| self.can_reach(thresholds))
    }

    /// Whether a margin of so many bits can be held against the thresholds.
    fn can_reach(&self, thresholds: [u32; THRESHOLDS]) -> bool {
        let fits = |&threshold: &u32| threshold > 0 && u64::from(threshold) >> self.sum_bits() == 0;
        thresholds.is_sorted_by(|a, b| a < b) && thresholds.iter().all(fits)
    }

    /// Shares that each party brings: `[term][class]`.
    #[must_use]
    pub fn scores(&self) -> usize {
        self.classes * self.terms
    }

    /// Bits of a sum: ell + ceil(log2(terms)).
    #[must_use]
    pub fn sum_bits(&self) -> u32 {
        self.ell + self.terms.next_power_of_two().trailing_zeros()
    }
}
