//! Random polynomials: uniform modulo q from a public seed, ternary, centred binomial.

use rand_chacha::ChaCha20Rng;
use rand_core::{CryptoRng, Rng, SeedableRng};
use zeroize::Zeroizing;

use crate::params::{PRIME_BITS, PRIMES, RING_DEGREE, SEED_BYTES};
use crate::rns::Polynomial;

/// The seed of one job's private randomness. Wiped on drop.
pub(crate) type JobSeed = Zeroizing<[u8; SEED_BYTES]>;

/// Small signed coefficients. Wiped on drop.
pub(crate) type Small = Zeroizing<Vec<i32>>;

/// A fresh seed.
pub(crate) fn fresh_seed(rng: &mut impl CryptoRng) -> JobSeed {
    let mut seed = Zeroizing::new([0; SEED_BYTES]);
    rng.fill_bytes(seed.as_mut_slice());
    seed
}

/// One job's private generator.
pub(crate) fn generator(seed: &JobSeed) -> ChaCha20Rng {
    ChaCha20Rng::from_seed(**seed)
}

/// What a polynomial expanded from a public seed is for. The key and the ciphertexts have streams
/// of their own, so the same seed, which a peer may send twice, never gives the same polynomial
/// twice.
#[derive(Clone, Copy)]
pub(crate) enum Stream {
    /// `a` of the public key.
    Key,
    /// `a` of input ciphertext number `.0` of a message.
    Ciphertext(u32),
}

impl Stream {
    /// The 64-bit stream identifier: the greatest bit marks the key.
    const fn identifier(self) -> u64 {
        match self {
            Self::Key => 1 << 63,
            Self::Ciphertext(index) => index as u64,
        }
    }
}

/// A polynomial of a public seed, uniform modulo q, in coefficient form. The words of the ChaCha20
/// stream (64-bit stream identifier, 64-bit counter from 0, little-endian words) are cut to 30 bits
/// and taken if less than the prime: n residues modulo the first prime, then n modulo the second,
/// then the third. Time depends on the public seed only. The security argument takes this expansion
/// for a random oracle: a client that deviates chooses seeds, never `a`.
pub(crate) fn uniform(seed: &[u8; SEED_BYTES], stream: Stream) -> Polynomial {
    let mut rng = ChaCha20Rng::from_seed(*seed);
    rng.set_stream(stream.identifier());
    let mut result = Polynomial::zero();
    for (prime, row) in result.rows_mut() {
        for residue in row {
            *residue = loop {
                let candidate = rng.next_u32() >> (32 - PRIME_BITS);
                if candidate < PRIMES[prime] {
                    break candidate;
                }
            };
        }
    }
    result
}

/// n ternary values. A 32-bit word is multiplied by 3 and cut to its carry, which makes -1, 0, 1
/// with probabilities within 2^-32 of 1/3: over n coefficients the likelihood of any outcome grows
/// by less than a factor 1 + 2^-18, so no bit of security is lost (Renyi divergence of order
/// infinity).
pub(crate) fn ternary(rng: &mut impl CryptoRng) -> Small {
    let draw = |_| ((u64::from(rng.next_u32()) * 3) >> 32) as i32 - 1;
    Zeroizing::new((0..RING_DEGREE).map(draw).collect())
}

/// n values of the centred binomial distribution with eta = 32: the difference of the weights of
/// two 32-bit words, which has the distribution of the weight of one 64-bit word less 32.
pub(crate) fn centred_binomial(rng: &mut impl CryptoRng) -> Small {
    let draw = |_| rng.next_u64().count_ones() as i32 - 32;
    Zeroizing::new((0..RING_DEGREE).map(draw).collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::params::{ERROR_ETA, PRIME_COUNT};

    fn rng() -> ChaCha20Rng {
        ChaCha20Rng::seed_from_u64(3)
    }

    /// (mean, mean square) of many values.
    fn moments(values: impl Iterator<Item = f64>) -> (f64, f64) {
        let (mut count, mut sum, mut squares) = (0.0, 0.0, 0.0);
        values.for_each(|x| (count, sum, squares) = (count + 1.0, sum + x, squares + x * x));
        (sum / count, squares / count)
    }

    #[test]
    fn errors_have_the_variance_and_the_bound_of_eta() {
        let mut rng = rng();
        let errors: Vec<i32> = (0..50).flat_map(|_| centred_binomial(&mut rng).to_vec()).collect();
        assert!(errors.iter().all(|e| e.unsigned_abs() <= ERROR_ETA));
        let (mean, variance) = moments(errors.iter().map(|&e| e.into()));
        assert!(mean.abs() < 0.05 && (variance - 16.0).abs() < 0.3, "mean {mean}, variance {variance}");
    }

    #[test]
    fn secrets_are_ternary_and_balanced() {
        let mut rng = rng();
        let values: Vec<i32> = (0..50).flat_map(|_| ternary(&mut rng).to_vec()).collect();
        for symbol in -1..=1 {
            let share = values.iter().filter(|&&v| v == symbol).count() as f64 / values.len() as f64;
            assert!((share - 1.0 / 3.0).abs() < 0.005, "{symbol}: {share}");
        }
    }

    #[test]
    fn seeded_polynomials_follow_the_documented_stream() {
        let seed = [9; SEED_BYTES];
        let polynomial = uniform(&seed, Stream::Ciphertext(5));
        let mut stream = ChaCha20Rng::from_seed(seed);
        stream.set_stream(5);
        for (prime, &p) in PRIMES.iter().enumerate() {
            for &residue in polynomial.row(prime) {
                let next = core::iter::repeat_with(|| stream.next_u32() >> 2).find(|&x| x < p);
                assert_eq!(Some(residue), next);
            }
        }
        // Golden: both parties must derive the same polynomial on every platform and in every
        // version.
        let first: Vec<u32> = (0..PRIME_COUNT).map(|prime| polynomial.row(prime)[0]).collect();
        assert_eq!(first, [833_527_933, 704_462_094, 667_502_677]);
        assert!(uniform(&seed, Stream::Ciphertext(6)).row(0) != polynomial.row(0));
        let key = uniform(&seed, Stream::Key);
        for index in 0..100 {
            assert!(uniform(&seed, Stream::Ciphertext(index)).row(0)[..8] != key.row(0)[..8]);
        }
    }
}
