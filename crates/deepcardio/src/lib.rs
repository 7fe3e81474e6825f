//! The DeepCardio arrhythmia network in exact integers.
//!
//! DeepCardio (Van Zaen et al. 2019, arXiv:1907.01513) tells normal rhythm, atrial fibrillation,
//! other rhythms and noise apart in 30 s of single-lead ECG. This crate holds the network without
//! any cryptography. Segments come from the crate [`ecg`]. Training, import and evaluation are in
//! `deepcardio-tools`.
//!
//! | module | holds |
//! |---|---|
//! | [`architecture`] | what a client may know: layers, widths, an LSTM's tables, front end, classes |
//! | [`layers`] | the integer semantics of each layer |
//! | [`overlap`] | which values of overlapping windows are the same |
//! | [`scores`] | from class scores to a label, how sure it is, and probabilities |
//! | `model` | the architecture with its secret weights, their bounds, and the model file `deepcardio.bin` |
//! | `reference` | the whole network, which every private run equals bit for bit |
//! | `kernel` | a convolution with vector instructions, on residues, integers and floats |
//!
//! The last three are behind the feature `model`, which is on by default. A gateway builds without
//! it: it knows the architecture of a server and never its weights.

pub mod architecture;
mod bytes;
mod decode_error;
mod input;
#[cfg(feature = "model")]
pub mod kernel;
pub mod layers;
#[cfg(feature = "model")]
pub mod model;
pub mod overlap;
#[cfg(feature = "model")]
pub mod reference;
pub mod scores;
pub mod tensor;
#[cfg(feature = "test-utils")]
pub mod testkit;
pub mod trace;

pub use architecture::Architecture;
pub use decode_error::DecodeError;
pub use input::InputError;
#[cfg(feature = "model")]
pub use model::Model;
