//! Every parameter of the encryption scheme, once; the tests below derive what is claimed about
//! them.
//!
//! | letter | meaning | value |
//! |---|---|---|
//! | n | degree of the ring Z\[X\]/(X^n + 1) | 4096 |
//! | q | ciphertext modulus, three primes p = 1 mod 2n just below 2^30 | log2 q = 89.9997 |
//! | t | plaintext modulus 2^ell, one per layer | 2^8 to 2^30 |
//! | Delta | distance of neighbouring plaintexts, q / t | 2^60 to 2^82 |
//! | s, u | secret key and encryption randomness: uniform ternary | |
//! | e | errors: centred binomial, eta = 32 | sigma 4, at most 32 in absolute value |
//! | k | the mask of a response leaves holes of a share 2^-k of the circle | 17 to 22, see [`hole_bits`] |
//!
//! **Security.** For n = 4096, a ternary secret and sigma = 3.2 the tables of
//! homomorphicencryption.org (Albrecht et al., Homomorphic Encryption Standard, 2018, table 1)
//! allow log2 q = 109 at 128 bits. Ours is 90 with sigma = 4. The best attack that we know reduces
//! a lattice with blocks of size 433. That costs 157 bits as the standard counts (its own set,
//! counted so, has 128), 143 bits without the number of calls, and 126.4 bits in the core-SVP
//! model, which leaves out all constants. See `docs/security/estimates/rlwe.py`.
//!
//! **Hiding.** See `full_circle` for the mask of a response and `leak` for what it leaves open.
//!
//! **Failure.** The unit here is q / 2^(ell + 9 + k), of which Delta has 2^(9 + k). The mask keeps
//! 224 units from the border between two plaintexts. A result decodes while its other errors stay
//! below 224 units. The rounding of `b` to ell + 3 + k bits takes at most 32 of them, the noise at
//! most one (or the weights are refused). The rounding of `a` against the secret is a sum of 4096
//! products of a uniform value on \[-1/2, 1/2] and a ternary one; its standard deviation is 15.1
//! units. By the Chernoff bound over their exact moment generating function an inference of 2^20
//! results fails with probability below 2^-92. One bit less of `a` or of `b` misses 2^-80.

/// n: the degree of the ring.
pub const RING_DEGREE: usize = 4096;
/// Least share width ell.
pub const MIN_ELL: u32 = 8;
/// Greatest share width ell.
pub const MAX_ELL: u32 = 30;

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

/// Bytes of a seed.
pub(crate) const SEED_BYTES: usize = 32;

/// -log2 of the probability that the noise of one layer's response exceeds its proven bound.
pub(crate) const NOISE_TAIL_BITS: u32 = 100;

/// k: the holes in the mask of a response take a share 2^-k of the circle Z_q.
///
/// A hole tells any client at most 1.4427 / 2^k bits a result. Each bit of k costs one bit of every
/// coefficient of a response that travels. A large k also makes the edges of a hole steep, and
/// steep edges show the noise to an honest client's eye; noise weighs more the smaller Delta is. So
/// k falls as ell grows. The layers with a large ell have the fewest results per ciphertext, so
/// they also gain least from a large k.
#[must_use]
pub const fn hole_bits(ell: u32) -> u32 {
    match ell {
        ..=20 => 22,
        21 => 21,
        22 => 19,
        23 | 24 => 18,
        _ => 17,
    }
}

/// Bits of a unit: Delta is 2^UNIT_BITS units of q / 2^(ell + UNIT_BITS).
pub(crate) const fn unit_bits(ell: u32) -> u32 {
    9 + hole_bits(ell)
}

/// Width of a coefficient of `a` of a response on the wire: it travels modulo 2^(ell + 9 + k).
pub(crate) const fn response_a_bits(ell: u32) -> u32 {
    ell + unit_bits(ell)
}

/// Width of a coefficient of `b` of a response on the wire: it travels modulo 2^(ell + 3 + k).
pub(crate) const fn response_b_bits(ell: u32) -> u32 {
    ell + 3 + hole_bits(ell)
}

/// Units that the mask keeps from the border between two plaintexts.
pub(crate) const MARGIN_UNITS: u32 = 224;

/// log2 m: each of the mask's two narrow terms takes m = 2^(86 - ell - k) values, about Delta /
/// 2^(k + 4).
pub(crate) const fn narrow_bits(ell: u32) -> u32 {
    MODULUS.ilog2() + 1 - ell - hole_bits(ell) - 4
}

/// Every parameter in one line, for a digest that two programs compare.
#[must_use]
pub fn describe() -> String {
    let holes: Vec<u32> = (MIN_ELL..=MAX_ELL).map(hole_bits).collect();
    let narrow = narrow_bits(MIN_ELL) + hole_bits(MIN_ELL) + MIN_ELL;
    format!(
        "n={RING_DEGREE} q={PRIMES:?} eta={ERROR_ETA} k={holes:?} a+9 b+3 margin={MARGIN_UNITS} narrow={narrow} \
         streams=key,ciphertexts"
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Result coefficients of one inference, more than twice those of a shipped model.
    const INFERENCE: f64 = (1 << 20) as f64;

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

    /// What the code needs of the widths: packing takes 64 bits, exact rounding 63, the product
    /// with the secret log2 q - 13.
    #[test]
    fn widths_fit() {
        for ell in MIN_ELL..=MAX_ELL {
            assert!(response_a_bits(ell) <= 63, "ell {ell}: {} bits", response_a_bits(ell));
            assert!(response_b_bits(ell) < response_a_bits(ell));
            assert!(ell == MIN_ELL || hole_bits(ell) <= hole_bits(ell - 1));
            assert!((17..=22).contains(&hole_bits(ell)));
        }
    }

    #[test]
    fn the_description_names_every_hole() {
        assert!(describe().contains("k=[22, 22,") && describe().contains("narrow=86"), "{}", describe());
    }

    /// log2 of the Chernoff bound on P(|sum of n roundings times ternary| > margin), roundings
    /// uniform on [-1/2, 1/2]: min over x of 2 E(exp(x eps s))^n exp(-x margin), E exp(x eps s) =
    /// 1/3 + 2/3 sinh(x/2) / (x/2).
    fn log2_rounding_exceeds(margin: f64) -> f64 {
        let exponent = |x: f64| {
            let half = x / 2.0;
            let one = 1.0 / 3.0 + 2.0 / 3.0 * half.sinh() / half;
            RING_DEGREE as f64 * one.ln() - x * margin
        };
        let least = (1..400).map(|i| exponent(f64::from(i) / 100.0)).fold(f64::MAX, f64::min);
        (2.0f64.ln() + least) / core::f64::consts::LN_2
    }

    /// log2 of the probability that one of `results` results decodes wrongly, `a` and `b`
    /// travelling modulo 2^(ell + k + extra). `a` is uniform modulo q (pseudorandom), so x = (a +
    /// v) / q is uniform on [0, 1) for a v uniform on [0, 1), and the rounding of 2^bits x is
    /// uniform. The rounding of 2^bits a / q differs from it by at most 2^bits / q. Everything else
    /// enters with its greatest value. A unit is q / 2^(ell + 9 + k).
    fn failure_bits(ell: u32, a_extra: i32, b_extra: i32, results: f64) -> f64 {
        // Units are those of the shipped widths; a coarser rounding of `a` counts in its own.
        let a_unit = f64::from(9 - a_extra).exp2();
        let rounding_b = f64::from(9 - b_extra).exp2() / 2.0;
        let noise = 1.0;
        let inexact = RING_DEGREE as f64 * f64::from(response_a_bits(ell)).exp2() / MODULUS as f64;
        let margin = f64::from(MARGIN_UNITS) - rounding_b - noise - inexact;
        log2_rounding_exceeds(margin / a_unit) + results.log2()
    }

    #[test]
    fn failure_probability() {
        for ell in MIN_ELL..=MAX_ELL {
            let bits = failure_bits(ell, 9, 3, INFERENCE);
            assert!(bits < -92.0, "ell {ell}: an inference fails with probability 2^{bits}");
        }
        let one_bit_less = failure_bits(20, 8, 3, INFERENCE);
        assert!(one_bit_less > -80.0, "a travels with a bit too much: 2^{one_bit_less}");
        let one_bit_less = failure_bits(20, 9, 2, INFERENCE);
        assert!(one_bit_less > -80.0, "b travels with a bit too much: 2^{one_bit_less}");
    }

    /// The bound on the noise is exceeded less often still.
    #[test]
    fn noise_beyond_its_bound_is_rarer_than_failures() {
        assert!(f64::from(NOISE_TAIL_BITS) - 5.0 > 92.0, "for up to 32 layers");
    }
}
