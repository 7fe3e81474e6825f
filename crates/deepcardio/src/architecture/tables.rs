//! What the gates of an LSTM look like: three tables, public like its widths.

use std::sync::Arc;

use super::gates::{GATE_FRACTION, HIDDEN_FRACTION, TABLE_ENTRIES, ZERO_INDEX};

/// Values of the gates and of the cell's output by table index, unit 1/128. Index 128 stands for 0.
/// Clones share the entries.
///
/// A client sees them. The usual functions ([`LstmTables::from_functions`]) at units fixed before
/// training, which calibration and the scripts in `models/train` write, tell nothing of what was
/// learnt. A model with tables of its own reveals those.
#[derive(Clone, PartialEq, Eq)]
pub struct LstmTables(Arc<Entries>);

#[derive(PartialEq, Eq)]
struct Entries {
    sigmoid: [u8; TABLE_ENTRIES],
    tanh: [i8; TABLE_ENTRIES],
    cell_tanh: [i8; TABLE_ENTRIES],
}

impl LstmTables {
    /// Tables of the input, forget and output gate, of the cell gate, and of the cell's output.
    /// [`super::Architecture::new`] refuses an entry of `sigmoid` above 128.
    #[must_use]
    pub fn new(
        sigmoid: [u8; TABLE_ENTRIES],
        tanh: [i8; TABLE_ENTRIES],
        cell_tanh: [i8; TABLE_ENTRIES],
    ) -> Self {
        Self(Arc::new(Entries { sigmoid, tanh, cell_tanh }))
    }

    /// Tables of the usual functions: `sigmoid((q - 128) / sigmoid_units)` and
    /// `tanh((q - 128) / tanh_units)` of an index `q`, and the tanh of a cell whose index counts
    /// `2^(cell_index_shift - 14)`. 1 becomes 127 where entries are signed.
    #[must_use]
    pub fn from_functions(sigmoid_units: f64, tanh_units: f64, cell_index_shift: u32) -> Self {
        let one = f64::from(1u32 << GATE_FRACTION);
        let cell_units = f64::from(1u32 << HIDDEN_FRACTION) / f64::from(1u32 << cell_index_shift);
        let from_zero = |index: usize| index as f64 - f64::from(ZERO_INDEX);
        let sigmoid = |index| (one / (1.0 + (-from_zero(index) / sigmoid_units).exp())).round() as u8;
        let tanh = |units: f64| move |index| (one * (from_zero(index) / units).tanh()).round() as i8;
        Self::new(
            std::array::from_fn(sigmoid),
            std::array::from_fn(tanh(tanh_units)),
            std::array::from_fn(tanh(cell_units)),
        )
    }

    /// Values of the input, forget and output gate, 0 to 128 in a valid architecture.
    #[must_use]
    pub fn sigmoid(&self) -> &[u8; TABLE_ENTRIES] {
        &self.0.sigmoid
    }

    /// Values of the cell gate.
    #[must_use]
    pub fn tanh(&self) -> &[i8; TABLE_ENTRIES] {
        &self.0.tanh
    }

    /// What the output gate is multiplied by.
    #[must_use]
    pub fn cell_tanh(&self) -> &[i8; TABLE_ENTRIES] {
        &self.0.cell_tanh
    }

    pub(crate) fn sigmoid_at(&self, index: i32) -> i32 {
        at(self.sigmoid(), index)
    }

    pub(crate) fn tanh_at(&self, index: i32) -> i32 {
        at(self.tanh(), index)
    }

    pub(crate) fn cell_tanh_at(&self, index: i32) -> i32 {
        at(self.cell_tanh(), index)
    }

    /// Bounds `low <= 0 <= high` of a value of the hidden state, which starts at zero.
    #[cfg(feature = "model")]
    pub(crate) fn hidden_range(&self) -> (i64, i64) {
        let gate = self.sigmoid().iter().copied().max().map_or(0, i64::from);
        let (low, high) = self.cell_tanh().iter().fold((0, 0), |(low, high), &entry| {
            let entry = i64::from(entry);
            (entry.min(low), entry.max(high))
        });
        (gate * low, gate * high)
    }

    /// The first entry of the gates' table that is above 1, with its index.
    pub(super) fn above_one(&self) -> Option<(usize, u8)> {
        let mut entries = self.sigmoid().iter().copied().enumerate();
        entries.find(|&(_, entry)| entry > 1 << GATE_FRACTION)
    }
}

impl std::fmt::Debug for LstmTables {
    /// Without the 768 entries, which would hide everything around them.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("LstmTables").finish_non_exhaustive()
    }
}

/// The entry at an index that a requantising step of 8 bits gave.
fn at<T: Copy + Into<i32>>(table: &[T; TABLE_ENTRIES], index: i32) -> i32 {
    usize::try_from(index).ok().and_then(|index| table.get(index)).map_or(0, |&entry| entry.into())
}
