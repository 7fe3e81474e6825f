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
//! **Security.** For n = 4096, a ternary secret and sigma = 3.2 the tables of homomorphicencryption.org
//! (Albrecht et al., Homomorphic Encryption Standard, 2018, table 1) allow log2 q = 109 at 128 bits; log2 q
//! <= 100 with sigma >= 4 also satisfies more cautious estimates. q = 2^90 leaves a margin to both.
//!
//! **Failure.** In units of q / 2^(ell + 9) a result decodes while its errors stay below 2^8. Flooding takes
//! at most 32, the rounding of `b` to ell + 3 bits at most 32; the rounding of `a` against the secret is a
//! sum of 4096 products of a uniform value on \[-1/2, 1/2] and a ternary one, standard deviation 15.1. By the
//! Chernoff bound over their exact moment generating function an inference (614,400 results) fails with
//! probability below 2^-94. One bit less of `a` or of `b` misses 2^-80.
//!
//! **Flooding.** The proven noise bound (see `noise`) lies at least 40 bits below the amplitude 2^B, or the
//! weights are refused. So the statistical distance of a response to one that depends on W r - s alone is at
//! most
//!
//! | | per coefficient | per inference | per gateway-year (one inference every 30 s) |
//! |---|---|---|---|
//! | guaranteed for any weights accepted | 2^-40 | 2^-27 | 2^-17 |
//! | for weights whose proven noise lies 44 bits below 2^B | 2^-44 | 2^-31 | 2^-21 |
//!
//! (plus the 2^-60 per response with which the bound may be exceeded). The distance grows with the root of
//! the number of coefficients because the sum of two uniform values has a triangular density; with one
//! uniform value it would grow linearly. Every figure is a worst case over noise at its bound, about ten
//! standard deviations.

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

#[cfg(test)]
mod tests {
    use super::*;

    /// Result coefficients of one inference: six blocks of 4096 values for each of 25 windows.
    const INFERENCE: f64 = 6.0 * 4096.0 * 25.0;
    /// Inferences of a gateway-year: one every 30 s.
    const GATEWAY_YEAR: f64 = 365.0 * 24.0 * 120.0;

    fn is_prime(p: u32) -> bool {
        (2u32..).take_while(|d| d * d <= p).all(|d| !p.is_multiple_of(d))
    }

    #[test]
    fn the_primes_are_the_greatest_below_2_to_the_30_with_transforms_of_length_n() {
        let step = 2 * RING_DEGREE as u32;
        let found: Vec<u32> = (1..1 << PRIME_BITS)
            .step_by(step as usize)
            .rev()
            .filter(|&p| is_prime(p))
            .take(PRIME_COUNT)
            .collect();
        assert_eq!(found, PRIMES);
    }

    #[test]
    fn the_modulus_is_within_the_tables_for_128_bits() {
        let log_q = (MODULUS as f64).log2();
        let sigma = (f64::from(ERROR_ETA) / 2.0).sqrt();
        assert_eq!(RING_DEGREE, 4096);
        assert!(sigma >= 4.0 && log_q <= 100.0, "log2 q = {log_q}, sigma = {sigma}");
    }

    #[test]
    fn the_flooding_amplitude_is_the_greatest_allowed() {
        for ell in MIN_ELL..=MAX_ELL {
            let room = MODULUS >> (ell + 3);
            assert!(1 << flooding_bits(ell) <= room && room < 2 << flooding_bits(ell));
            assert!(flooding_bits(ell) > STATISTICAL_SECURITY);
        }
    }

    /// log2 of the Chernoff bound on P(|sum of n roundings times ternary| > margin), roundings uniform on
    /// [-1/2, 1/2]: min over x of 2 E(exp(x eps s))^n exp(-x margin), E exp(x eps s) = 1/3 + 2/3 sinh(x/2) /
    /// (x/2).
    fn log2_rounding_exceeds(margin: f64) -> f64 {
        let exponent = |x: f64| {
            let half = x / 2.0;
            let one = 1.0 / 3.0 + 2.0 / 3.0 * half.sinh() / half;
            RING_DEGREE as f64 * one.ln() - x * margin
        };
        let least = (1..400).map(|i| exponent(f64::from(i) / 100.0)).fold(f64::MAX, f64::min);
        (2.0f64.ln() + least) / core::f64::consts::LN_2
    }

    /// In units of q / 2^(ell + 9) a result decodes if all errors stay below 2^8. `a` of a response is
    /// pseudorandom modulo q, so its roundings are uniform (up to 2^-22 each, from `switch_modulus`);
    /// everything else enters with its greatest value.
    fn failure_bits(ell: u32, a_extra: u32, b_extra: u32, results: f64) -> f64 {
        let unit = (f64::from(ell + a_extra)).exp2() / MODULUS as f64;
        let flooding = f64::from(flooding_bits(ell)).exp2() * unit;
        let noise = flooding * f64::from(STATISTICAL_SECURITY).exp2().recip();
        let rounding_b = f64::from(a_extra - b_extra).exp2() * (0.5 + (-22f64).exp2());
        let inexact = RING_DEGREE as f64 * (-22f64).exp2();
        let margin = f64::from(a_extra - 1).exp2() - flooding - noise - rounding_b - inexact;
        log2_rounding_exceeds(margin) + results.log2()
    }

    #[test]
    fn failure_probability() {
        for ell in MIN_ELL..=MAX_ELL {
            let bits = failure_bits(ell, RESPONSE_A_EXTRA, RESPONSE_B_EXTRA, INFERENCE);
            assert!(bits < -94.0, "ell {ell}: an inference fails with probability 2^{bits}");
        }
        let one_bit_less = failure_bits(20, RESPONSE_A_EXTRA - 1, RESPONSE_B_EXTRA, INFERENCE);
        assert!(one_bit_less > -80.0, "a travels with a bit too much: 2^{one_bit_less}");
        let one_bit_less = failure_bits(20, RESPONSE_A_EXTRA, RESPONSE_B_EXTRA - 1, INFERENCE);
        assert!(one_bit_less > -80.0, "b travels with a bit too much: 2^{one_bit_less}");
    }

    /// log2 of the statistical distance of `count` flooded coefficients from flooding alone, when each noise is
    /// at most 2^-gap of the amplitude M = 2^B.
    ///
    /// The sum of two uniform values has the triangular density f(k) = (M - |k|) / M^2, and a shift by d = x M
    /// moves it by at most d / M^2. Where j = M - |k| is at least d, (sqrt f - sqrt f')^2 is at most
    /// (d / M^2)^2 M^2 / j, which sums to 2 x^2 (ln(1/x) + 1) over both sides; the at most 4 d other terms are at
    /// most 2 d / M^2 each. Half of this, the squared Hellinger distance, is at most x^2 (ln(1/x) + 5). It adds up
    /// over independent coefficients, and the statistical distance is at most its root times sqrt 2: it grows
    /// with the root of the count, which a single uniform value would not give.
    fn log2_distance(gap: f64, count: f64) -> f64 {
        let x = (-gap).exp2();
        let by_sum = (count * x).log2();
        let by_hellinger = (2.0 * count * x * x * (x.recip().ln() + 5.0)).log2() / 2.0;
        by_sum.min(by_hellinger)
    }

    #[test]
    fn flooding_distance() {
        let gap = f64::from(STATISTICAL_SECURITY);
        let year = INFERENCE * GATEWAY_YEAR;
        assert!(log2_distance(gap, 1.0) <= -40.0);
        assert!(log2_distance(gap, INFERENCE) < -27.0);
        assert!(log2_distance(gap, year) < -17.0);
        // A model whose proven noise lies 44 bits below the flooding, as all of DeepCardio's layers do.
        assert!(log2_distance(44.0, 1.0) <= -44.0);
        assert!(log2_distance(44.0, INFERENCE) < -31.0);
        assert!(log2_distance(44.0, year) < -21.0);
    }

    /// The distance of the triangular distribution to its shift, term by term at a small amplitude, against
    /// the bound used above.
    #[test]
    fn hellinger_bound_holds_term_by_term() {
        let amplitude = 1i64 << 12;
        let density = |k: i64| (amplitude - (k + 1).abs()).max(0) as f64 / (amplitude * amplitude) as f64;
        for shift in [1, 2, 5, 16, 60] {
            let support = -2 * amplitude..2 * amplitude;
            let (mut hellinger, mut distance) = (0.0, 0.0);
            for k in support {
                let (f, g) = (density(k), density(k - shift));
                hellinger += (f.sqrt() - g.sqrt()).powi(2) / 2.0;
                distance += (f - g).abs() / 2.0;
            }
            let x = shift as f64 / amplitude as f64;
            assert!(hellinger <= x * x * (x.recip().ln() + 5.0));
            assert!(distance <= x && distance > 0.9 * x);
        }
    }
}
