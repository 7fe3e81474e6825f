//! The mask of a response: it covers the whole circle Z_q but for narrow holes, so that a phase
//! says nothing about the weights, whatever was encrypted and under whatever key.
//!
//! The phase of a response is X = b + a s, which the holder of the secret key computes. A client
//! that deviates can make X any function of the weights that is linear modulo q. So the server adds
//! a mask to every coefficient of `b`, at full q, before anything is rounded or dropped:
//!
//! - where a result lies, S = f - round(q s / t), with the server's own mask s, uniform modulo t =
//!   2^ell;
//! - everywhere else, a uniform value modulo q.
//!
//! Rounding, dropping or packing coefficients afterwards cannot tell more than the masked `b` does.
//!
//! **The term f** is U0 + U1 + U2 - h. U0 is uniform on W values. U1 and U2 are uniform on m values
//! each, which makes the two edges smooth. With h = floor(Delta / 2) - g and W = 2 h + 3 - 2 m, the
//! term f takes exactly the values from -h to h. Here g is 0.4375 Delta / 2^k, rounded up, and m is
//! 2^(86 - ell - k), which is Delta / 2^(k + 4) within 0.03 %. The margin g is room for the errors
//! of decoding, see `params`. Neighbouring values of q s / t differ by Delta, so the intervals of S
//! do not overlap. Between them lie t holes of width 2 g, with edges of width 2 m.
//!
//! **Any client.** U0 alone takes each value with probability 1 / W at most, so S takes each value
//! of Z_q with probability 1 / (t W) at most. The uniform distribution gives it 1 / q. Therefore
//! any event about the masked coefficient has at most q / (t W) times the probability that it has
//! for a uniform coefficient, whatever X is. The factor is (1 - (2 g + 2 m) / Delta)^-1 = (1 -
//! 2^-k)^-1, up to 0.003 % of the exponent below:
//!
//! ```text
//! leak of a coefficient = log2(q / (t W)) <= 1.443 / 2^k bits
//! ```
//!
//! Of this the holes themselves make 1.4427 * 0.875 / 2^k, the edges 1.4427 * 0.125 / 2^k. The
//! masks of coefficients are independent, so the bits of all coefficients add up, also for a client
//! that chooses each message after the last response. This is the maximal leakage of Issa, Wagner
//! and Kamath (IEEE Transactions on Information Theory, 2020): what the responses say multiplies
//! the probability of any guess by at most 2^(sum of the bits).
//!
//! The mask s is used again online. So the statement is about `b` and s together: their joint
//! probability is at most q / (t W) times the one they have if `b` is uniform and s is the rounded
//! (X - b) t / q.
//!
//! **An honest client** sees the phase round(q m / t) + f + d, with the right m = W r - s and noise
//! d that depends on the weights. It is to look as if d were 0. Let p be the density of f and H(d)
//! the Hellinger distance of p to its shift by d: H(d)^2 is half the sum of (sqrt p(x) - sqrt p(x -
//! d))^2. By the triangle inequality H(d) <= |d| H(1). On its left edge p is
//!
//! ```text
//! p_j = j (j + 1) / (2 m^2 W)                          for 0 <= j <= m
//! p_j = (m^2 - (2m - 1 - j) (2m - j) / 2) / (m^2 W)    for m <= j <= 2m - 1
//! ```
//!
//! On the lower half (sqrt p_j - sqrt p_(j-1))^2 = 2 j / (m^2 W (sqrt(j+1) + sqrt(j-1))^2), which
//! is at most (1 + 1/j^2) / (2 m^2 W), because (sqrt(j+1) + sqrt(j-1))^2 >= 4 j - 2 / j. These
//! terms sum to at most (m + 2) / (2 m^2 W). On the upper half the density moves by i / (m^2 W), i
//! = 2m - j, and is at least 1 / (2 W), so a term is at most i^2 / (2 m^4 W). These sum to at most
//! 1 / (6 m W). Both edges together, halved:
//!
//! ```text
//! H(d)^2 <= d^2 (2/3 + 1/m) / (m W)
//! ```
//!
//! Without the two narrow terms H(d)^2 would be d / W, and the distance would grow linearly in the
//! number of coefficients. `leak` sums the squares over a layer, a model and a year.

use rand_core::CryptoRng;

use crate::params::{MARGIN_UNITS, MODULUS, narrow_bits, unit_bits};

/// The distribution of f for one share width.
#[derive(Clone, Copy)]
pub(crate) struct FullCircle {
    /// W.
    wide: u128,
    /// log2 m.
    narrow_bits: u32,
    /// h.
    greatest: u128,
    /// The positive control of the attack tests: nothing is added but the multiple of Delta.
    #[cfg(test)]
    off: bool,
}

impl FullCircle {
    /// The mask for shares of `ell` bits.
    pub(crate) const fn new(ell: u32) -> Self {
        let delta = MODULUS >> ell;
        let margin = ((delta * MARGIN_UNITS as u128) >> unit_bits(ell)) + 1;
        Self::with(delta / 2 - margin, narrow_bits(ell))
    }

    /// f from -`greatest` to `greatest`, with edges made of two uniform terms of 2^`narrow_bits`
    /// values.
    const fn with(greatest: u128, narrow_bits: u32) -> Self {
        Self {
            wide: 2 * greatest + 3 - (2 << narrow_bits),
            narrow_bits,
            greatest,
            #[cfg(test)]
            off: false,
        }
    }

    /// No mask at all, to show that the attacks work without it.
    #[cfg(test)]
    pub(crate) const fn switched_off(ell: u32) -> Self {
        Self { off: true, ..Self::new(ell) }
    }

    /// A value of f. Its time depends on candidates that are thrown away, never on the value.
    #[inline]
    pub(crate) fn draw(&self, rng: &mut impl CryptoRng) -> i128 {
        #[cfg(test)]
        if self.off {
            return 0;
        }
        let wide = below(self.wide, rng);
        let shift = 64 - self.narrow_bits;
        let narrow = u128::from(rng.next_u64() >> shift) + u128::from(rng.next_u64() >> shift);
        (wide + narrow) as i128 - self.greatest as i128
    }

    /// Masks for a coefficient that holds no result: a uniform value modulo q.
    #[inline]
    pub(crate) fn anything(&self, rng: &mut impl CryptoRng) -> u128 {
        #[cfg(test)]
        if self.off {
            return 0;
        }
        below(MODULUS, rng)
    }

    /// The most that a masked result tells any client, in bits: log2(q / (t W)).
    pub(crate) fn leak_bits(&self, ell: u32) -> f64 {
        let hole = (MODULUS - (self.wide << ell)) as f64 / MODULUS as f64;
        -(-hole).ln_1p() / core::f64::consts::LN_2
    }

    /// H(d)^2 / d^2 at most, for the noise d of an honest client's result.
    pub(crate) fn hellinger_per_square(&self) -> f64 {
        let narrow = f64::from(self.narrow_bits).exp2();
        (2.0 / 3.0 + 1.0 / narrow) / (narrow * self.wide as f64)
    }
}

/// A uniform value below `bound`, by rejection.
#[inline]
fn below(bound: u128, rng: &mut impl CryptoRng) -> u128 {
    let mask = u128::MAX >> bound.leading_zeros();
    loop {
        let candidate = (u128::from(rng.next_u64()) | u128::from(rng.next_u64()) << 64) & mask;
        if candidate < bound {
            return candidate;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::params::{MAX_ELL, MIN_ELL, hole_bits};
    use rand_chacha::ChaCha20Rng;
    use rand_chacha::rand_core::SeedableRng;

    /// The density of f, value by value: the convolution of its three terms.
    fn density(circle: &FullCircle) -> Vec<f64> {
        let (wide, narrow) = (circle.wide as usize, 1usize << circle.narrow_bits);
        let mut density = vec![0.0; wide + 2 * narrow - 2];
        let one = 1.0 / (wide as f64 * (narrow * narrow) as f64);
        for x in 0..narrow {
            for y in 0..narrow {
                density[x + y] += one;
                if let Some(end) = density.get_mut(x + y + wide) {
                    *end -= one;
                }
            }
        }
        for i in 1..density.len() {
            density[i] += density[i - 1];
        }
        density
    }

    /// (squared Hellinger distance, statistical distance) of a density and its shift.
    fn distances(density: &[f64], shift: usize) -> (f64, f64) {
        let at = |i: usize| density.get(i).copied().unwrap_or(0.0).max(0.0);
        let shifted = |i: usize| i.checked_sub(shift).map_or(0.0, at);
        (0..density.len() + shift).fold((0.0, 0.0), |(hellinger, distance), i| {
            let (p, q) = (at(i), shifted(i));
            (hellinger + (p.sqrt() - q.sqrt()).powi(2) / 2.0, distance + (p - q).abs() / 2.0)
        })
    }

    #[test]
    fn the_density_is_as_described_and_the_hellinger_bound_holds_term_by_term() {
        for (greatest, narrow_bits) in [(100, 2), (400, 3), (3000, 5), (3000, 7), (20_000, 9)] {
            let circle = FullCircle::with(greatest, narrow_bits);
            let density = density(&circle);
            assert_eq!(density.len() as u128, 2 * greatest + 1);
            let (w, m) = (circle.wide as f64, f64::from(narrow_bits).exp2());
            for (j, p) in (1..).zip(&density[..2 * (1 << narrow_bits) - 1]) {
                let j = f64::from(j);
                let rest = (2.0 * m - 1.0 - j) * (2.0 * m - j) / 2.0;
                let formula = if j <= m { j * (j + 1.0) / 2.0 } else { m * m - rest };
                let formula = formula / (m * m * w);
                assert!((p - formula).abs() < 1e-9 / w, "p_{j} = {p}, {formula} expected");
            }
            assert!(density.iter().all(|&p| p <= 1.000_001 / w));
            let (one, _) = distances(&density, 1);
            assert!(one > 0.7 * circle.hellinger_per_square(), "the bound is far from tight");
            for shift in [1, 2, 3, 10, 50, 150] {
                let (hellinger, distance) = distances(&density, shift);
                let square = (shift * shift) as f64;
                assert!(hellinger <= square * circle.hellinger_per_square(), "shift {shift} at m = {m}");
                assert!(distance <= (2.0 * hellinger).sqrt() * 1.000_001);
            }
        }
    }

    #[test]
    fn values_lie_within_the_margin_and_reach_it() {
        let circle = FullCircle::with(40, 3);
        let mut rng = ChaCha20Rng::seed_from_u64(3);
        let count = 400_000;
        let mut found = vec![0.0; 81];
        for _ in 0..count {
            found[usize::try_from(circle.draw(&mut rng) + 40).unwrap()] += 1.0;
        }
        for (value, (found, p)) in found.iter().zip(density(&circle)).enumerate() {
            let expected = p * f64::from(count);
            let sigmas = (found - expected) / expected.sqrt();
            assert!(sigmas.abs() < 6.0, "{value}: {found} where {expected} were expected");
        }
    }

    #[test]
    fn holes_leave_the_margin_and_tell_no_more_than_stated() {
        for ell in MIN_ELL..=MAX_ELL {
            let circle = FullCircle::new(ell);
            let delta = MODULUS as f64 / f64::from(ell).exp2();
            let hole = f64::from(hole_bits(ell)).exp2().recip();
            let margin = ((MODULUS >> ell) / 2 - circle.greatest) as f64;
            assert!(margin >= 0.4375 * delta * hole && margin < 0.437_51 * delta * hole);
            let narrow = f64::from(circle.narrow_bits).exp2();
            assert!((narrow / (delta * hole / 16.0) - 1.0).abs() < 3e-4);
            assert!(circle.wide << ell < MODULUS && circle.greatest < MODULUS);
            let leak = circle.leak_bits(ell);
            assert!(leak <= 1.443 * hole, "ell {ell}: {leak} bits");
            assert!(leak >= core::f64::consts::LOG2_E * 0.875 * hole, "ell {ell}: {leak} bits");
            assert!((39..=56).contains(&circle.narrow_bits));
        }
    }

    /// The leak against its definition on a circle small enough to count: over any prior on X, the
    /// best guess of X from the masked value succeeds at most q / (t W) times as often as the best
    /// guess without it.
    #[test]
    fn no_guess_gains_more_than_the_leak() {
        let circle = FullCircle::with(100, 2);
        let density = density(&circle);
        let (spacing, plaintexts) = (211usize, 4usize);
        let q = spacing * plaintexts;
        let mask = |x: usize| -> f64 {
            let at = |s: usize| density.get((x + q - s * spacing) % q).copied().unwrap_or(0.0);
            (0..plaintexts).map(at).sum::<f64>() / plaintexts as f64
        };
        let gain = q as f64 / (plaintexts as f64 * circle.wide as f64);
        for prior in [1, 2, 7, 50, q] {
            // X uniform on 0..prior: without a view a guess succeeds with probability 1 / prior.
            let best = |view: usize| (0..prior).map(|x| mask((view + q - x) % q)).fold(0.0, f64::max);
            let with_view: f64 = (0..q).map(best).sum::<f64>() / prior as f64;
            assert!(with_view * prior as f64 <= gain * 1.000_001, "prior {prior}: {with_view}");
        }
    }
}
