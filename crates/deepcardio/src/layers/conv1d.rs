//! The linear layer: `acc[o][t] = bias[o] + sum_{c,k} w[o][c][k] * a[c][t + k - (K-1)/2]`, zeros
//! outside.

use crate::architecture::LinearShape;

/// Applies a linear layer with weights `[out][in][tap]` and a bias per output channel to
/// `[batch][in][position]`, giving accumulators `[batch][out][position]`.
///
/// Sums are exact in 64 bits. The result fits 32 because the model's interval analysis bounds it.
/// `bound` is that bound (exclusive) and checked in debug builds.
#[must_use]
pub fn conv1d(shape: &LinearShape, weights: &[i8], bias: &[i32], input: &[i32], bound: i64) -> Vec<i32> {
    debug_assert_eq!(input.len(), shape.input().count());
    let mut output = Vec::with_capacity(shape.output().count());
    for item in input.chunks_exact(shape.in_channels * shape.length) {
        for (taps, &bias) in weights.chunks_exact(shape.in_channels * shape.kernel).zip(bias) {
            for position in 0..shape.length {
                let acc = i64::from(bias) + dot(shape, taps, item, position);
                debug_assert!(acc.abs() < bound, "accumulator {acc} reaches the bound {bound}");
                output.push(acc as i32);
            }
        }
    }
    output
}

/// The sum over channels and taps for one output position of one batch item.
fn dot(shape: &LinearShape, taps: &[i8], item: &[i32], position: usize) -> i64 {
    let padding = (shape.kernel - 1) / 2;
    let mut sum = 0;
    for (channel, kernel) in item.chunks_exact(shape.length).zip(taps.chunks_exact(shape.kernel)) {
        for (k, &weight) in kernel.iter().enumerate() {
            // Positions before the first wrap around to beyond the last: both are padding.
            let value = channel.get((position + k).wrapping_sub(padding)).copied().unwrap_or(0);
            sum += i64::from(weight) * i64::from(value);
        }
    }
    sum
}
