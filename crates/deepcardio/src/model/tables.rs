//! What the gates of an LSTM look like: three tables that are as secret as the weights.

use zeroize::{Zeroize, ZeroizeOnDrop};

use super::ModelError;
use crate::architecture::{GATE_FRACTION, HIDDEN_FRACTION, TABLE_ENTRIES, ZERO_INDEX};

/// Values of the gates and of the cell's output by table index, unit 1/128; index 128 stands for 0. Wiped on drop, never
/// printed.
#[derive(Clone, PartialEq, Eq, Zeroize, ZeroizeOnDrop)]
pub struct LstmTables {
    sigmoid: Vec<u8>,
    tanh: Vec<i8>,
    cell_tanh: Vec<i8>,
}

impl LstmTables {
    /// Tables of 256 entries each: of the input, forget and output gate, of the cell gate, and of the cell's output.
    /// [`super::Model::new`] checks them.
    #[must_use]
    pub fn new(sigmoid: Vec<u8>, tanh: Vec<i8>, cell_tanh: Vec<i8>) -> Self {
        Self { sigmoid, tanh, cell_tanh }
    }

    /// Tables of the usual functions: `sigmoid((q - 128) / sigmoid_units)` and `tanh((q - 128) / tanh_units)` of an index
    /// `q`, and the tanh of a cell whose index counts `2^(cell_index_shift - 14)`. 1 becomes 127 where entries are signed.
    #[must_use]
    pub fn from_functions(sigmoid_units: f64, tanh_units: f64, cell_index_shift: u32) -> Self {
        let one = f64::from(1u32 << GATE_FRACTION);
        let cell_units = f64::from(1u32 << HIDDEN_FRACTION) / f64::from(1u32 << cell_index_shift);
        let indices = || (0..TABLE_ENTRIES as i32).map(|index| f64::from(index - ZERO_INDEX));
        let tanh = |units: f64| indices().map(|index| (one * (index / units).tanh()).round() as i8).collect();
        let sigmoid = |index: f64| (one / (1.0 + (-index / sigmoid_units).exp())).round() as u8;
        Self {
            sigmoid: indices().map(sigmoid).collect(),
            tanh: tanh(tanh_units),
            cell_tanh: tanh(cell_units),
        }
    }

    /// Values of the input, forget and output gate, 0 to 128.
    #[must_use]
    pub fn sigmoid(&self) -> &[u8] {
        &self.sigmoid
    }

    /// Values of the cell gate.
    #[must_use]
    pub fn tanh(&self) -> &[i8] {
        &self.tanh
    }

    /// What the output gate is multiplied by.
    #[must_use]
    pub fn cell_tanh(&self) -> &[i8] {
        &self.cell_tanh
    }

    pub(crate) fn sigmoid_at(&self, index: i32) -> i32 {
        at(&self.sigmoid, index)
    }

    pub(crate) fn tanh_at(&self, index: i32) -> i32 {
        at(&self.tanh, index)
    }

    pub(crate) fn cell_tanh_at(&self, index: i32) -> i32 {
        at(&self.cell_tanh, index)
    }

    /// Bounds `low <= 0 <= high` of a value of the hidden state, which starts at zero.
    pub(crate) fn hidden_range(&self) -> (i64, i64) {
        let gate = self.sigmoid.iter().copied().max().map_or(0, i64::from);
        let (low, high) = self.cell_tanh.iter().fold((0, 0), |(low, high), &entry| {
            let entry = i64::from(entry);
            (entry.min(low), entry.max(high))
        });
        (gate * low, gate * high)
    }

    /// Checks lengths and entries; `layer` is for the error.
    pub(super) fn check(&self, layer: &str) -> Result<(), ModelError> {
        let lengths = [
            ("sigmoid entries", self.sigmoid.len()),
            ("tanh entries", self.tanh.len()),
            ("cell tanh entries", self.cell_tanh.len()),
        ];
        for (what, found) in lengths {
            if found != TABLE_ENTRIES {
                return Err(ModelError::Count {
                    layer: layer.to_owned(),
                    what,
                    found,
                    expected: TABLE_ENTRIES,
                });
            }
        }
        match self.sigmoid.iter().find(|&&entry| entry > 1 << GATE_FRACTION) {
            Some(_) => Err(ModelError::Gate { layer: layer.to_owned() }),
            None => Ok(()),
        }
    }
}

impl std::fmt::Debug for LstmTables {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("LstmTables").finish_non_exhaustive()
    }
}

/// The entry at an index that a requantising step of 8 bits gave.
fn at<T: Copy + Into<i32>>(table: &[T], index: i32) -> i32 {
    usize::try_from(index).ok().and_then(|index| table.get(index)).map_or(0, |&entry| entry.into())
}
