//! A linear layer on residues: what the server computes in the clear on masked inputs.
//!
//! Arithmetic wraps modulo `2^32`, which reduces to every ring `Z_(2^ell)` of the protocol. Time
//! and memory pattern depend on the shape alone.

use deepcardio::architecture::LinearShape;
use rayon::prelude::*;

/// `W u + b` modulo `2^32`: input `[batch][in][position]`, weights `[out][in][tap]`, output
/// `[batch][out][position]`.
pub(crate) fn conv1d(shape: &LinearShape, weights: &[i8], bias: &[i32], input: &[u32]) -> Vec<u32> {
    let mut output = vec![0; shape.output().count()];
    let padding = (shape.kernel - 1) / 2;
    let padded_length = shape.length + 2 * padding;
    let rows = output.par_chunks_mut(shape.out_channels * shape.length);
    rows.zip(input.par_chunks(shape.in_channels * shape.length)).for_each(|(output, item)| {
        let mut padded = vec![0; shape.in_channels * padded_length];
        for (row, channel) in padded.chunks_mut(padded_length).zip(item.chunks(shape.length)) {
            row.iter_mut().skip(padding).zip(channel).for_each(|(to, &from)| *to = from);
        }
        let kernels = weights.chunks(shape.in_channels * shape.kernel).zip(bias);
        for (row, (kernel, &bias)) in output.chunks_mut(shape.length).zip(kernels) {
            row.fill(bias.cast_unsigned());
            for (channel, taps) in padded.chunks(padded_length).zip(kernel.chunks(shape.kernel)) {
                accumulate(row, channel, taps);
            }
        }
    });
    output
}

/// `W u + b` modulo `2^32` for one vector: weights `[out][in]`.
pub(crate) fn dense(weights: &[i8], bias: &[i32], input: &[u32]) -> Vec<u32> {
    let rows = weights.chunks(input.len().max(1)).zip(bias);
    let dot = |row: &[i8]| {
        let products = row.iter().zip(input).map(|(&w, &u)| i32::from(w).cast_unsigned().wrapping_mul(u));
        products.fold(0, u32::wrapping_add)
    };
    rows.map(|(row, &bias)| dot(row).wrapping_add(bias.cast_unsigned())).collect()
}

/// Adds one channel's contribution to one output row.
fn accumulate(row: &mut [u32], channel: &[u32], taps: &[i8]) {
    for (offset, &tap) in taps.iter().enumerate() {
        let weight = i32::from(tap).cast_unsigned();
        let shifted = channel.iter().skip(offset);
        for (to, &from) in row.iter_mut().zip(shifted) {
            *to = to.wrapping_add(weight.wrapping_mul(from));
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// The definition of the layer, one output at a time.
    fn naive(shape: &LinearShape, weights: &[i8], bias: &[i32], input: &[u32]) -> Vec<u32> {
        let padding = shape.kernel / 2;
        let at = |b: usize, c: usize, t: usize| {
            t.checked_sub(padding)
                .filter(|&t| t < shape.length)
                .map_or(0, |t| input[(b * shape.in_channels + c) * shape.length + t])
        };
        let mut output = Vec::new();
        for b in 0..shape.batch {
            for o in 0..shape.out_channels {
                for t in 0..shape.length {
                    let mut sum = i128::from(bias[o]);
                    for c in 0..shape.in_channels {
                        for k in 0..shape.kernel {
                            let weight = weights[(o * shape.in_channels + c) * shape.kernel + k];
                            sum += i128::from(weight) * i128::from(at(b, c, t + k));
                        }
                    }
                    output.push(sum.rem_euclid(1 << 32) as u32);
                }
            }
        }
        output
    }

    proptest! {
        #[test]
        fn equals_the_definition(
            batch in 1usize..4, in_channels in 1usize..6, out_channels in 1usize..6, length in 1usize..20,
            half in 0usize..4, seed in any::<u64>(),
        ) {
            use rand_core::{Rng, SeedableRng};
            let shape = LinearShape { batch, in_channels, out_channels, length, kernel: 2 * half + 1 };
            let mut rng = rand_chacha::ChaCha20Rng::seed_from_u64(seed);
            let weights: Vec<i8> = (0..shape.weight_count()).map(|_| rng.next_u32() as i8).collect();
            let bias: Vec<i32> = (0..out_channels).map(|_| rng.next_u32() as i32).collect();
            let input: Vec<u32> = (0..shape.input().count()).map(|_| rng.next_u32()).collect();
            prop_assert_eq!(conv1d(&shape, &weights, &bias, &input), naive(&shape, &weights, &bias, &input));
            let vector = LinearShape { batch: 1, length: 1, kernel: 1, ..shape };
            let (weights, input) = (&weights[..vector.weight_count()], &input[..in_channels]);
            prop_assert_eq!(dense(weights, &bias, input), naive(&vector, weights, &bias, input));
        }
    }
}
