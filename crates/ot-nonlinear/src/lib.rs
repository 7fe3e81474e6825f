//! The non-linear step of a private network on additive shares, from correlated oblivious transfer, without I/O.

mod argmax;
mod chunk;
mod circuit;
mod error;
mod lanes;
mod material;
mod party;
mod reduce;
mod selection;
mod shape;
mod step;
mod wire;

pub use argmax::{ClientArgmax, ServerArgmax, ServerArgmaxOffline};
pub use circuit::{ArgmaxPlan, ArgmaxShape, CotCounts, Schedule, StepPlan};
pub use error::StepError;
pub use material::{ReceivedMaterial, SentMaterial};
pub use reduce::{ReceivedReducer, SentReducer, Session};
pub use shape::{Mode, Role, StepShape};
pub use step::{ClientStep, ServerOffline, ServerStep};

#[cfg(test)]
mod tests;
