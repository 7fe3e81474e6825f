//! Residues modulo 2^ell to bytes and back, without a wasted bit.

use super::BitsError;

/// The mask of the low `ell` bits; all 32 for larger `ell`.
#[must_use]
#[inline]
pub const fn residue_mask(ell: u32) -> u32 {
    if ell >= 32 { u32::MAX } else { (1 << ell) - 1 }
}

/// Bytes that `count` residues of `ell` bits occupy, or an error if `ell` is not in 1..=32.
pub fn packed_bytes(count: usize, ell: u32) -> Result<usize, BitsError> {
    let bits = if (1..=32).contains(&ell) { count.checked_mul(ell as usize) } else { None };
    bits.map(|bits| bits.div_ceil(8)).ok_or(BitsError::Width { ell, count })
}

/// Packs the low `ell` bits of each value; higher bits are ignored. `ell` is limited to 1..=32.
#[must_use]
pub fn pack_residues(values: &[u32], ell: u32) -> Vec<u8> {
    let ell = ell.clamp(1, 32);
    let mask = residue_mask(ell);
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

/// Reads `count` residues of `ell` bits; `bytes` must be exactly what [`pack_residues`] makes.
pub fn unpack_residues(bytes: &[u8], count: usize, ell: u32) -> Result<Vec<u32>, BitsError> {
    let expected = packed_bytes(count, ell)?;
    if bytes.len() != expected {
        return Err(BitsError::Length { expected, actual: bytes.len() });
    }
    let mask = u64::from(residue_mask(ell));
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
    // What is left of the last byte stands in `pending`, followed only by the zeros that fill up `last`.
    if pending == 0 { Ok(values) } else { Err(BitsError::Padding) }
}

#[cfg(test)]
mod tests {
    use proptest::collection::vec;
    use proptest::{prop_assert_eq, proptest};

    use super::super::BitsError;
    use super::{pack_residues, packed_bytes, residue_mask, unpack_residues};

    proptest! {
        #[test]
        fn round_trip(values in vec(0u32.., 0..200), ell in 1u32..=32) {
            let bytes = pack_residues(&values, ell);
            prop_assert_eq!(bytes.len(), packed_bytes(values.len(), ell)?);
            let expected: Vec<u32> = values.iter().map(|value| value & residue_mask(ell)).collect();
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
                prop_assert_eq!(unpack_residues(&bytes, count, ell), Err(BitsError::Padding));
            }
        }
    }

    #[test]
    fn wrong_lengths_and_widths_are_refused() {
        assert_eq!(unpack_residues(&[0; 4], 3, 8), Err(BitsError::Length { expected: 3, actual: 4 }));
        assert_eq!(unpack_residues(&[0; 2], 3, 8), Err(BitsError::Length { expected: 3, actual: 2 }));
        assert_eq!(unpack_residues(&[], 3, 0), Err(BitsError::Width { ell: 0, count: 3 }));
        assert_eq!(unpack_residues(&[], 3, 33), Err(BitsError::Width { ell: 33, count: 3 }));
        assert!(matches!(unpack_residues(&[], usize::MAX, 9), Err(BitsError::Width { .. })));
    }
}
