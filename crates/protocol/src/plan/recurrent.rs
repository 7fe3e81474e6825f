//! The plan of an LSTM layer: one cell for every position of the sequence, from oblivious transfer
//! whatever the backend.

use deepcardio::architecture::{Lstm, Stage};
use ot_nonlinear::{CellPlan, CellShape, CellTables, Mode, Schedule, UnitVectorPlan};
use shares::Share;

use super::bytes::{frames, residue_bytes};

/// Least ring of a cell's result, which has 16 bits.
const LEAST_HIDDEN_ELL: u32 = 16;

/// The recurrence of a stage. Positions follow one after another, so a cell always takes the fewest
/// round trips.
pub(crate) struct RecurrentPlan {
    pub(crate) cell: CellPlan,
    /// The unit vectors of all positions' look-ups.
    pub(crate) vectors: UnitVectorPlan,
    /// Left shift of the sequence before it meets its weights.
    pub(crate) input_shift: u32,
    /// Channels of the sequence.
    pub(crate) channels: usize,
    pub(crate) units: usize,
    /// Positions, each with a cell.
    pub(crate) positions: usize,
    /// Ring of the accumulators, and so of what enters the linear layer.
    pub(crate) ell: u32,
    /// Ring of the next stage, into which the shares of the last hidden state come.
    pub(crate) out_ell: u32,
}

/// The consumers of silent OTs in an LSTM layer, or what belongs to each.
pub(crate) struct CellOts<T> {
    /// The unit vectors of all look-ups.
    pub(crate) vectors: T,
    /// Every part of every cell, position by position.
    pub(crate) cells: Vec<Vec<T>>,
}

impl RecurrentPlan {
    /// Plans the stage whose recurrence is `lstm`.
    pub(super) fn new(stage: &Stage, lstm: &Lstm, out_ell: u32) -> Result<Self, String> {
        let shape = CellShape {
            units: lstm.units,
            gate_ell: stage.ell,
            gate_shift: lstm.gate_shift,
            cell_bits: lstm.cell_bits,
            cell_index_shift: lstm.cell_index_shift,
            out_ell: stage.ell.max(out_ell).max(LEAST_HIDDEN_ELL),
        };
        let tables = &lstm.tables;
        let tables = CellTables::new(tables.sigmoid(), tables.tanh(), tables.cell_tanh());
        let cell =
            tables.and_then(|tables| CellPlan::new(shape, Mode::Tree, tables)).map_err(|e| e.to_string())?;
        let lookups = stage.linear.length * cell.lookups();
        Ok(Self {
            cell,
            vectors: UnitVectorPlan::new(lookups).map_err(|e| e.to_string())?,
            input_shift: lstm.input_shift,
            channels: stage.input().channels,
            units: lstm.units,
            positions: stage.linear.length,
            ell: stage.ell,
            out_ell,
        })
    }

    /// The server's share of a sequence that is the client's alone.
    pub(crate) fn zero_sequence(&self) -> Share {
        Share::new(vec![0; self.channels * self.positions], self.ell)
    }

    /// Bytes of the message that carries the masked sequence.
    pub(crate) fn masked_sequence_bytes(&self) -> usize {
        residue_bytes(self.channels * self.positions, self.ell)
    }

    /// Bytes of the message that carries a masked hidden state.
    pub(crate) fn masked_hidden_bytes(&self) -> usize {
        residue_bytes(self.units, self.ell)
    }

    /// Bytes of the offline message of all cells.
    pub(crate) fn offline_bytes(&self) -> usize {
        self.positions * self.cell.offline_bytes()
    }

    /// What the silent OTs are for: the unit vectors, and every part of every cell.
    pub(super) fn ot_consumers(&self) -> CellOts<&Schedule> {
        let cells = (0..self.positions).map(|_| self.cell.schedules().collect());
        CellOts { vectors: self.vectors.schedule(), cells: cells.collect() }
    }

    /// Bytes of all messages of the layer's recurrence, the masked sequence and hidden states among
    /// them.
    pub(super) fn traffic(&self) -> usize {
        let (vectors, cell) = (&self.vectors, &self.cell);
        let exchanges = (0..vectors.rounds())
            .flat_map(|round| [vectors.client_bytes(round), vectors.server_bytes(round)]);
        let turns = (0..cell.rounds()).flat_map(|round| [cell.client_bytes(round), cell.server_bytes(round)]);
        let position = frames(turns.chain([self.masked_hidden_bytes()]));
        let once = exchanges.chain([self.offline_bytes(), self.masked_sequence_bytes()]);
        frames(once) + self.positions * position
    }
}

#[cfg(test)]
mod tests {
    use deepcardio::architecture::{Architecture, Head, Widths, limits};

    use super::*;
    use crate::method::{Backend, Comparison, Method, Reveal};
    use crate::plan::{Limits, Plan};

    fn with_lstm(units: usize, windows: usize) -> Architecture {
        let widths = Widths { ell: 28, ..Widths::default() };
        let one = Architecture::deepcardio(1, Head::Lstm { units }, widths).unwrap();
        let mut specification = one.specification().clone();
        specification.signal.window_starts = (0..windows as u32).map(|window| 16 * window).collect();
        Architecture::new(specification).unwrap()
    }

    #[test]
    fn the_largest_lstm_has_a_number_for_every_part_and_stays_within_the_limits() {
        let plan = Plan::new(&with_lstm(limits::LSTM_UNITS, limits::WINDOWS)).unwrap();
        for (method, backend) in [(Method::Gc, Backend::Gc), (Method::Ot(Comparison::Ripple), Backend::Ot)] {
            assert!(plan.ot_consumers(method).count() < usize::from(u16::MAX));
            plan.check(Limits::default(), backend, Reveal::Label).unwrap();
        }
    }

    #[test]
    fn the_cells_ring_is_the_one_that_the_architecture_tells() {
        let architecture = with_lstm(3, 2);
        let stage = architecture.stages().iter().find(|stage| stage.lstm().is_some()).unwrap();
        for cell_bits in limits::CELL_BITS {
            for cell_index_shift in limits::CELL_INDEX_SHIFT {
                let lstm = Lstm { cell_bits, cell_index_shift, ..stage.lstm().unwrap().clone() };
                let plan = RecurrentPlan::new(stage, &lstm, 24).unwrap();
                assert_eq!(
                    plan.cell.state_ell(),
                    lstm.cell_ring_bits(),
                    "C {cell_bits}, g {cell_index_shift}"
                );
            }
        }
    }
}
