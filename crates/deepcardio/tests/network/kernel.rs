//! The kernel on residues against the definition of the layer.

use deepcardio::architecture::LinearShape;
use deepcardio::kernel::Convolution;
use proptest::prelude::{any, prop_assert_eq, proptest};
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha20Rng;

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
    fn residues_equal_the_definition(
        batch in 1usize..4, in_channels in 1usize..6, out_channels in 1usize..10, length in 1usize..40,
        half in 0usize..4, seed in any::<u64>(),
    ) {
        let shape = LinearShape { batch, in_channels, out_channels, length, kernel: 2 * half + 1 };
        let vector = LinearShape { length: 1, kernel: 1, ..shape };
        for shape in [shape, vector] {
            let mut rng = ChaCha20Rng::seed_from_u64(seed);
            let weights: Vec<i8> = (0..shape.weight_count()).map(|_| rng.random()).collect();
            let bias: Vec<i32> = (0..out_channels).map(|_| rng.random()).collect();
            let input: Vec<u32> = (0..shape.input().count()).map(|_| rng.random()).collect();
            let computed = Convolution::of_residues(shape, &weights, &bias).apply(&input);
            prop_assert_eq!(computed, naive(&shape, &weights, &bias, &input));
        }
    }
}
