//! Why bytes are not an architecture, or not what a field should hold.

use crate::architecture::ArchitectureError;

/// Bytes cannot be decoded.
#[derive(Debug, thiserror::Error)]
pub enum DecodeError {
    /// More bytes than are ever read.
    #[error("{found} bytes, at most {limit} are read")]
    TooLarge {
        /// Bytes given or announced.
        found: u64,
        /// Largest size.
        limit: u64,
    },
    /// The architecture was encoded by another version.
    #[error("version {found} of an encoded architecture, this program reads version {supported}")]
    Version {
        /// Version in the encoding.
        found: u32,
        /// Version of this program.
        supported: u32,
    },
    /// The bytes end too early.
    #[error("the data is cut short")]
    Truncated,
    /// Bytes follow the end.
    #[error("{extra} bytes follow the end")]
    TrailingBytes {
        /// Bytes too many.
        extra: usize,
    },
    /// A count is above its limit.
    #[error("{found} {what}, at most {limit} are allowed")]
    TooMany {
        /// What is counted.
        what: &'static str,
        /// Count in the data.
        found: u64,
        /// Largest count.
        limit: u64,
    },
    /// A code has no meaning.
    #[error("unknown {what} code {value}")]
    UnknownCode {
        /// Kind of code.
        what: &'static str,
        /// Value found.
        value: u8,
    },
    /// A text is not UTF-8.
    #[error("the {what} is not UTF-8 text")]
    NotText {
        /// Which text.
        what: &'static str,
    },
    /// The architecture is not valid.
    #[error("invalid architecture: {0}")]
    Architecture(#[from] ArchitectureError),
}
