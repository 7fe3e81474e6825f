//! What a step computes: its public shape, the limits on it, and which of the two circuits runs.

use crate::error::StepError;

/// Largest ring width in bits.
pub(crate) const MAX_ELL: u32 = 30;

/// One party of the step.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    /// Knows its share of the input in the offline phase, but for the later steps of a cell.
    Client,
    /// Learns its share of the input online.
    Server,
}

impl Role {
    /// The other party.
    #[must_use]
    pub const fn peer(self) -> Self {
        match self {
            Self::Client => Self::Server,
            Self::Server => Self::Client,
        }
    }

    pub(crate) const fn index(self) -> usize {
        match self {
            Self::Client => 0,
            Self::Server => 1,
        }
    }
}

/// The public shape of a non-linear step on additive shares.
///
/// The parties hold c and s, residues mod 2^`ell` with accumulator = signed(c + s) and |accumulator| < 2^(`ell` - 2).
/// The result is clamp((m + 2^(`shift` - 1)) >> `shift`, 0, 2^`bits` - 1), m the accumulator or, with `pool`, the larger of
/// the accumulators 2j and 2j + 1; without the rounding term if `shift` is 0. It comes as shares mod 2^`out_ell`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct StepShape {
    /// Results.
    pub count: usize,
    /// Width of the input ring in bits, 3 to 30.
    pub ell: u32,
    /// Bits shifted out, with rounding.
    pub shift: u32,
    /// Width of a result in bits, at least 1; `shift` + `bits` < `ell`.
    pub bits: u32,
    /// Whether a result is the larger of two accumulators.
    pub pool: bool,
    /// Width of the output ring in bits, 2 to 30.
    pub out_ell: u32,
}

impl StepShape {
    /// Residues each party holds: `count`, twice that with pooling.
    #[must_use]
    pub const fn input_values(&self) -> usize {
        if self.pool { 2 * self.count } else { self.count }
    }

    pub(crate) fn validate(&self) -> Result<(), StepError> {
        let limits = [
            ((1..=1 << 26).contains(&self.count), "count must be 1 to 2^26"),
            ((3..=MAX_ELL).contains(&self.ell), "ell must be 3 to 30"),
            ((2..=MAX_ELL).contains(&self.out_ell), "out_ell must be 2 to 30"),
            ((1..MAX_ELL).contains(&self.bits), "bits must be 1 to 29"),
            (self.shift.saturating_add(self.bits) < self.ell, "shift + bits must be below ell"),
        ];
        limits.iter().find(|(holds, _)| !holds).map_or(Ok(()), |(_, reason)| Err(StepError::Shape(reason)))
    }

    /// First bit above the result: `shift` + `bits`.
    pub(crate) const fn top(&self) -> u32 {
        self.shift + self.bits
    }

    /// Bits between the result and the sign: h = `ell` - 1 - `shift` - `bits`.
    pub(crate) const fn headroom(&self) -> u32 {
        self.ell - 1 - self.top()
    }

    /// Width of the small ring of the selection: `bits` + 1, no more than `out_ell`.
    pub(crate) const fn narrow(&self) -> u32 {
        if self.bits + 1 < self.out_ell { self.bits + 1 } else { self.out_ell }
    }
}

/// How a comparison trades traffic for exchanges. The results are the same.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mode {
    /// Least traffic: carries ripple, 4 bits of traffic and one exchange per bit.
    Ripple,
    /// Fewest exchanges: a tree, about 6 bits of traffic per bit.
    Tree,
    /// Least traffic with at most so many exchanges for each of the two comparisons, or as few as a tree takes.
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
