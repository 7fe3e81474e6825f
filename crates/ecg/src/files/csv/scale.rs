//! How the numbers of a column become millivolts.

use crate::files::hints::Unit;

/// How samples become millivolts.
#[derive(Clone, Copy, Debug)]
pub(super) struct Scale {
    pub(super) unit: Unit,
    /// Added to the value, before [`Self::factor`].
    pub(super) offset: f64,
    /// Units in one step of the value.
    pub(super) factor: f64,
}

impl Scale {
    pub(super) fn of(unit: Unit) -> Self {
        Self { unit, offset: 0.0, factor: 1.0 }
    }

    /// The value of a cell in millivolts.
    pub(super) fn millivolts(self, value: f64) -> f64 {
        self.unit.to_millivolts((value + self.offset) * self.factor)
    }
}
