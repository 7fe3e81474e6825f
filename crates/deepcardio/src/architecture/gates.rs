//! The fixed-point format of an LSTM: fractional bits, table indices, the order of the gates.

/// Fractional bits of a gate, a table entry and the cell state: 128 means 1.
pub const GATE_FRACTION: u32 = 7;
/// Bits of an index into a table.
pub const INDEX_BITS: u32 = 8;
/// The index that stands for 0.
pub const ZERO_INDEX: i32 = 1 << (INDEX_BITS - 1);
/// Entries of a table.
pub const TABLE_ENTRIES: usize = 1 << INDEX_BITS;
/// Fractional bits of the hidden state, which also bound it: its magnitude is at most
/// `2^HIDDEN_FRACTION`.
pub const HIDDEN_FRACTION: u32 = 2 * GATE_FRACTION;
/// Signed width of a value of the hidden state.
pub const HIDDEN_BITS: u32 = HIDDEN_FRACTION + 2;
/// Gates: input, forget, cell, output, in Keras' order.
pub const GATES: usize = 4;
/// Which of the [`GATES`] is the cell's: its table is a tanh, the others share a sigmoid.
pub const CELL_GATE: usize = 2;
