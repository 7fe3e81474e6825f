//! The public tables of a cell.

use core::iter::repeat_n;
use std::sync::Arc;

use crate::cell::lookup::Table;
use crate::error::StepError;

/// Largest entry of a sigmoid table: 1.0.
const ONE: u8 = 128;

/// Sigmoid and tanh of a gate's index and tanh of the cell's index, in units of 1/128. Cheap to
/// clone.
#[derive(Clone, Debug)]
pub struct CellTables(Arc<Tables>);

#[derive(Debug)]
struct Tables {
    sigmoid: Table,
    tanh: Table,
    cell: Table,
}

impl CellTables {
    /// Takes the sigmoid of gates i, f, o, the tanh of gate c and the tanh of the cell state, each
    /// by index 0 to 255.
    ///
    /// # Errors
    /// [`StepError::Shape`] if an entry of the sigmoid is above 128: the ring of the cell state
    /// relies on it.
    pub fn new(sigmoid: &[u8; 256], tanh: &[i8; 256], cell: &[i8; 256]) -> Result<Self, StepError> {
        if sigmoid.iter().any(|entry| *entry > ONE) {
            return Err(StepError::Shape("sigmoid entries must be 0 to 128"));
        }
        let signed = |table: &[i8; 256]| Table::new(&table.map(i8::cast_unsigned));
        Ok(Self(Arc::new(Tables { sigmoid: Table::new(sigmoid), tanh: signed(tanh), cell: signed(cell) })))
    }

    /// The table of each look-up of the gates, rows i, f, c, o of `units` each.
    pub(super) fn of_gates(&self, units: usize) -> impl Iterator<Item = &Table> {
        let rows = [&self.0.sigmoid, &self.0.sigmoid, &self.0.tanh, &self.0.sigmoid];
        rows.into_iter().flat_map(move |table| repeat_n(table, units))
    }

    /// The table of each look-up of the cell state.
    pub(super) fn of_cell(&self, units: usize) -> impl Iterator<Item = &Table> {
        repeat_n(&self.0.cell, units)
    }
}
