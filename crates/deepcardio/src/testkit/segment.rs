//! Random segments.

use ecg::Segment;
use rand::Rng;

use super::numbers::random_signed;
use crate::architecture::Architecture;

/// A random segment for an architecture. About a quarter of the samples sit at an end of the input
/// width.
#[must_use]
pub fn random_segment(rng: &mut impl Rng, architecture: &Architecture) -> Segment {
    let signal = architecture.signal();
    Segment::new((0..signal.segment_samples).map(|_| random_signed(rng, signal.input_bits, 64)).collect())
}
