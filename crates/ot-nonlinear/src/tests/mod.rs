//! Two parties in one process, against the plain formula.

mod bilinear;
mod cell;
mod cell_refusals;
mod exact;
mod extension;
mod harness;
mod late;
mod lookup;
mod rank;
mod refusals;
mod traffic;
mod unit_vector;
