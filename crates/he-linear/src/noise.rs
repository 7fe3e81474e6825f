//! The proven bound on the noise of a response before flooding.
//!
//! With kernels K_g (one polynomial per group of input channels), fresh errors e_g, the encryption of zero (u
//! a_pk + e1, u b_pk) and roundings eps of the encodings, the phase of a response differs from the encoded
//! result by
//!
//! ```text
//! sum_g K_g e_g  +  u e_pk  +  e1 s  +  sum_g K_g eps_g  -  eps_s
//! ```
//!
//! The first three terms are sums of independent symmetric variables. A centred binomial of eta is eta
//! differences of fair bits, so E exp(x e) = cosh(x/2)^(2 eta) <= exp(eta x^2 / 4): sub-Gaussian with
//! variance proxy eta / 2 = 16. A uniform ternary u has (1 + 2 cosh x) / 3 <= exp(x^2 / 3): proxy 2/3. Given
//! any e_pk with |e_pk| <= eta and any ternary s, the total proxy is at most
//!
//! ```text
//! V = 16 sum_g ||K_g||^2  +  2/3 n eta^2  +  16 n
//! ```
//!
//! and a coefficient exceeds sqrt(2 V ln(2 N 2^60)) with probability below 2^-60 / N. The roundings are at
//! most 1/2 each, and a result meets only the roundings of the inputs it is made of (gaps encode zero
//! exactly), so they add at most half its row's sum of |w|, plus 1/2. Masks and keys enter by worst case
//! only.

use rayon::prelude::{IntoParallelIterator, ParallelIterator};

use crate::error::Error;
use crate::pack::Packing;
use crate::params::{ERROR_ETA, NOISE_TAIL_BITS, RING_DEGREE, STATISTICAL_SECURITY, flooding_bits};

/// Variance proxy of one error coefficient.
const ERROR_PROXY: f64 = ERROR_ETA as f64 / 2.0;
/// Variance proxy of one ternary coefficient.
const TERNARY_PROXY: f64 = 2.0 / 3.0;
/// Allowance for the rounding of this file's own floating point.
const SLACK: f64 = 1.000_001;

/// An upper bound on the absolute noise of every coefficient of one response, failing with probability below
/// 2^-60.
#[derive(Clone, Copy)]
pub(crate) struct NoiseBound(f64);

impl NoiseBound {
    /// The bound for `results` coefficients, from the greatest sum over input groups of squared kernel
    /// coefficients and the greatest sum of absolute weights of an output channel.
    fn new(kernel_energy: f64, row_weight: f64, results: usize) -> Self {
        let eta = f64::from(ERROR_ETA);
        let degree = RING_DEGREE as f64;
        let proxy = ERROR_PROXY * kernel_energy + TERNARY_PROXY * degree * eta * eta + ERROR_PROXY * degree;
        let log_tail = (2.0 * results as f64).ln() + f64::from(NOISE_TAIL_BITS) * core::f64::consts::LN_2;
        Self(((2.0 * proxy * log_tail).sqrt() + (row_weight + 1.0) / 2.0) * SLACK)
    }

    /// The bound for these weights.
    pub(crate) fn of_weights(packing: &Packing, weights: &[i8]) -> Self {
        let (shape, tiling) = (&packing.shape, &packing.tiling);
        let energy = |out_group| -> i64 {
            (0..tiling.in_groups(shape))
                .flat_map(|in_group| packing.kernel(weights, out_group, in_group))
                .map(|coefficient| i64::from(coefficient).pow(2))
                .sum()
        };
        let kernel_energy = (0..tiling.out_groups(shape)).into_par_iter().map(energy).max().unwrap_or(0);
        let rows = weights.chunks(shape.in_channels * shape.kernel);
        let row_weight =
            rows.map(|row| row.iter().map(|&w| u64::from(w.unsigned_abs())).sum::<u64>()).max().unwrap_or(0);
        Self::new(kernel_energy as f64, row_weight as f64, shape.output_len())
    }

    /// log2 of the bound.
    pub(crate) fn log2(self) -> f64 {
        self.0.log2()
    }

    /// Checks that the flooding for shares of `ell` bits hides this noise with the statistical security asked
    /// for.
    pub(crate) fn check_hidden(self, ell: u32) -> Result<(), Error> {
        let flooding_bits = flooding_bits(ell);
        let limit_bits = flooding_bits - STATISTICAL_SECURITY;
        if self.0 <= f64::from(limit_bits).exp2() {
            Ok(())
        } else {
            Err(Error::NoiseAboveFlooding { noise_bits: self.log2(), flooding_bits, limit_bits })
        }
    }
}
