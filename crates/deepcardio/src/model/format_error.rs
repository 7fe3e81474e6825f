//! Why a file is not a model.

use super::error::ModelError;
use crate::decode_error::DecodeError;

/// A file or its bytes are not a model.
#[derive(Debug, thiserror::Error)]
pub enum FormatError {
    /// The file cannot be read.
    #[error("cannot read the model file: {0}")]
    Io(#[from] std::io::Error),
    /// The file does not begin as a model file does.
    #[error("not a DeepCardio model file")]
    BadMagic,
    /// The file was written by another version.
    #[error(
        "format version {found}, this program reads version {supported}: make the file again with `deepcardio convert` \
         from the trained network, then measure its levels of confidence with `deepcardio confidence`"
    )]
    Version {
        /// Version in the file.
        found: u32,
        /// Version of this program.
        supported: u32,
    },
    /// The checksum does not match: the file is damaged.
    #[error("the checksum does not match, the file is damaged")]
    Checksum,
    /// A field or the architecture cannot be decoded.
    #[error(transparent)]
    Decode(#[from] DecodeError),
    /// The weights do not fit the architecture.
    #[error("invalid model: {0}")]
    Model(#[from] ModelError),
}
