//! Packed bit vectors and exact packing of residues modulo 2^ell.
//!
//! Everything is little-endian: bit i of a vector is bit i mod 8 of byte i / 8; residue i occupies the bits
//! `i * ell .. (i + 1) * ell`. Unused bits of the last byte are zero, and a byte form where they are not is refused.

mod residues;
mod vector;

pub use residues::{pack_residues, packed_bytes, residue_mask, unpack_residues};
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
    /// The residues are wider than 32 bits, or 0 bits wide, or too many to address.
    #[error("{count} residues of {ell} bits cannot be packed")]
    Width {
        /// Bits of one residue.
        ell: u32,
        /// Residues asked for.
        count: usize,
    },
}
