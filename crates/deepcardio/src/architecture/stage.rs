//! A stage: one linear layer with the non-linear step and the reductions that follow it.
//!
//! The private protocol runs stage by stage, so this is the form in which it reads an architecture.

use crate::tensor::Shape;

/// One linear layer and all that happens before the next one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stage {
    /// `conv1`, .. over windows, `head1`, .. over the sequence of windows, `dense` for the scores.
    pub name: String,
    /// Geometry of the linear layer.
    pub linear: LinearShape,
    /// Signed width of its weights.
    pub weight_bits: u32,
    /// Shares of its accumulators live in integers modulo `2^ell`; `|acc| < 2^(ell-2)`, scores `< 2^(ell-1)`.
    pub ell: u32,
    /// The non-linear step; only the last stage has none.
    pub activation: Option<Activation>,
    /// Linear reductions after the activation, in order.
    pub reductions: Vec<Reduction>,
}

/// Geometry of a linear layer: a convolution with `(kernel - 1) / 2` zeros of padding. A dense layer has length 1,
/// kernel 1 and `channels * length` of its input as `in_channels`.
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

/// The non-linear step `clamp((m + 2^(shift-1)) >> shift, 0, 2^bits - 1)`, `m` the accumulator or the maximum of a pair.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Activation {
    /// Maximum over pairs of positions first.
    pub pool: bool,
    /// Right shift `f`; 0 means no rounding term.
    pub shift: u32,
    /// Unsigned width `A` of the result.
    pub bits: u32,
}

/// A linear map without weights, applied to values or to shares alike.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reduction {
    /// Sum over positions: `[B][C][L]` to `[B][C][1]`.
    GlobalSum,
    /// `[B][C][1]` to `[1][C][B]`.
    WindowsToSequence,
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

impl Activation {
    /// Shape after the step.
    #[must_use]
    pub fn output(&self, input: Shape) -> Shape {
        let length = if self.pool { input.length / 2 } else { input.length };
        Shape { length, ..input }
    }
}

impl Stage {
    /// Shape after the non-linear step, before the reductions.
    #[must_use]
    pub fn activated(&self) -> Shape {
        self.activation.map_or(self.linear.output(), |step| step.output(self.linear.output()))
    }

    /// Shape that leaves the stage.
    #[must_use]
    pub fn output(&self) -> Shape {
        self.reductions.iter().fold(self.activated(), |shape, reduction| reduction.output(shape))
    }

    /// Non-linear steps ("pairs" when it pools) that the stage takes.
    #[must_use]
    pub fn activations(&self) -> usize {
        self.activation.map_or(0, |_| self.activated().count())
    }
}
