//! The integer semantics of each layer, written to be read.

mod conv1d;
mod lstm;
mod reduction;
mod requantise;

pub use conv1d::conv1d;
pub use lstm::{LstmValues, lstm};
pub use requantise::{requantise, requantise_value};
