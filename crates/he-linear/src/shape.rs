//! The shape of a linear layer.

use crate::error::Error;
use crate::params::RING_DEGREE;

/// Largest batch or channel count accepted.
const MAX_COUNT: usize = 1 << 16;

/// A batch of one-dimensional convolutions with stride 1 and zero padding (kernel - 1) / 2; a dense
/// layer has length 1 and kernel 1. Tensors are row-major: inputs
/// \[batch\]\[in_channels\]\[length\], results \[batch\]\[out_channels\]\[length\], weights
/// \[out_channels\]\[in_channels\]\[kernel\].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Conv1dShape {
    /// Independent windows that share the weights.
    pub batch: usize,
    /// Input channels.
    pub in_channels: usize,
    /// Output channels.
    pub out_channels: usize,
    /// Positions of a window.
    pub length: usize,
    /// Taps of the kernel, odd.
    pub kernel: usize,
}

impl Conv1dShape {
    /// Checks every dimension.
    pub(crate) fn validate(&self) -> Result<(), Error> {
        check("batch", self.batch, MAX_COUNT)?;
        check("in_channels", self.in_channels, MAX_COUNT)?;
        check("out_channels", self.out_channels, MAX_COUNT)?;
        let (length, kernel) = (self.length, self.kernel);
        let too_long = Error::WindowTooLong { length, kernel, degree: RING_DEGREE };
        if length > RING_DEGREE || kernel > 2 * RING_DEGREE {
            return Err(too_long);
        }
        check("length", length, RING_DEGREE)?;
        check("kernel", kernel, 2 * RING_DEGREE)?;
        if kernel.is_multiple_of(2) {
            return Err(Error::EvenKernel { kernel });
        }
        if length + self.padding() > RING_DEGREE { Err(too_long) } else { Ok(()) }
    }

    /// Zeros on each side of a window: (kernel - 1) / 2.
    pub(crate) const fn padding(&self) -> usize {
        (self.kernel - 1) / 2
    }

    /// Elements of the input tensor.
    #[must_use]
    pub const fn input_len(&self) -> usize {
        self.batch.saturating_mul(self.in_channels).saturating_mul(self.length)
    }

    /// Elements of the result tensor.
    #[must_use]
    pub const fn output_len(&self) -> usize {
        self.batch.saturating_mul(self.out_channels).saturating_mul(self.length)
    }

    /// Elements of the weight tensor.
    #[must_use]
    pub const fn weight_len(&self) -> usize {
        self.out_channels.saturating_mul(self.in_channels).saturating_mul(self.kernel)
    }
}

fn check(dimension: &'static str, value: usize, limit: usize) -> Result<(), Error> {
    if (1..=limit).contains(&value) { Ok(()) } else { Err(Error::Dimension { dimension, value, limit }) }
}
