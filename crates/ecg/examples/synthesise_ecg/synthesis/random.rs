//! Uniform and normal variates.

use std::f64::consts::PI;

use rand_chacha::ChaCha20Rng;
use rand_chacha::rand_core::Rng;

/// Uniform on (0, 1].
pub(super) fn uniform(rng: &mut ChaCha20Rng) -> f64 {
    ((rng.next_u64() >> 11) + 1) as f64 / (1u64 << 53) as f64
}

/// Standard normal, by Box and Muller.
pub(super) fn normal(rng: &mut ChaCha20Rng) -> f64 {
    let radius = (-2.0 * uniform(rng).ln()).sqrt();
    radius * (2.0 * PI * uniform(rng)).cos()
}
