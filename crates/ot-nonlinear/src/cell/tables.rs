//! The secret tables of a cell, the server's alone.

use std::sync::Arc;

use zeroize::ZeroizeOnDrop;

use crate::error::StepError;
use crate::lookup::Table;

/// Largest entry of a sigmoid table: 1.0.
const ONE: u8 = 128;

/// Sigmoid and tanh of a gate's index and tanh of the cell's index, in units of 1/128. Cheap to clone.
#[derive(Clone)]
pub struct CellTables(Arc<Tables>);

#[derive(ZeroizeOnDrop)]
struct Tables {
    sigmoid: Table,
    tanh: Table,
    cell: Table,
}

impl CellTables {
    /// Takes the sigmoid of gates i, f, o, the tanh of gate c and the tanh of the cell state, each by index 0 to 255.
    ///
    /// # Errors
    /// [`StepError::Shape`] if an entry of the sigmoid is above 128: the ring of the cell state relies on it.
    pub fn new(sigmoid: &[u8; 256], tanh: &[i8; 256], cell: &[i8; 256]) -> Result<Self, StepError> {
        if sigmoid.iter().any(|entry| *entry > ONE) {
            return Err(StepError::Shape("sigmoid entries must be 0 to 128"));
        }
        let bytes = |table: &[i8; 256]| table.map(i8::cast_unsigned);
        Ok(Self(Arc::new(Tables { sigmoid: *sigmoid, tanh: bytes(tanh), cell: bytes(cell) })))
    }

    /// By segment of the gates' look-up: gates i and f, gate c, gate o.
    pub(super) fn of_gates(&self) -> [&Table; 3] {
        [&self.0.sigmoid, &self.0.tanh, &self.0.sigmoid]
    }

    /// For the cell state.
    pub(super) fn of_cell(&self) -> [&Table; 1] {
        [&self.0.cell]
    }
}
