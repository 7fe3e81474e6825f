//! The number-theoretic transforms. The only file that names the transform library, so that it can
//! be swapped.
//!
//! Nothing outside this file depends on the root of unity or the order of the transformed values:
//! every polynomial that travels or is derived from a seed is in coefficient form.

use std::sync::LazyLock;

use tfhe_ntt::prime32::Plan;

use crate::params::{PRIME_COUNT, PRIMES, RING_DEGREE};

/// One negacyclic transform per prime.
struct Transforms([Plan; PRIME_COUNT]);

static TRANSFORMS: LazyLock<Transforms> = LazyLock::new(|| {
    #[expect(
        clippy::expect_used,
        reason = "the primes are constants with p = 1 mod 2n; a test builds the plans"
    )]
    Transforms(PRIMES.map(|p| Plan::try_new(RING_DEGREE, p).expect("NTT prime")))
});

/// Coefficients to values, in place, modulo prime number `prime`. Takes and returns reduced
/// residues.
pub(crate) fn forward(prime: usize, row: &mut [u32]) {
    TRANSFORMS.0[prime].fwd(row);
}

/// Values to coefficients, in place. Takes and returns reduced residues.
pub(crate) fn inverse(prime: usize, row: &mut [u32]) {
    let plan = &TRANSFORMS.0[prime];
    plan.inv(row);
    plan.normalize(row);
}

/// `acc += left * right`, value by value, on transformed rows.
pub(crate) fn multiply_accumulate(prime: usize, acc: &mut [u32], left: &[u32], right: &[u32]) {
    TRANSFORMS.0[prime].mul_accumulate(acc, left, right);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn transforms_multiply_modulo_x_to_the_n_plus_one() {
        for (prime, &p) in PRIMES.iter().enumerate() {
            let mut x = vec![0; RING_DEGREE];
            let mut y = vec![0; RING_DEGREE];
            (x[RING_DEGREE - 1], x[0], y[1]) = (5, 7, p - 2);
            let mut product = vec![0; RING_DEGREE];
            forward(prime, &mut x);
            forward(prime, &mut y);
            multiply_accumulate(prime, &mut product, &x, &y);
            inverse(prime, &mut product);
            assert_eq!((product[0], product[1]), (10, p - 14));
            assert!(product[2..].iter().all(|&v| v == 0));
        }
    }
}
