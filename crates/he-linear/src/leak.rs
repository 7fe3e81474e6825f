//! What the responses of a model tell about its weights beyond the results: one bound for any
//! client, a much smaller one for a client that follows the protocol.
//!
//! **Any client.** `full_circle` bounds what one masked coefficient tells, whatever was encrypted.
//! The bits add up over the results of an inference. At load they must stay within [`MOST_BITS`].
//!
//! **An honest client.** Let d be the noise of one result. The Hellinger distance H of its masked
//! phase to the phase without noise satisfies H^2 <= c d^2, with c from `full_circle`. Give the
//! client every random choice of both parties but the terms f. Then the noise of all results is
//! fixed, the terms f are independent, and squared Hellinger distances of independent coefficients
//! add up at most. Averaged over those choices the sum is at most c times the sum of the mean
//! squares of `noise`. So the mean square counts, not the bound. The statistical distance is at
//! most sqrt 2 times the root of the sum: it grows with the root of the number of inferences. Over
//! a year of one inference every 30 s it must stay below 2^-20 at load.
//!
//! The encryptions of zero are exact ring-LWE samples in this argument once `b` depends on f alone:
//! `a` of a response is u a_pk + e1 + sum K a, with u fresh.

use crate::error::Error;
use crate::full_circle::FullCircle;
use crate::noise::Noise;
use crate::plan::LinearPlan;

/// Most bits that the responses of an inference may tell a client that deviates.
pub const MOST_BITS: f64 = 1.0;
/// log2 of the largest statistical distance of an honest client's view over a year from an ideal
/// one.
pub const MOST_YEAR_DISTANCE: f64 = -20.0;
/// Inferences of a year: one every 30 s.
pub const INFERENCES_A_YEAR: f64 = 365.0 * 24.0 * 120.0;

/// The leak of a layer, or of the layers of a model together. Says something about the weights, so
/// it is for their owner only.
#[derive(Clone, Copy, Default)]
pub struct Leak {
    bits: f64,
    /// The sum of squared Hellinger distances.
    hellinger: f64,
}

impl Leak {
    /// The leak of one layer.
    pub(crate) fn of_layer(plan: &LinearPlan, noise: &Noise) -> Self {
        let circle = FullCircle::new(plan.ell());
        Self { bits: plan.leak_bits(), hellinger: noise.sum_of_squares * circle.hellinger_per_square() }
    }

    /// What the responses of an inference tell any client at most, in bits. Depends on shapes
    /// alone.
    #[must_use]
    pub const fn bits(&self) -> f64 {
        self.bits
    }

    /// log2 of the statistical distance of an honest client's view of so many inferences from a
    /// view that is made from the results alone.
    #[must_use]
    pub fn distance(&self, inferences: f64) -> f64 {
        f64::midpoint((self.hellinger * inferences).log2(), 1.0)
    }

    /// Checks the leak of a whole model.
    ///
    /// # Errors
    /// [`Error::HolesTooWide`] or [`Error::NoiseShows`] where it exceeds what is allowed.
    pub fn check(&self) -> Result<(), Error> {
        if self.bits > MOST_BITS {
            return Err(Error::HolesTooWide { bits: self.bits, limit: MOST_BITS });
        }
        let found = self.distance(INFERENCES_A_YEAR);
        if found > MOST_YEAR_DISTANCE {
            return Err(Error::NoiseShows { found, limit: MOST_YEAR_DISTANCE });
        }
        Ok(())
    }
}

impl core::iter::Sum for Leak {
    fn sum<I: Iterator<Item = Self>>(layers: I) -> Self {
        layers.fold(Self::default(), |sum, layer| Self {
            bits: sum.bits + layer.bits,
            hellinger: sum.hellinger + layer.hellinger,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Conv1dShape, WeightHolder};

    fn leak(bits: f64, hellinger: f64) -> Leak {
        Leak { bits, hellinger }
    }

    #[test]
    fn what_exceeds_the_limits_is_refused() {
        assert_eq!(leak(0.9, (-62f64).exp2()).check(), Ok(()));
        let wide = leak(1.1, 0.0).check();
        assert_eq!(wide, Err(Error::HolesTooWide { bits: 1.1, limit: MOST_BITS }));
        let shows = leak(0.1, (-60f64).exp2()).check();
        assert!(matches!(shows, Err(Error::NoiseShows { found, .. }) if (-20.0..-19.0).contains(&found)));
        let sum: Leak = [leak(0.5, 0.0), leak(0.4, 0.0), leak(0.2, 0.0)].into_iter().sum();
        assert!(sum.check().is_err());
    }

    /// The statistical distance is the root of twice the sum of squares, and grows with the root of
    /// the count.
    #[test]
    fn the_distance_grows_with_the_root_of_the_count() {
        let one = leak(0.0, (-80f64).exp2());
        assert!((one.distance(1.0) + 39.5).abs() < 1e-9);
        assert!((one.distance(INFERENCES_A_YEAR) - one.distance(1.0) - 10.0).abs() < 0.01);
    }

    /// A layer of the last convolution's shape with weights at their greatest, and its leak by
    /// hand.
    #[test]
    fn the_leak_of_a_layer_follows_from_its_weights() {
        let shape = Conv1dShape { batch: 25, in_channels: 128, out_channels: 32, length: 16, kernel: 5 };
        let plan = LinearPlan::new(shape, 24).unwrap();
        let weights = vec![-128; shape.weight_len()];
        let leak = WeightHolder::prepare(&plan, &weights).unwrap().leak();
        let results = shape.output_len() as f64;
        let hole = f64::from(crate::params::hole_bits(24)).exp2().recip();
        assert!((leak.bits() / (results * core::f64::consts::LOG2_E * hole) - 1.0).abs() < 1e-3);
        // Each result has 128 * 5 weights, times the output channels that share its ring, plus
        // roundings.
        let row = 640.0 * 128.0;
        let group = plan.tiling().out_group as f64;
        let square = 16.0 * row * 128.0 * group + 4096.0 * 64.0 / 3.0 + (row / 2.0 + 1.0f64).powi(2);
        let (delta, narrow) = (66f64.exp2(), (86.0 - 24.0 - 18.0f64).exp2());
        let expected = results * square * 2.0 / 3.0 / (narrow * delta);
        assert!((leak.hellinger / expected - 1.0).abs() < 1e-3, "{} {expected}", leak.hellinger);
    }
}
