//! Random levels of confidence.

use rand::{Rng, RngExt};

use crate::architecture::{Accuracy, Confidence, LEVELS};
use crate::model::Model;

/// The same weights with random thresholds, small ones and large ones, that fit the scores' ring.
///
/// # Panics
/// Never: the thresholds fit every architecture.
#[must_use]
#[expect(clippy::panic, reason = "a test helper: levels that do not fit are a bug in it")]
pub fn with_random_levels(rng: &mut impl Rng, model: &Model) -> Model {
    let ell = model.architecture().stages().last().map_or(0, |last| last.ell);
    let mut thresholds = [1; LEVELS - 1];
    while !thresholds.is_sorted_by(|a, b| a < b) {
        thresholds = std::array::from_fn(|_| {
            let bits = rng.random_range(1..=ell);
            rng.random_range(1..1 << bits)
        });
        thresholds.sort_unstable();
    }
    let accuracy = std::array::from_fn(|_| {
        let of = rng.random_range(1..=1000);
        Accuracy { right: rng.random_range(0..=of), of }
    });
    let confidence = Confidence { thresholds, temperature: rng.random_range(500..=2000), accuracy };
    match model.with_confidence(Some(confidence)) {
        Ok(model) => model,
        Err(error) => panic!("levels that do not fit: {error}"),
    }
}
