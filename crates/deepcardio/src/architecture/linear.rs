//! The geometry of a linear layer.

use crate::tensor::Shape;

/// Geometry of a linear layer: a convolution with `(kernel - 1) / 2` zeros of padding. A dense
/// layer has length 1, kernel 1 and `channels * length` of its input as `in_channels`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LinearShape {
    /// Batch items.
    pub batch: usize,
    /// Input channels.
    pub in_channels: usize,
    /// Output channels.
    pub out_channels: usize,
    /// Positions, of input and output.
    pub length: usize,
    /// Taps.
    pub kernel: usize,
}

impl LinearShape {
    /// Shape of the input tensor.
    #[must_use]
    pub fn input(&self) -> Shape {
        Shape { batch: self.batch, channels: self.in_channels, length: self.length }
    }

    /// Shape of the accumulators.
    #[must_use]
    pub fn output(&self) -> Shape {
        Shape { batch: self.batch, channels: self.out_channels, length: self.length }
    }

    /// Number of weights, `[out][in][tap]`.
    #[must_use]
    pub fn weight_count(&self) -> usize {
        self.out_channels * self.in_channels * self.kernel
    }

    /// Multiply-accumulates, those with padding included.
    #[must_use]
    pub fn multiply_accumulates(&self) -> u64 {
        self.weight_count() as u64 * self.batch as u64 * self.length as u64
    }
}
