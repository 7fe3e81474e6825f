//! Residues modulo 2^ell to bytes and back, without a wasted bit.
//!
//! Everything is little-endian: residue i occupies the bits `i * ell .. (i + 1) * ell`, and bit j
//! of the whole is bit j mod 8 of byte j / 8. Unused bits of the last byte are zero. Bytes in which
//! they are not are refused.

use crate::ring::Ring;

/// Why residues cannot be packed or read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ResidueError {
    /// The bytes do not have the length that the count implies.
    #[error("{actual} bytes where {expected} were expected")]
    Length {
        /// Bytes that the count implies.
        expected: usize,
        /// Bytes received.
        actual: usize,
    },
    /// A bit past the last residue is set.
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

/// Bytes that `count` residues of `ell` bits occupy.
///
/// # Errors
/// [`ResidueError::Width`] if `ell` is not 1 to 32, or there are too many residues to address.
pub fn packed_bytes(count: usize, ell: u32) -> Result<usize, ResidueError> {
    let bits = if (1..=32).contains(&ell) { count.checked_mul(ell as usize) } else { None };
    bits.map(|bits| bits.div_ceil(8)).ok_or(ResidueError::Width { ell, count })
}

/// Packs the low `ell` bits of each value; higher bits are ignored. `ell` is limited to 1..=32.
#[must_use]
pub fn pack_residues(values: &[u32], ell: u32) -> Vec<u8> {
    let ell = ell.clamp(1, 32);
    let mask = Ring::new(ell).mask();
    let mut out = Vec::with_capacity((values.len() * ell as usize).div_ceil(8) + 8);
    let (mut pending, mut filled) = (0u64, 0);
    for value in values {
        pending |= u64::from(value & mask) << filled;
        filled += ell;
        if filled >= 32 {
            out.extend_from_slice(&(pending as u32).to_le_bytes());
            pending >>= 32;
            filled -= 32;
        }
    }
    out.extend_from_slice(&(pending as u32).to_le_bytes()[..filled.div_ceil(8) as usize]);
    out
}

/// Reads `count` residues of `ell` bits.
///
/// # Errors
/// [`ResidueError`] unless `bytes` is exactly what [`pack_residues`] makes of `count` residues.
pub fn unpack_residues(bytes: &[u8], count: usize, ell: u32) -> Result<Vec<u32>, ResidueError> {
    let expected = packed_bytes(count, ell)?;
    if bytes.len() != expected {
        return Err(ResidueError::Length { expected, actual: bytes.len() });
    }
    let mask = u64::from(Ring::new(ell).mask());
    let (words, tail) = bytes.as_chunks();
    let mut last = [0; 4];
    last[..tail.len()].copy_from_slice(tail);
    let mut words = words.iter().chain([&last]).map(|word| u64::from(u32::from_le_bytes(*word)));
    let (mut pending, mut filled) = (0u64, 0);
    let mut values = Vec::with_capacity(count);
    for _ in 0..count {
        if filled < ell {
            pending |= words.next().unwrap_or_default() << filled;
            filled += 32;
        }
        values.push((pending & mask) as u32);
        pending >>= ell;
        filled -= ell;
    }
    // What is left of the last byte stands in `pending`, followed only by the zeros that fill up
    // `last`.
    if pending == 0 { Ok(values) } else { Err(ResidueError::Padding) }
}

#[cfg(test)]
mod tests {
    use proptest::collection::vec;
    use proptest::{prop_assert_eq, proptest};

    use super::{ResidueError, pack_residues, packed_bytes, unpack_residues};
    use crate::ring::Ring;

    proptest! {
        #[test]
        fn round_trip(values in vec(0u32.., 0..200), ell in 1u32..=32) {
            let bytes = pack_residues(&values, ell);
            prop_assert_eq!(bytes.len(), packed_bytes(values.len(), ell)?);
            let expected: Vec<u32> = values.iter().map(|value| value & Ring::new(ell).mask()).collect();
            prop_assert_eq!(unpack_residues(&bytes, values.len(), ell)?, expected);
        }

        #[test]
        fn bits_lie_where_the_module_says(values in vec(0u32.., 1..60), ell in 1u32..=32) {
            let bytes = pack_residues(&values, ell);
            for (i, value) in values.iter().enumerate() {
                for j in 0..ell as usize {
                    let place = i * ell as usize + j;
                    prop_assert_eq!(bytes[place / 8] >> (place % 8) & 1, (value >> j & 1) as u8);
                }
            }
        }

        #[test]
        fn any_bit_past_the_end_is_refused(count in 1usize..50, ell in 1u32..=32, choice in 0usize..8) {
            let mut bytes = pack_residues(&vec![u32::MAX; count], ell);
            let unused = bytes.len() * 8 - count * ell as usize;
            if unused > 0 {
                *bytes.last_mut().unwrap() |= 0x80 >> (choice % unused);
                prop_assert_eq!(unpack_residues(&bytes, count, ell), Err(ResidueError::Padding));
            }
        }
    }

    #[test]
    fn wrong_lengths_and_widths_are_refused() {
        assert_eq!(unpack_residues(&[0; 4], 3, 8), Err(ResidueError::Length { expected: 3, actual: 4 }));
        assert_eq!(unpack_residues(&[0; 2], 3, 8), Err(ResidueError::Length { expected: 3, actual: 2 }));
        assert_eq!(unpack_residues(&[], 3, 0), Err(ResidueError::Width { ell: 0, count: 3 }));
        assert_eq!(unpack_residues(&[], 3, 33), Err(ResidueError::Width { ell: 33, count: 3 }));
        assert!(matches!(unpack_residues(&[], usize::MAX, 9), Err(ResidueError::Width { .. })));
    }
}
