//! Growing a list of samples without leaving copies behind.

use zeroize::Zeroizing;

/// Appends a sample. When the buffer must move, the old one is wiped.
pub(super) fn push_wiping(samples: &mut Zeroizing<Vec<f64>>, value: f64) {
    if samples.len() == samples.capacity() {
        let mut larger = Zeroizing::new(Vec::with_capacity((2 * samples.len()).max(8192)));
        larger.extend_from_slice(samples);
        *samples = larger;
    }
    samples.push(value);
}
