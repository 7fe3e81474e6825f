//! Packed bit vectors.
//!
//! Everything is little-endian: bit i of a vector is bit i mod 8 of byte i / 8. Unused bits of the
//! last byte are zero. Bytes in which they are not are refused.

mod vector;

pub use vector::BitVec;

/// Bytes of another length, or with bits set past the end.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BitsError {
    /// The bytes do not have the length that the count implies.
    #[error("{actual} bytes where {expected} were expected")]
    Length {
        /// Bytes that the count implies.
        expected: usize,
        /// Bytes received.
        actual: usize,
    },
    /// A bit past the last value is set.
    #[error("unused bits of the last byte are not zero")]
    Padding,
}
