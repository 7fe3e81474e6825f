//! Two parties in one process, against the plain formula.

mod argmax;
mod exact;
mod extension;
mod harness;
mod lookup;
mod multiply;
mod refusals;
mod traffic;
