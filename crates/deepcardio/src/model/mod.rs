//! A model: the public architecture with its secret weights, proven free of overflow.
//!
//! Only the party that holds the weights needs this module: it is behind the feature `model`.
//!
//! Weights, and bounds that depend on them, cannot be printed by mistake:
//! ```
//! fn named<T>() {}
//! named::<deepcardio::model::Model>();
//! named::<deepcardio::model::LayerWeights>();
//! named::<deepcardio::model::StageBound>();
//! ```
//! ```compile_fail,E0277
//! fn shown<T: core::fmt::Debug>() {}
//! shown::<deepcardio::model::Model>();
//! ```
//! ```compile_fail,E0277
//! fn shown<T: core::fmt::Debug>() {}
//! shown::<deepcardio::model::LayerWeights>();
//! ```
//! ```compile_fail,E0277
//! fn shown<T: core::fmt::Debug>() {}
//! shown::<deepcardio::model::StageBound>();
//! ```

mod bounds;
mod checked;
mod error;
mod format;
mod format_error;
mod weights;

pub use bounds::StageBound;
pub use checked::Model;
pub use error::{ModelError, PROVENANCE};
pub use format::{MAX_BYTES, VERSION};
pub use format_error::FormatError;
pub use weights::LayerWeights;
