//! The DeepCardio arrhythmia network in exact integers.
//!
//! DeepCardio (Van Zaen et al. 2019, arXiv:1907.01513) tells normal rhythm, atrial fibrillation, other rhythms and noise
//! apart in 30 s of single-lead ECG. This crate holds the network without any cryptography
//! (segments come from [`ecg`]):
//!
//! | module | holds |
//! |---|---|
//! | [`architecture`] | what a client may know: layer shapes, widths, an LSTM's tables, preprocessing constants, class names |
//! | [`model`] | the architecture with its secret weights |
//! | [`mod@format`] | the model file `deepcardio.bin` |
//! | [`quant`] | interval analysis: ring widths that no input can overflow; calibration of float networks |
//! | [`layers`], [`mod@reference`] | the integer semantics that every private run equals bit for bit |
//! | [`overlap`] | which values of overlapping windows are the same |
//! | [`fast`] | the same numbers with vector instructions, for evaluation on many records |
//! | [`float`], `import` | the unquantised network, and reading it from HDF5 |

pub mod architecture;
mod bytes;
pub mod fast;
pub mod float;
pub mod format;
#[cfg(feature = "import")]
pub mod import;
mod input;
mod kernel;
pub mod layers;
pub mod model;
pub mod overlap;
pub mod quant;
pub mod reference;
pub mod scores;
pub mod tensor;
#[cfg(any(test, feature = "test-utils"))]
pub mod testkit;

pub use architecture::Architecture;
pub use input::InputError;
pub use model::Model;
