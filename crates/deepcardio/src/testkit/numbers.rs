//! Random numbers that often sit at an end of their width.

use rand::{Rng, RngExt};

/// A signed value of `bits` bits, at an end of the range with probability `extremes / 256`.
pub(super) fn random_signed(rng: &mut impl Rng, bits: u32, extremes: u8) -> i32 {
    let high = (1 << (bits - 1)) - 1;
    if rng.random_range(0..=255u8) < extremes {
        if rng.random_bool(0.5) { high } else { -high - 1 }
    } else {
        rng.random_range(-high - 1..=high)
    }
}
