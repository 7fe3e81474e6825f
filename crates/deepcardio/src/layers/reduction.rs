//! Linear maps without weights. They act on values and, modulo `2^ell`, on each party's shares
//! alike.

use crate::architecture::Reduction;
use crate::tensor::Shape;

impl Reduction {
    /// Applies the reduction to residues modulo `2^ell`.
    #[must_use]
    pub fn apply(&self, input: Shape, residues: &[u32], ell: u32) -> (Shape, Vec<u32>) {
        let mask = u32::MAX >> (32 - ell);
        self.apply_with(input, residues, |a, b| a.wrapping_add(b) & mask)
    }

    /// Applies the reduction to integers.
    #[must_use]
    pub fn apply_integers(&self, input: Shape, values: &[i32]) -> (Shape, Vec<i32>) {
        self.apply_with(input, values, |a, b| a + b)
    }

    /// Applies the reduction with the given addition.
    fn apply_with<T: Copy>(&self, input: Shape, values: &[T], add: impl Fn(T, T) -> T) -> (Shape, Vec<T>) {
        debug_assert_eq!(values.len(), input.count());
        let output = self.output(input);
        let result = match self {
            Self::GlobalSum => {
                values.chunks_exact(input.length).filter_map(|row| row.iter().copied().reduce(&add)).collect()
            }
            Self::WindowsToSequence => (0..input.channels)
                .flat_map(|channel| values.iter().skip(channel).step_by(input.channels).copied())
                .collect(),
        };
        (output, result)
    }
}

#[cfg(test)]
mod tests {
    use super::{Reduction, Shape};

    #[test]
    fn sums_positions() {
        let shape = Shape { batch: 1, channels: 2, length: 3 };
        let (output, sums) = Reduction::GlobalSum.apply_integers(shape, &[1, 2, 3, 10, 20, 30]);
        assert_eq!((output.count(), sums), (2, vec![6, 60]));
        let (_, residues) = Reduction::GlobalSum.apply(shape, &[200, 100, 3, 255, 1, 0], 8);
        assert_eq!(residues, [303 - 256, 0]);
    }

    #[test]
    fn windows_become_positions() {
        let shape = Shape { batch: 3, channels: 2, length: 1 };
        let (output, sequence) = Reduction::WindowsToSequence.apply_integers(shape, &[1, 2, 3, 4, 5, 6]);
        assert_eq!(output, Shape { batch: 1, channels: 2, length: 3 });
        assert_eq!(sequence, [1, 3, 5, 2, 4, 6]);
    }
}
