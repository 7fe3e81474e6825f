//! Polynomials modulo q as three rows of residues, and the exact arithmetic between Z_q, Z_t and
//! the residues.
//!
//! Nothing here branches on a value or indexes memory by one.

use zeroize::Zeroizing;

use crate::backend;
use crate::params::{MODULUS, PRIME_COUNT, PRIMES, RING_DEGREE};

const fn power(base: u64, mut exponent: u32, p: u64) -> u64 {
    let (mut base, mut result) = (base % p, 1);
    while exponent > 0 {
        if exponent & 1 == 1 {
            result = result * base % p;
        }
        base = base * base % p;
        exponent >>= 1;
    }
    result
}

/// A constant factor modulo a prime with its precomputed quotient (Shoup's multiplication).
#[derive(Clone, Copy)]
pub(crate) struct Factor {
    value: u32,
    quotient: u32,
    p: u32,
}

impl Factor {
    const fn new(value: u64, p: u32) -> Self {
        let value = value % p as u64;
        Self { value: value as u32, quotient: ((value << 32) / p as u64) as u32, p }
    }

    /// The inverse of `value` modulo the prime `p`.
    pub(crate) const fn inverse_of(value: u64, p: u32) -> Self {
        Self::new(power(value, p - 2, p as u64), p)
    }

    /// `x` times the factor, reduced; any 32-bit `x`.
    #[inline(always)]
    pub(crate) const fn mul(self, x: u32) -> u32 {
        let estimate = ((x as u64 * self.quotient as u64) >> 32) as u32;
        reduce_once(x.wrapping_mul(self.value).wrapping_sub(estimate.wrapping_mul(self.p)), self.p)
    }
}

/// `x` modulo `p` for `x < 2p < 2^31`.
#[inline(always)]
pub(crate) const fn reduce_once(x: u32, p: u32) -> u32 {
    let difference = x.wrapping_sub(p);
    difference.wrapping_add(p & 0u32.wrapping_sub(difference >> 31))
}

/// The residue of a small signed value, `|x| < p`.
#[inline(always)]
pub(crate) const fn lift(x: i32, p: u32) -> u32 {
    (x as u32).wrapping_add(p & (x >> 31) as u32)
}

/// q / p_i.
const COFACTOR: [u64; PRIME_COUNT] = [
    (MODULUS / PRIMES[0] as u128) as u64,
    (MODULUS / PRIMES[1] as u128) as u64,
    (MODULUS / PRIMES[2] as u128) as u64,
];

/// (q / p_i)^-1 modulo p_i.
const COFACTOR_INVERSE: [Factor; PRIME_COUNT] = [
    Factor::inverse_of(COFACTOR[0], PRIMES[0]),
    Factor::inverse_of(COFACTOR[1], PRIMES[1]),
    Factor::inverse_of(COFACTOR[2], PRIMES[2]),
];

/// The representative in \[0, q) of three residues.
#[inline(always)]
pub(crate) fn compose(residues: [u32; PRIME_COUNT]) -> u128 {
    let mut sum = 0;
    for i in 0..PRIME_COUNT {
        sum += u128::from(COFACTOR_INVERSE[i].mul(residues[i])) * u128::from(COFACTOR[i]);
    }
    reduce_modulus(reduce_modulus(sum))
}

/// Subtracts q once from a value in \[q, 2^127).
#[inline(always)]
pub(crate) const fn reduce_modulus(x: u128) -> u128 {
    let difference = x.wrapping_sub(MODULUS);
    difference.wrapping_add(MODULUS & 0u128.wrapping_sub(difference >> 127))
}

/// Encoding of residues modulo t = 2^ell into Z_q as round(q m / t): wrapping modulo t wraps modulo
/// q, up to half a unit.
#[derive(Clone, Copy)]
pub(crate) struct Encoding {
    ell: u32,
    inverse_t: [Factor; PRIME_COUNT],
}

impl Encoding {
    /// The encoding for t = 2^ell, 1 <= ell <= 30.
    pub(crate) fn new(ell: u32) -> Self {
        Self { ell, inverse_t: PRIMES.map(|p| Factor::inverse_of(1 << ell, p)) }
    }

    /// round(q m / t) as an integer in \[0, q), for m < t.
    #[inline(always)]
    pub(crate) const fn integer(&self, m: u32) -> u128 {
        (MODULUS * m as u128 + (1 << (self.ell - 1))) >> self.ell
    }

    /// round(q m / t) modulo prime number `prime`. With rho = (q m + t/2) mod t it is (q m + t/2 -
    /// rho) / t, and q = 0 modulo the prime, so (t/2 - rho) / t.
    #[inline(always)]
    pub(crate) const fn residue(&self, m: u32, prime: usize) -> u32 {
        let half = 1u32 << (self.ell - 1);
        let rho = (MODULUS as u32).wrapping_mul(m).wrapping_add(half) & (2 * half - 1);
        self.inverse_t[prime].mul(lift(half as i32 - rho as i32, PRIMES[prime]))
    }
}

/// floor(2^64 x / q) for x in \[0, q). The first estimate is at most two too small; the remainder
/// corrects it.
#[inline(always)]
const fn fraction(x: u128) -> u64 {
    const RECIPROCAL: u64 = reciprocal();
    let estimate = (((x >> 26) * RECIPROCAL as u128) >> 63) as u64;
    // Below 3 q, so exact although both terms wrap.
    let remainder = (x << 64).wrapping_sub(MODULUS.wrapping_mul(estimate as u128));
    let below_one = (remainder.wrapping_sub(MODULUS) >> 127) as u64;
    let below_two = (remainder.wrapping_sub(2 * MODULUS) >> 127) as u64;
    estimate.wrapping_add(2 - below_one - below_two)
}

/// floor(2^153 / q), by long division.
const fn reciprocal() -> u64 {
    let (mut remainder, mut quotient, mut bits) = (1u128, 0u64, 0);
    while bits < 153 {
        remainder <<= 1;
        quotient <<= 1;
        if remainder >= MODULUS {
            remainder -= MODULUS;
            quotient |= 1;
        }
        bits += 1;
    }
    quotient
}

/// floor(2^bits x / q + 1/2) modulo 2^bits for x in \[0, q) and bits <= 63.
#[inline(always)]
pub(crate) const fn switch_modulus(x: u128, bits: u32) -> u64 {
    fraction(x).wrapping_add(1 << (63 - bits)) >> (64 - bits)
}

/// A polynomial modulo q: one row of n residues per prime, in coefficient or transformed form (the
/// user knows which). Not `Debug`: most hold secrets. Wiped on drop.
#[derive(Clone)]
pub(crate) struct Polynomial(Zeroizing<Vec<u32>>);

impl Polynomial {
    /// The zero polynomial.
    pub(crate) fn zero() -> Self {
        Self(Zeroizing::new(vec![0; PRIME_COUNT * RING_DEGREE]))
    }

    /// The polynomial with small signed coefficients, in coefficient form.
    pub(crate) fn from_signed(coefficients: &[i32]) -> Self {
        let mut result = Self::zero();
        for (prime, row) in result.rows_mut() {
            for (residue, &x) in row.iter_mut().zip(coefficients) {
                *residue = lift(x, PRIMES[prime]);
            }
        }
        result
    }

    /// The residues modulo prime number `prime`.
    pub(crate) fn row(&self, prime: usize) -> &[u32] {
        &self.0[prime * RING_DEGREE..(prime + 1) * RING_DEGREE]
    }

    /// The rows with the numbers of their primes.
    pub(crate) fn rows_mut(&mut self) -> impl Iterator<Item = (usize, &mut [u32])> {
        self.0.chunks_exact_mut(RING_DEGREE).enumerate()
    }

    /// The residues of one coefficient.
    #[inline(always)]
    pub(crate) fn at(&self, index: usize) -> [u32; PRIME_COUNT] {
        core::array::from_fn(|prime| self.0[prime * RING_DEGREE + index])
    }

    /// To transformed form.
    pub(crate) fn forward(mut self) -> Self {
        self.rows_mut().for_each(|(prime, row)| backend::forward(prime, row));
        self
    }

    /// To coefficient form.
    pub(crate) fn inverse(mut self) -> Self {
        self.rows_mut().for_each(|(prime, row)| backend::inverse(prime, row));
        self
    }

    /// Adds a product of two transformed polynomials.
    pub(crate) fn multiply_accumulate(&mut self, left: &Self, right: &Self) {
        for (prime, row) in self.rows_mut() {
            backend::multiply_accumulate(prime, row, left.row(prime), right.row(prime));
        }
    }

    /// Adds small signed values, `|x| < p`, to the coefficients.
    pub(crate) fn add_signed(&mut self, values: &[i32]) {
        for (prime, row) in self.rows_mut() {
            let p = PRIMES[prime];
            for (residue, &x) in row.iter_mut().zip(values) {
                *residue = reduce_once(*residue + lift(x, p), p);
            }
        }
    }

    /// `other - self`, coefficient by coefficient.
    pub(crate) fn subtract_from(&mut self, other: &Self) {
        for (prime, row) in self.rows_mut() {
            let p = PRIMES[prime];
            for (residue, &x) in row.iter_mut().zip(other.row(prime)) {
                *residue = reduce_once(x + p - *residue, p);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::{any, prop, prop_assert, prop_assert_eq, proptest};

    fn residues(x: u128) -> [u32; PRIME_COUNT] {
        PRIMES.map(|p| (x % u128::from(p)) as u32)
    }

    /// floor(2^bits x / q + 1/2) modulo 2^bits, by long division.
    fn rounded(x: u128, bits: u32) -> u64 {
        let (mut quotient, mut remainder) = (0u64, x);
        for _ in 0..bits {
            remainder *= 2;
            let carry = remainder >= MODULUS;
            remainder -= if carry { MODULUS } else { 0 };
            quotient = quotient << 1 | u64::from(carry);
        }
        (quotient + u64::from(2 * remainder >= MODULUS)) & ((1 << bits) - 1)
    }

    proptest! {
        #[test]
        fn factors_multiply(x in any::<u32>(), value in any::<u32>(), prime in 0..PRIME_COUNT) {
            let p = PRIMES[prime];
            let expected = u64::from(x) * u64::from(value) % u64::from(p);
            prop_assert_eq!(u64::from(Factor::new(value.into(), p).mul(x)), expected);
        }

        #[test]
        fn composition_inverts_residues(x in 0..MODULUS) {
            prop_assert_eq!(compose(residues(x)), x);
        }

        #[test]
        fn encoding_is_the_rounded_quotient(ell in 1u32..=30, m in any::<u32>()) {
            let m = m & ((1 << ell) - 1);
            let encoding = Encoding::new(ell);
            let integer = encoding.integer(m);
            let error = (integer << ell).abs_diff(MODULUS * u128::from(m));
            prop_assert!(integer < MODULUS && error <= 1 << (ell - 1));
            let by_residue: Vec<u32> = (0..PRIME_COUNT).map(|prime| encoding.residue(m, prime)).collect();
            prop_assert_eq!(by_residue, residues(integer));
        }

        #[test]
        fn modulus_switch_rounds_exactly(x in 0..MODULUS, bits in 1u32..=63) {
            prop_assert_eq!(switch_modulus(x, bits), rounded(x, bits));
        }

        #[test]
        fn signed_values_lift(
            x in -(PRIMES[2] as i32 - 1)..PRIMES[2] as i32,
            values in prop::array::uniform3(0..PRIMES[2]),
        ) {
            for (prime, &p) in PRIMES.iter().enumerate() {
                prop_assert_eq!(i64::from(lift(x, p)), i64::from(x).rem_euclid(p.into()));
                let mut polynomial = Polynomial::zero();
                polynomial.0[prime * RING_DEGREE] = values[prime];
                polynomial.add_signed(&[x]);
                let expected = (i64::from(values[prime]) + i64::from(x)).rem_euclid(p.into());
                prop_assert_eq!(i64::from(polynomial.at(0)[prime]), expected);
                polynomial.subtract_from(&Polynomial::zero());
                prop_assert_eq!(i64::from(polynomial.at(0)[prime]), (-expected).rem_euclid(p.into()));
            }
        }
    }

    #[test]
    fn the_ends_of_the_range() {
        for x in [0, 1, MODULUS / 2, MODULUS - 1] {
            assert_eq!(compose(residues(x)), x);
        }
        assert_eq!(switch_modulus(MODULUS - 1, 20), 0);
        assert_eq!(switch_modulus(MODULUS / 2, 20), 1 << 19);
        // Next to the borders between two rounded values, where an estimate that is off by one
        // shows.
        for bits in [1, 20, 37] {
            for border in [1, 2, (1 << bits) - 1] {
                let border = (MODULUS * (2 * border - 1)) >> (bits + 1);
                for x in [border - 1, border, border + 1] {
                    assert_eq!(switch_modulus(x, bits), rounded(x, bits), "{x} to {bits} bits");
                }
            }
        }
        for x in [0, 1, MODULUS - 2, MODULUS - 1] {
            assert_eq!(switch_modulus(x, 63), rounded(x, 63), "{x} to 63 bits");
        }
    }
}
