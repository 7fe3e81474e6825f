//! Why a float network has no integer form.

use deepcardio::architecture::{ArchitectureError, TABLE_ENTRIES};
use deepcardio::model::ModelError;

/// A float network has no integer form.
#[derive(Debug, thiserror::Error)]
pub enum QuantiseError {
    /// A layer has no integer form, or stands where the grammar has no place for it.
    #[error("layer `{layer}`: {problem}")]
    Layer {
        /// Layer name.
        layer: String,
        /// What is wrong.
        problem: &'static str,
    },
    /// The scales do not go with the network.
    #[error("quantisation of layer `{layer}`: {problem}")]
    Scales {
        /// Layer name.
        layer: String,
        /// What is wrong.
        problem: &'static str,
    },
    /// A table of an LSTM is too short or too long.
    #[error("quantisation of layer `{layer}`: {found} {what} entries, expected {TABLE_ENTRIES}")]
    Entries {
        /// Layer name.
        layer: String,
        /// Which table.
        what: &'static str,
        /// Entries given.
        found: usize,
    },
    /// Calibration cannot work with what it was given.
    #[error("calibration: {0}")]
    Calibration(String),
    /// A scaled weight or bias does not fit its width.
    #[error("layer `{layer}`: {what} {value} does not fit {bits} bits")]
    Range {
        /// Layer name.
        layer: String,
        /// Weight or bias.
        what: &'static str,
        /// The scaled value.
        value: f64,
        /// Width.
        bits: u32,
    },
    /// The integer network is not a valid architecture.
    #[error(transparent)]
    Architecture(#[from] ArchitectureError),
    /// The integer network is not a valid model.
    #[error(transparent)]
    Model(#[from] ModelError),
}
