//! Which of the two circuits a step runs, and the width of its selection.

use shares::StepShape;

/// Width of the small ring of the selection: `bits` + 1, no more than `out_ell`.
pub(crate) fn small_ell(shape: &StepShape) -> u32 {
    (shape.bits + 1).min(shape.out_ell)
}

/// How a comparison trades traffic for exchanges. The results are the same.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mode {
    /// Least traffic: carries ripple, 4 bits of traffic and one exchange per bit.
    Ripple,
    /// Fewest exchanges: a tree, about 6 bits of traffic per bit.
    Tree,
    /// Least traffic with at most so many exchanges for each of the two comparisons, or as few as a
    /// tree takes.
    Within(u32),
}

impl Mode {
    /// Exchanges a comparison may take.
    pub(crate) const fn limit(self) -> u32 {
        match self {
            Self::Ripple => u32::MAX,
            Self::Tree => 0,
            Self::Within(exchanges) => exchanges,
        }
    }
}
