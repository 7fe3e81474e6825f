//! What a client may know of a model: layer shapes, widths, an LSTM's tables, preprocessing
//! constants, class names, how sure its labels are.
//!
//! [`Specification`] is the unchecked literal, [`Architecture`] the validated value. Its byte form
//! is the same on every platform and its BLAKE3 digest goes into the handshake, so that both
//! parties run the same network.

mod activation;
mod builder;
mod codec;
mod confidence;
mod derive;
mod error;
mod gates;
mod layer;
pub mod limits;
mod linear;
mod lstm;
mod names;
mod reduction;
mod signal;
mod specification;
mod stage;
mod tables;
mod validated;

pub use activation::Activation;
pub use builder::{CLASSES, Head, Widths};
pub use confidence::{Accuracy, Confidence, LEVELS, Level};
pub use error::ArchitectureError;
pub use gates::{
    CELL_GATE, GATE_FRACTION, GATES, HIDDEN_BITS, HIDDEN_FRACTION, INDEX_BITS, TABLE_ENTRIES, ZERO_INDEX,
};
pub use layer::Layer;
pub use linear::LinearShape;
pub use lstm::{Lstm, OffsetStep};
pub use reduction::Reduction;
pub use specification::Specification;
pub use stage::{Nonlinear, Stage};
pub use tables::LstmTables;
pub use validated::Architecture;
