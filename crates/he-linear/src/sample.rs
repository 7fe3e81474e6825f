//! Random polynomials: uniform modulo q from a seed, ternary, centred binomial, and the flooding values.

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

/// Polynomial number `index` of a public seed, uniform modulo q, in coefficient form. The words of the ChaCha20 stream
/// `index` (64-bit stream identifier, 64-bit counter from 0, little-endian words) are cut to 30 bits and taken if less than the prime:
/// n residues modulo the first prime, then n modulo the second, then the third. Time depends on the public seed only.
pub(crate) fn uniform(seed: &[u8; SEED_BYTES], index: u64) -> Polynomial {
    let mut rng = ChaCha20Rng::from_seed(*seed);
    rng.set_stream(index);
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

/// n ternary values. A 32-bit word is multiplied by 3 and cut to its carry, which makes -1, 0, 1 with probabilities within
/// 2^-32 of 1/3: over n coefficients the likelihood of any outcome grows by less than a factor 1 + 2^-18, so no bit of security is
/// lost (Renyi divergence of order infinity).
pub(crate) fn ternary(rng: &mut impl CryptoRng) -> Small {
    let draw = |_| ((u64::from(rng.next_u32()) * 3) >> 32) as i32 - 1;
    Zeroizing::new((0..RING_DEGREE).map(draw).collect())
}

/// n values of the centred binomial distribution with eta = 32: the difference of the weights of two 32-bit words, which has
/// the distribution of the weight of one 64-bit word less 32.
pub(crate) fn centred_binomial(rng: &mut impl CryptoRng) -> Small {
    let draw = |_| rng.next_u64().count_ones() as i32 - 32;
    Zeroizing::new((0..RING_DEGREE).map(draw).collect())
}

/// The sum of two independent uniform values on \[-2^(bits-1), 2^(bits-1)), bits <= 96.
pub(crate) fn flooding(rng: &mut impl CryptoRng, bits: u32) -> i128 {
    let mut uniform = || (u128::from(rng.next_u64()) << 64 | u128::from(rng.next_u64())) >> (128 - bits);
    (uniform() + uniform()) as i128 - (1 << bits)
}
