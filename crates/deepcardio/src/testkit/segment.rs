//! Random segments.

use ecg::Segment;
use rand::Rng;

use super::numbers::random_signed;
use crate::architecture::Architecture;

/// A random segment for an architecture; about a quarter of the samples sit at an end of the input width.
///
/// # Panics
/// Never: the sample count follows from the architecture.
#[must_use]
#[expect(clippy::panic, reason = "a test helper")]
pub fn random_segment(rng: &mut impl Rng, architecture: &Architecture) -> Segment {
    let (shape, signal) = (architecture.input(), architecture.signal());
    let sample = |_| random_signed(rng, signal.input_bits, 64);
    let whole: Vec<i32> = (0..signal.segment_samples).map(sample).collect();
    let window = |&start: &u32| whole.iter().skip(start as usize).take(signal.window_length).copied();
    let samples = signal.window_starts.iter().flat_map(window).collect();
    match Segment::from_windows(shape.batch, shape.length, samples) {
        Ok(segment) => segment,
        Err(error) => panic!("{error}"),
    }
}
