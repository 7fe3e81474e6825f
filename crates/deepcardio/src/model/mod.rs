//! A model: the public architecture with its secret weights, proven free of overflow.
//!
//! Only the party that holds the weights needs this module: it is behind the feature `model`.

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
