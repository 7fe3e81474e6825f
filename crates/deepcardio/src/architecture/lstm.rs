//! The integer LSTM (Hochreiter and Schmidhuber 1997) as a non-linear step: its widths, its tables
//! and the requantising steps it takes.
//!
//! Everything here is public, the tables too. [`LstmTables`] says what they tell.

use super::activation::Activation;
use super::gates::{GATE_FRACTION, GATES, HIDDEN_FRACTION, INDEX_BITS, ZERO_INDEX};
use super::tables::LstmTables;

/// The recurrence on a sequence of accumulators. See [`crate::layers::lstm`] for what it computes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Lstm {
    /// Width `H` of the state.
    pub units: usize,
    /// Left shift `k` of the sequence before it meets its weights.
    pub input_shift: u32,
    /// Right shift `f` from an accumulator to a table index.
    pub gate_shift: u32,
    /// Signed width `C` of a value of the cell state.
    pub cell_bits: u32,
    /// Right shift `g` from the unscaled cell to a table index.
    pub cell_index_shift: u32,
    /// What the gates and the cell's output look like.
    pub tables: LstmTables,
}

/// `clamp((value + offset + 2^(shift-1)) >> shift, 0, 2^bits - 1)`: a requantise after an offset
/// that makes a signed result unsigned.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct OffsetStep {
    /// What is added first.
    pub offset: i32,
    /// The requantise, never pooled.
    pub step: Activation,
}

impl Lstm {
    /// From an accumulator to the index of a gate's table. The offset is part of the bias.
    #[must_use]
    pub fn gate_step(&self) -> OffsetStep {
        OffsetStep { offset: 0, step: step(self.gate_shift, INDEX_BITS) }
    }

    /// From the unscaled cell `a` to the cell state plus `2^(C-1)`.
    #[must_use]
    pub fn cell_step(&self) -> OffsetStep {
        let offset = self.cell_offset() << GATE_FRACTION;
        OffsetStep { offset, step: step(GATE_FRACTION, self.cell_bits) }
    }

    /// From the unscaled cell `a` to the index of the cell's table.
    #[must_use]
    pub fn cell_index_step(&self) -> OffsetStep {
        let offset = ZERO_INDEX << self.cell_index_shift;
        OffsetStep { offset, step: step(self.cell_index_shift, INDEX_BITS) }
    }

    /// What the cell step adds to the cell state: `2^(C-1)`.
    #[must_use]
    pub fn cell_offset(&self) -> i32 {
        1 << (self.cell_bits - 1)
    }

    /// Width of the ring in which the unscaled cell `a` lives, and so `a` with either offset.
    ///
    /// `|a| <= 2^(C+6) + 2^14`: a gate of at most 1 times the cell state, and a gate times a table
    /// entry.
    #[must_use]
    pub fn cell_ring_bits(&self) -> u32 {
        let cell = self.cell_bits + GATE_FRACTION - 1;
        let index = self.cell_index_shift + INDEX_BITS - 1;
        let magnitude = (1u64 << cell.max(index)) + (1 << cell) + (1 << HIDDEN_FRACTION);
        let steps = (cell + 1).max(index + 1) + 1;
        (u64::BITS - magnitude.leading_zeros() + 2).max(steps)
    }

    /// Requantising steps of one position: the gates' indices, the cell state, the cell's index.
    #[must_use]
    pub fn steps_per_position(&self) -> usize {
        self.units * (GATES + 2)
    }
}

fn step(shift: u32, bits: u32) -> Activation {
    Activation { pool: false, shift, bits }
}

#[cfg(test)]
mod tests {
    use super::{Lstm, LstmTables};

    fn lstm(cell_bits: u32, cell_index_shift: u32) -> Lstm {
        let tables = LstmTables::from_functions(16.0, 16.0, cell_index_shift);
        Lstm { units: 1, input_shift: 0, gate_shift: 0, cell_bits, cell_index_shift, tables }
    }

    #[test]
    fn the_cell_ring_is_the_least_that_holds_every_cell_with_its_offset() {
        for cell_bits in 4..=12 {
            for shift in 6..=12 {
                let ring = lstm(cell_bits, shift).cell_ring_bits();
                let largest = (1i64 << (cell_bits + 6).max(shift + 7)) + (1 << (cell_bits + 6)) + (1 << 14);
                let fits = |bits: u32| largest < 1 << (bits - 2) && bits > (7 + cell_bits).max(shift + 8);
                assert!(fits(ring) && !fits(ring - 1), "C {cell_bits}, g {shift}: {ring}");
            }
        }
        assert_eq!(lstm(11, 9).cell_ring_bits(), 21);
    }
}
