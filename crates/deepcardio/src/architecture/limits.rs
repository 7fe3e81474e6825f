//! Upper limits on everything an architecture may ask for, checked before anything is allocated.

/// Layers in the list.
pub const LAYERS: usize = 64;
/// Output channels of a linear layer.
pub const CHANNELS: usize = 1024;
/// Inputs of one output of a dense layer.
pub const DENSE_INPUTS: usize = 65_536;
/// Convolution taps (odd).
pub const KERNEL: usize = 31;
/// Windows per segment.
pub const WINDOWS: usize = 256;
/// Samples per window.
pub const WINDOW_LENGTH: usize = 65_536;
/// Samples per segment.
pub const SEGMENT_SAMPLES: usize = 1 << 20;
/// Weights of all layers together, one byte each.
pub const WEIGHTS: usize = 16 << 20;
/// Values in any one tensor between layers.
pub const TENSOR: usize = 1 << 24;
/// Classes.
pub const CLASSES: usize = 64;
/// Bytes of the name of an architecture or a class.
pub const NAME: usize = 64;
/// Bytes of an encoded architecture.
pub const ENCODED: usize = 64 << 10;
/// Ring widths `ell`: shares live in integers modulo `2^ell`.
pub const RING_BITS: std::ops::RangeInclusive<u32> = 8..=30;
/// Widths of an activation (unsigned).
pub const ACTIVATION_BITS: std::ops::RangeInclusive<u32> = 1..=8;
/// Widths of a weight (signed).
pub const WEIGHT_BITS: std::ops::RangeInclusive<u32> = 2..=8;
/// Widths of an input sample (signed).
pub const INPUT_BITS: std::ops::RangeInclusive<u32> = 2..=16;
/// Width of the state of an LSTM, a quarter of its rows of weights.
pub const LSTM_UNITS: usize = CHANNELS / 4;
/// Left shifts of the input of an LSTM.
pub const INPUT_SHIFT: std::ops::RangeInclusive<u32> = 0..=8;
/// Right shifts from an accumulator of an LSTM to a table index. The ring must have 9 bits more.
pub const GATE_SHIFT: std::ops::RangeInclusive<u32> = 0..=20;
/// Widths of a cell state (signed).
pub const CELL_BITS: std::ops::RangeInclusive<u32> = 4..=12;
/// Right shifts from the unscaled cell of an LSTM to a table index.
pub const CELL_INDEX_SHIFT: std::ops::RangeInclusive<u32> = 6..=12;
/// Order of the band-pass filter.
pub const FILTER_ORDER: std::ops::RangeInclusive<u32> = 1..=16;
