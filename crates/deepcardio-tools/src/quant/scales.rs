//! The numbers that fix how a float network becomes an integer one.

use serde::{Deserialize, Serialize};

/// Widths, shifts and scales of a whole network. The JSON of the HDF5 root attribute
/// `quantisation`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Quantisation {
    /// Signed width of an input sample.
    pub input_bits: u32,
    /// Integers per millivolt.
    pub input_scale: f64,
    /// Probabilities are `softmax(score * score_scale)`: one over the last layer's scale.
    pub score_scale: f64,
    /// One entry per layer with weights, in network order.
    pub layers: Vec<LayerScales>,
}

/// Widths, shift and scales of one layer with weights and of the step that follows it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct LayerScales {
    /// The layer's name in the network.
    pub name: String,
    /// Signed width of a weight. The most negative value stays unused.
    pub weight_bits: u32,
    /// Unsigned width after the step, 0 for the last layer.
    pub activation_bits: u32,
    /// Shift of the step, 0 for the last layer.
    pub shift: u32,
    /// Integer units of an output channel's accumulator per real unit.
    pub weight_scale: Vec<f64>,
    /// What else an LSTM needs. `shift` is then the one from accumulators to table indices.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub lstm: Option<LstmScales>,
}

/// Shifts, widths and tables of an LSTM. See [`deepcardio::architecture::Lstm`] and
/// [`deepcardio::architecture::LstmTables`]. The tables have 256 entries each.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LstmScales {
    /// Left shift of the input.
    pub input_shift: u32,
    /// Signed width of a cell state.
    pub cell_bits: u32,
    /// Right shift from the unscaled cell to a table index.
    pub cell_index_shift: u32,
    /// Values of the input, forget and output gate.
    pub sigmoid: Vec<u8>,
    /// Values of the cell gate.
    pub tanh: Vec<i8>,
    /// What the output gate is multiplied by.
    pub cell_tanh: Vec<i8>,
}

impl std::fmt::Debug for LstmScales {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self { input_shift, cell_bits, cell_index_shift, .. } = self;
        write!(f, "LstmScales {{ {input_shift}, {cell_bits}, {cell_index_shift} }}")
    }
}
