//! The weights of one linear layer.

use zeroize::{Zeroize, ZeroizeOnDrop};

/// Weights of one linear layer. They are the model owner's secret: wiped on drop, without
/// `Debug`.
#[derive(Clone, PartialEq, Eq, Zeroize, ZeroizeOnDrop)]
pub struct LayerWeights {
    weights: Vec<i8>,
    bias: Vec<i32>,
}

impl LayerWeights {
    /// Weights `[out][in][tap]` and one bias per output channel. [`Model::new`](super::Model::new)
    /// checks them against the layer. The biases of an LSTM contain what makes index 128 the index
    /// of zero, `128 * 2^f`.
    #[must_use]
    pub fn new(weights: Vec<i8>, bias: Vec<i32>) -> Self {
        Self { weights, bias }
    }

    /// Weights, `[out][in][tap]`. Of an LSTM `[4 H][X + H]`.
    #[must_use]
    pub fn weights(&self) -> &[i8] {
        &self.weights
    }

    /// Bias per output channel.
    #[must_use]
    pub fn bias(&self) -> &[i32] {
        &self.bias
    }
}
