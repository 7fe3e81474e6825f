//! Why an HDF5 file is not a network that can be imported.

/// The Keras layers that are understood.
pub const SUPPORTED_LAYERS: &str = "InputLayer, TimeDistributed, Conv1D, BatchNormalization, ReLU, Activation, \
    MaxPooling1D, AveragePooling1D (over all positions), GlobalAveragePooling1D, Flatten, Dense, LSTM, Dropout, \
    SpatialDropout1D, GaussianNoise, Sequential, Functional";

/// An HDF5 file is not a network that can be imported.
#[derive(Debug, thiserror::Error)]
pub enum ImportError {
    /// The file cannot be opened.
    #[error("cannot open the file: {0}")]
    File(String),
    /// The file is larger than any that is read.
    #[error("the file has {found} bytes, at most {limit} are read")]
    TooLarge {
        /// Bytes.
        found: u64,
        /// Largest size.
        limit: u64,
    },
    /// The file is not HDF5 or damaged.
    #[error("cannot read the HDF5 file: {0}")]
    Hdf5(#[from] hdf5_reader::error::Error),
    /// There is no `model_config`.
    #[error(
        "the file has no root attribute `model_config`: save the whole Keras model, not only its weights"
    )]
    NoConfig,
    /// A JSON attribute does not parse.
    #[error("an attribute is not the JSON expected: {0}")]
    Json(#[from] serde_json::Error),
    /// The configuration lacks a field.
    #[error("layer `{layer}`: the configuration has no usable `{field}`")]
    Field {
        /// Layer name.
        layer: String,
        /// Field name.
        field: &'static str,
    },
    /// The layers do not form one chain.
    #[error("layer `{layer}` does not take the output of the layer before it: only chains are supported")]
    NotAChain {
        /// Layer name.
        layer: String,
    },
    /// A layer type has no counterpart here.
    #[error("layer `{layer}` has the unsupported type {class}; supported are {SUPPORTED_LAYERS}")]
    UnsupportedLayer {
        /// Layer name.
        layer: String,
        /// Keras class.
        class: String,
    },
    /// A layer is used in a way that has no counterpart here.
    #[error("layer `{layer}`: {problem}")]
    UnsupportedUse {
        /// Layer name.
        layer: String,
        /// What is not supported.
        problem: String,
    },
    /// An array is missing.
    #[error("layer `{layer}` has no array `{array}`")]
    MissingArray {
        /// Layer name.
        layer: String,
        /// Array name.
        array: String,
    },
    /// An array has another shape than the configuration says.
    #[error("layer `{layer}`: array `{array}` has shape {found:?}, expected {expected:?}")]
    ArrayShape {
        /// Layer name.
        layer: String,
        /// Array name.
        array: String,
        /// Shape in the file.
        found: Vec<usize>,
        /// Shape that fits.
        expected: Vec<usize>,
    },
    /// A weight is NaN or infinite.
    #[error("layer `{layer}`: array `{array}` holds a value that is not finite")]
    NotFinite {
        /// Layer name.
        layer: String,
        /// Array name.
        array: String,
    },
}
