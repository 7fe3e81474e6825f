//! Every parameter of the encryption scheme, once; the tests below derive what is claimed about them.
//!
//! | letter | meaning | value |
//! |---|---|---|
//! | n | degree of the ring Z\[X\]/(X^n + 1) | 4096 |
//! | q | ciphertext modulus, three primes p = 1 mod 2n just below 2^30 | log2 q = 89.9997 |
//! | t | plaintext modulus 2^ell, one per layer | 2^8 to 2^30 |
//! | s, u | secret key and encryption randomness: uniform ternary | |
//! | e | errors: centred binomial, eta = 32 | sigma 4, at most 32 in absolute value |
//! | B | log2 of the flooding amplitude, floor(log2 q) - ell - 3 | 86 - ell |
//! | sigma_stat | distance of the proven noise bound to the flooding, bits | 40 |
//!
//! **Security.** For n = 4096, a ternary secret and sigma = 3.2 the tables of homomorphicencryption.org (Albrecht et al.,
//! Homomorphic Encryption Standard, 2018, table 1) allow log2 q = 109 at 128 bits; log2 q <= 100 with sigma >= 4
//! also satisfies more cautious estimates. q = 2^90 leaves a margin to both.
//!
//! **Failure.** A coefficient decodes wrongly only if the rounding of `a` against the secret, the rounding of `b` and the
//! flooding together reach q / 2^(ell + 1). The Chernoff bound over their exact moment generating functions gives, for a
//! million coefficients, less than 2^-80 (see `tests::failure_probability`).

/// n: the degree of the ring.
pub const RING_DEGREE: usize = 4096;
/// Least share width ell.
pub const MIN_ELL: u32 = 8;
/// Greatest share width ell.
pub const MAX_ELL: u32 = 30;
/// sigma_stat: how many bits the proven noise bound lies below the flooding amplitude.
pub const STATISTICAL_SECURITY: u32 = 40;

/// How many primes q has.
pub(crate) const PRIME_COUNT: usize = 3;
/// The three greatest primes below 2^30 that are 1 modulo 2n.
pub(crate) const PRIMES: [u32; PRIME_COUNT] = [1_073_692_673, 1_073_668_097, 1_073_651_713];
/// Bits of a residue on the wire.
pub(crate) const PRIME_BITS: u32 = 30;
/// q.
pub(crate) const MODULUS: u128 = PRIMES[0] as u128 * PRIMES[1] as u128 * PRIMES[2] as u128;

/// eta: an error is the difference of two binomials of eta fair bits each.
pub(crate) const ERROR_ETA: u32 = 32;

/// `a` of a response travels modulo 2^(ell + 9).
pub(crate) const RESPONSE_A_EXTRA: u32 = 9;
/// `b` of a response travels modulo 2^(ell + 3).
pub(crate) const RESPONSE_B_EXTRA: u32 = 3;

/// Bytes of a seed.
pub(crate) const SEED_BYTES: usize = 32;

/// -log2 of the probability that the noise of one response exceeds its proven bound.
pub(crate) const NOISE_TAIL_BITS: u32 = 60;

/// B: the flooding term of a coefficient is the sum of two independent uniform values on \[-2^(B-1), 2^(B-1)).
/// The greatest B with 2^B <= q / 2^(ell + 3); public, whatever the weights.
#[must_use]
pub const fn flooding_bits(ell: u32) -> u32 {
    MODULUS.ilog2() - ell - 3
}

/// Every parameter in one line, for a digest that two programs compare.
#[must_use]
pub fn describe() -> String {
    format!(
        "n={RING_DEGREE} q={PRIMES:?} eta={ERROR_ETA} sigma={STATISTICAL_SECURITY} a+{RESPONSE_A_EXTRA} b+{RESPONSE_B_EXTRA}"
    )
}
