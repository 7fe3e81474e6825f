//! A float network: its layers and the shapes between them.

use deepcardio::tensor::Shape;

use super::linear::Linear;
use super::lstm::Lstm;

/// A network of float layers.
#[derive(Debug, Clone, PartialEq)]
pub struct Network {
    /// Name in the file.
    pub name: String,
    /// Windows per segment.
    pub windows: usize,
    /// Samples per window.
    pub window_length: usize,
    /// The layers, in order.
    pub layers: Vec<FloatLayer>,
}

/// One layer with its name in the file.
#[derive(Debug, Clone, PartialEq)]
pub struct FloatLayer {
    /// Name in the file.
    pub name: String,
    /// What it computes.
    pub operation: Operation,
}

/// What a float layer computes.
#[derive(Debug, Clone, PartialEq)]
pub enum Operation {
    /// Convolution over positions with zero padding, or a dense layer on the flattened
    /// `[channel][position]`.
    Linear(Linear),
    /// `max(x, 0)`.
    Relu,
    /// Maximum over pairs of positions. An unpaired last one is dropped.
    MaxPool,
    /// Mean over positions.
    GlobalAverage,
    /// The windows become the positions of one sequence.
    WindowsToSequence,
    /// Recurrent layer over positions. Its last output remains.
    Lstm(Lstm),
}

impl Network {
    /// Shape of the input, `[windows][1][window_length]`.
    #[must_use]
    pub fn input(&self) -> Shape {
        Shape { batch: self.windows, channels: 1, length: self.window_length }
    }
}

impl Operation {
    /// Shape after the operation.
    #[must_use]
    pub fn output(&self, input: Shape) -> Shape {
        match self {
            Self::Linear(linear) if linear.dense => {
                Shape { batch: input.batch, channels: linear.outputs, length: 1 }
            }
            Self::Linear(linear) => Shape { channels: linear.outputs, ..input },
            Self::Relu => input,
            Self::MaxPool => Shape { length: input.length / 2, ..input },
            Self::GlobalAverage => Shape { length: 1, ..input },
            Self::WindowsToSequence => {
                Shape { batch: 1, channels: input.channels, length: input.batch * input.length }
            }
            Self::Lstm(lstm) => Shape { batch: input.batch, channels: lstm.units, length: 1 },
        }
    }
}
