//! Two parties in one process, against the plain formula.

mod exact;
mod harness;
