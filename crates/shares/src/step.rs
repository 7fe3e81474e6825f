//! The shape of a non-linear step, whichever protocol computes it, and the limits on it.

/// Most results of a step.
pub const MAX_COUNT: usize = 1 << 24;
/// Largest width of a ring in bits.
pub const MAX_ELL: u32 = 30;

/// The public shape of a non-linear step on additive shares.
///
/// The parties hold residues c and s modulo 2^`ell`. The accumulator is signed(c + s), and its
/// magnitude is below 2^(`ell` - 2). Let m be the accumulator or, with `pool`, the larger of the
/// accumulators 2j and 2j + 1. The result is clamp((m + 2^(`shift` - 1)) >> `shift`, 0, 2^`bits` -
/// 1); there is no rounding term if `shift` is 0. The result comes as shares modulo 2^`out_ell`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct StepShape {
    /// Results, 1 to [`MAX_COUNT`].
    pub count: usize,
    /// Width of the input ring in bits, 3 to [`MAX_ELL`].
    pub ell: u32,
    /// Bits shifted out, with rounding.
    pub shift: u32,
    /// Width of a result in bits, at least 1; `shift` + `bits` < `ell`.
    pub bits: u32,
    /// Whether a result is the larger of two accumulators.
    pub pool: bool,
    /// Width of the output ring in bits, 2 to [`MAX_ELL`].
    pub out_ell: u32,
}

/// A shape outside its limits: the configuration is at fault.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct ShapeError(pub &'static str);

impl StepShape {
    /// Checks every field.
    ///
    /// # Errors
    /// [`ShapeError`] names the first limit that does not hold.
    pub fn validate(&self) -> Result<(), ShapeError> {
        let limits = [
            ((1..=MAX_COUNT).contains(&self.count), "count must be 1 to 2^24"),
            ((3..=MAX_ELL).contains(&self.ell), "ell must be 3 to 30"),
            ((2..=MAX_ELL).contains(&self.out_ell), "out_ell must be 2 to 30"),
            ((1..MAX_ELL).contains(&self.bits), "bits must be 1 to 29"),
            (self.shift.saturating_add(self.bits) < self.ell, "shift + bits must be below ell"),
        ];
        limits.iter().find(|(holds, _)| !holds).map_or(Ok(()), |(_, reason)| Err(ShapeError(reason)))
    }

    /// Accumulators of a result: two with pooling, else one.
    #[must_use]
    pub const fn values_per_result(&self) -> usize {
        if self.pool { 2 } else { 1 }
    }

    /// Residues that each party holds: `count`, or twice as many with pooling.
    #[must_use]
    pub const fn input_values(&self) -> usize {
        self.count * self.values_per_result()
    }

    /// The first bit of an accumulator above the result: `shift` + `bits`.
    #[must_use]
    pub const fn top(&self) -> u32 {
        self.shift + self.bits
    }

    /// Bits of an accumulator between the result and the sign: `ell` - 1 - `shift` - `bits`.
    #[must_use]
    pub const fn headroom(&self) -> u32 {
        self.ell - 1 - self.top()
    }
}

#[cfg(test)]
mod tests {
    use super::{MAX_COUNT, StepShape};

    const SHAPE: StepShape = StepShape { count: 3, ell: 20, shift: 6, bits: 8, pool: true, out_ell: 20 };

    #[test]
    fn shapes_at_the_limits_are_taken() {
        let shapes = [
            SHAPE,
            StepShape { count: MAX_COUNT, ..SHAPE },
            StepShape { ell: 3, shift: 0, bits: 2, out_ell: 2, ..SHAPE },
            StepShape { ell: 30, shift: 28, bits: 1, out_ell: 30, ..SHAPE },
            StepShape { ell: 30, shift: 0, bits: 29, ..SHAPE },
        ];
        for shape in shapes {
            assert_eq!(shape.validate(), Ok(()), "{shape:?}");
            assert_eq!(shape.headroom() + shape.top() + 1, shape.ell);
        }
    }

    #[test]
    fn shapes_outside_the_limits_are_refused() {
        let shapes = [
            StepShape { count: 0, ..SHAPE },
            StepShape { count: MAX_COUNT + 1, ..SHAPE },
            StepShape { ell: 2, shift: 0, bits: 1, ..SHAPE },
            StepShape { ell: 31, ..SHAPE },
            StepShape { bits: 0, ..SHAPE },
            StepShape { bits: 14, ..SHAPE },
            StepShape { bits: u32::MAX, ..SHAPE },
            StepShape { shift: 12, ..SHAPE },
            StepShape { shift: u32::MAX, ..SHAPE },
            StepShape { out_ell: 1, ..SHAPE },
            StepShape { out_ell: 31, ..SHAPE },
        ];
        for shape in shapes {
            assert!(shape.validate().is_err(), "{shape:?}");
        }
    }

    #[test]
    fn pooling_takes_two_accumulators() {
        assert_eq!(SHAPE.input_values(), 6);
        assert_eq!(StepShape { pool: false, ..SHAPE }.input_values(), 3);
    }
}
