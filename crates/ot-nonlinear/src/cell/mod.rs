//! One time step of an LSTM layer on additive shares: the gates' accumulators in, the hidden state out, the cell state
//! kept as shares from step to step. TODO
mod party;
mod plan;
mod running;
mod tables;
mod timeline;

pub use party::{Cell, CellState, ClientCellOffline, ServerCellOffline};
pub use plan::{CellPlan, CellShape};
pub use tables::CellTables;
