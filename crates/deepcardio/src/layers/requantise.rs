//! The non-linear step: `clamp((m + 2^(f-1)) >> f, 0, 2^A - 1)`, `m` an accumulator or the maximum
//! of a pair.

use crate::architecture::Activation;
use crate::tensor::Shape;

/// The step on one value: ReLU, rounding to nearest (halves up) and saturation in one. Shift 0 has
/// no rounding term.
#[must_use]
pub fn requantise_value(step: Activation, value: i32) -> i32 {
    let rounding = (1 << step.shift) >> 1;
    ((value + rounding) >> step.shift).clamp(0, (1 << step.bits) - 1)
}

/// The step on a tensor of accumulators of the given shape. Pooling takes positions `2t` and
/// `2t + 1`. An unpaired last position is dropped.
#[must_use]
pub fn requantise(step: Activation, shape: Shape, accumulators: &[i32]) -> Vec<i32> {
    debug_assert_eq!(accumulators.len(), shape.count());
    if !step.pool {
        return accumulators.iter().map(|&acc| requantise_value(step, acc)).collect();
    }
    let mut output = Vec::with_capacity(step.output(shape).count());
    for row in accumulators.chunks_exact(shape.length) {
        let (pairs, _unpaired) = row.as_chunks::<2>();
        output.extend(pairs.iter().map(|&[left, right]| requantise_value(step, left.max(right))));
    }
    output
}

#[cfg(test)]
mod tests {
    use super::{Activation, Shape, requantise, requantise_value};

    #[test]
    fn rounds_halves_up_and_saturates() {
        let step = Activation { pool: false, shift: 2, bits: 3 };
        let results: Vec<i32> =
            [-9, -1, 0, 1, 2, 5, 6, 27, 30, 1000].map(|v| requantise_value(step, v)).into();
        assert_eq!(results, [0, 0, 0, 0, 1, 1, 2, 7, 7, 7]);
    }

    #[test]
    fn shift_zero_has_no_rounding_term() {
        let step = Activation { pool: false, shift: 0, bits: 8 };
        assert_eq!([-1, 0, 1, 254, 256].map(|v| requantise_value(step, v)), [0, 0, 1, 254, 255]);
    }

    #[test]
    fn pooling_drops_an_unpaired_position() {
        let step = Activation { pool: true, shift: 0, bits: 8 };
        let shape = Shape { batch: 1, channels: 2, length: 3 };
        assert_eq!(requantise(step, shape, &[1, 5, 99, -3, -4, 99]), [5, 0]);
    }
}
