//! The noise of a response, bounded and averaged from the weights.
//!
//! With kernels K_g (one polynomial per group of input channels), fresh errors e_g, the encryption
//! of zero (u a_pk + e1, u b_pk) and roundings eps of the encodings, the phase of a response
//! differs from the encoded result by
//!
//! ```text
//! sum_g K_g e_g  +  u e_pk  +  e1 s  +  sum_g K_g eps_g  -  eps
//! ```
//!
//! Here eps stands for the roundings of the mask s and of the result; each is at most 1/2.
//!
//! **The bound** is for decoding. The first three terms are sums of independent symmetric
//! variables. A centred binomial of eta is eta differences of fair bits, so E exp(x e) =
//! cosh(x/2)^(2 eta) <= exp(eta x^2 / 4): sub-Gaussian with variance proxy eta / 2 = 16. A uniform
//! ternary u has (1 + 2 cosh x) / 3 <= exp(x^2 / 3): proxy 2/3. Given any e_pk with |e_pk| <= eta
//! and any ternary s, the total proxy is at most
//!
//! ```text
//! V = 16 sum_g ||K_g||^2  +  2/3 n eta^2  +  16 n
//! ```
//!
//! and a coefficient exceeds sqrt(2 V ln(2 N 2^100)) with probability below 2^-100 / N. The
//! roundings are at most 1/2 each, and a result meets only the roundings of the inputs it is made
//! of (gaps encode zero exactly), so they add at most half its row's sum of |w|, plus 1. Masks and
//! keys enter by worst case only.
//!
//! **The mean square** is for hiding. Over the random choices of both parties the first three terms
//! have mean 0 and do not correlate. An error has variance 16, a ternary value 2/3. So the mean
//! square of the noise of a result is at most
//!
//! ```text
//! 16 sum_g ||K_g||^2  +  2 * 16 * 2/3 n  +  (sum |w| / 2 + 1)^2
//! ```

use rayon::prelude::{IntoParallelIterator, ParallelIterator};

use crate::pack::Packing;
use crate::params::{ERROR_ETA, NOISE_TAIL_BITS, RING_DEGREE};

/// Variance of one error coefficient, and its variance proxy.
const ERROR_VARIANCE: f64 = ERROR_ETA as f64 / 2.0;
/// Variance of one ternary coefficient, and its variance proxy.
const TERNARY_VARIANCE: f64 = 2.0 / 3.0;
/// Allowance for the rounding of this file's own floating point.
const SLACK: f64 = 1.000_001;

/// What is proven about the noise of a layer's response.
#[derive(Clone, Copy)]
pub(crate) struct Noise {
    /// An upper bound on the absolute noise of every coefficient, failing with probability below
    /// 2^-100.
    pub(crate) bound: f64,
    /// An upper bound on the sum over all results of the mean squares of their noise.
    pub(crate) sum_of_squares: f64,
}

impl Noise {
    /// The noise that these weights make.
    pub(crate) fn of_weights(packing: &Packing, weights: &[i8]) -> Self {
        let (shape, tiling) = (&packing.shape, &packing.tiling);
        // An output channel has so many results.
        let per_channel = (shape.batch * shape.length) as f64;
        let energies = kernel_energies(packing, weights);
        let greatest_energy = energies.iter().copied().fold(0.0, f64::max);
        let roundings = row_roundings(weights, shape.in_channels * shape.kernel);
        let greatest_rounding = roundings.iter().copied().fold(0.0, f64::max);
        let channel_energies = (0..shape.out_channels).map(|channel| energies[channel / tiling.out_group]);
        let squares = channel_energies.zip(&roundings).map(|(energy, rounding)| {
            let zero = 2.0 * ERROR_VARIANCE * TERNARY_VARIANCE * RING_DEGREE as f64;
            ERROR_VARIANCE * energy + zero + rounding * rounding
        });
        Self {
            bound: bound(greatest_energy, greatest_rounding, shape.output_len()),
            sum_of_squares: squares.sum::<f64>() * per_channel * SLACK,
        }
    }
}

/// The bound for `results` coefficients.
fn bound(kernel_energy: f64, rounding: f64, results: usize) -> f64 {
    let eta = f64::from(ERROR_ETA);
    let degree = RING_DEGREE as f64;
    let zero = TERNARY_VARIANCE * degree * eta * eta + ERROR_VARIANCE * degree;
    let log_tail = (2.0 * results as f64).ln() + f64::from(NOISE_TAIL_BITS) * core::f64::consts::LN_2;
    ((2.0 * (ERROR_VARIANCE * kernel_energy + zero) * log_tail).sqrt() + rounding) * SLACK
}

/// The sum over input groups of squared kernel coefficients, for each group of output channels.
fn kernel_energies(packing: &Packing, weights: &[i8]) -> Vec<f64> {
    let (shape, tiling) = (&packing.shape, &packing.tiling);
    let energy = |out_group| -> i64 {
        (0..tiling.in_groups(shape))
            .flat_map(|in_group| packing.kernel(weights, out_group, in_group))
            .map(|coefficient| i64::from(coefficient).pow(2))
            .sum()
    };
    (0..tiling.out_groups(shape)).into_par_iter().map(|group| energy(group) as f64).collect()
}

/// What the roundings of encodings add to a result at most, for each output channel.
fn row_roundings(weights: &[i8], row: usize) -> Vec<f64> {
    let sum = |row: &[i8]| row.iter().map(|&w| u64::from(w.unsigned_abs())).sum::<u64>();
    weights.chunks(row).map(|row| sum(row) as f64 / 2.0 + 1.0).collect()
}
