//! The non-linear step on each value, or on the maximum of each pair.

use crate::tensor::Shape;

/// The non-linear step `clamp((m + 2^(shift-1)) >> shift, 0, 2^bits - 1)`, `m` the accumulator or
/// the maximum of a pair.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Activation {
    /// Maximum over pairs of positions first.
    pub pool: bool,
    /// Right shift `f`. 0 means no rounding term.
    pub shift: u32,
    /// Unsigned width `A` of the result.
    pub bits: u32,
}

impl Activation {
    /// Shape after the step.
    #[must_use]
    pub fn output(&self, input: Shape) -> Shape {
        let length = if self.pool { input.length / 2 } else { input.length };
        Shape { length, ..input }
    }
}
