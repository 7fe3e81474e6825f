//! The layers that an architecture is made of.

use super::tables::LstmTables;

/// One layer. Tensors are `[batch][channel][position]`. Batch items are windows until
/// [`Layer::WindowsToSequence`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Layer {
    /// Convolution over positions with `(kernel - 1) / 2` zeros on either side, in each batch item.
    Conv1d {
        /// Output channels.
        out_channels: usize,
        /// Taps, odd.
        kernel: usize,
        /// Signed width of a weight.
        weight_bits: u32,
    },
    /// Fully connected layer on the flattened `[channel][position]` of each batch item.
    Dense {
        /// Outputs per batch item.
        outputs: usize,
        /// Signed width of a weight.
        weight_bits: u32,
    },
    /// ReLU, rounding shift and saturation in one, after an optional maximum over pairs of
    /// positions. Stands directly after a linear layer.
    Requantise {
        /// Whether to take the maximum of positions `2t` and `2t + 1` first (an odd last position
        /// is dropped).
        pool: bool,
        /// Right shift `f`.
        shift: u32,
        /// Unsigned width `A` of the result.
        bits: u32,
    },
    /// Recurrent layer over the positions of one sequence. The last hidden state remains:
    /// `[1][X][T]` to `[1][H][1]`. Stands directly after [`Layer::WindowsToSequence`]. A dense
    /// layer follows it directly.
    Lstm {
        /// Width `H` of the state.
        units: usize,
        /// Signed width of a weight.
        weight_bits: u32,
        /// Left shift `k` of the input, which brings it to the magnitude of the hidden state.
        input_shift: u32,
        /// Right shift `f` from an accumulator to a table index.
        gate_shift: u32,
        /// Signed width `C` of a cell state.
        cell_bits: u32,
        /// Right shift `g` from the unscaled cell to a table index.
        cell_index_shift: u32,
        /// What the gates and the cell's output look like.
        tables: LstmTables,
    },
    /// Exact sum over positions: `[B][C][L]` to `[B][C][1]`.
    GlobalSum,
    /// The windows become the positions of one sequence: `[B][C][1]` to `[1][C][B]`.
    WindowsToSequence,
}

impl Layer {
    /// Whether the layer multiplies by weights.
    #[must_use]
    pub fn is_linear(&self) -> bool {
        matches!(self, Self::Conv1d { .. } | Self::Dense { .. } | Self::Lstm { .. })
    }
}
