//! The unquantised network in f32: what the integers are measured against.
//!
//! Weights are kept in f64 (batch normalisation is folded and scales are applied at that
//! precision). The forward pass runs in f32 as it did in training. Tensors are
//! `[batch][channel][position]`.

mod linear;
mod lstm;
mod network;
mod twin;

pub use linear::Linear;
pub use lstm::Lstm;
pub use network::{FloatLayer, Network, Operation};
pub use twin::Twin;
