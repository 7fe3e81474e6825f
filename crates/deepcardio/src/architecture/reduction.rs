//! Linear maps without weights that follow a non-linear step.

use crate::tensor::Shape;

/// A linear map without weights, applied to values or to shares alike.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reduction {
    /// Sum over positions: `[B][C][L]` to `[B][C][1]`.
    GlobalSum,
    /// `[B][C][1]` to `[1][C][B]`.
    WindowsToSequence,
}

impl Reduction {
    /// Shape after the reduction of a tensor of shape `input`.
    #[must_use]
    pub fn output(&self, input: Shape) -> Shape {
        match self {
            Self::GlobalSum => Shape { length: 1, ..input },
            Self::WindowsToSequence => {
                Shape { batch: 1, channels: input.channels, length: input.batch * input.length }
            }
        }
    }
}
