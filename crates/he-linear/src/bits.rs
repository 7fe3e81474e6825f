//! Exact packing of fixed-width values into bytes: value by value, least significant bit first,
//! padded with zero bits at the end only.

/// Bytes that `count` values of `width` bits take.
pub(crate) const fn packed_bytes(count: usize, width: u32) -> usize {
    (count * width as usize).div_ceil(8)
}

/// Appends values of `width` <= 64 bits.
pub(crate) fn pack(out: &mut Vec<u8>, width: u32, values: impl Iterator<Item = u64>) {
    let (mut buffer, mut filled) = (0u128, 0);
    for value in values {
        buffer |= u128::from(value) << filled;
        filled += width;
        if filled >= 64 {
            out.extend_from_slice(&(buffer as u64).to_le_bytes());
            buffer >>= 64;
            filled -= 64;
        }
    }
    let rest = (buffer as u64).to_le_bytes();
    out.extend_from_slice(&rest[..filled.div_ceil(8) as usize]);
}

/// Reads values of `width` <= 64 bits. Missing bytes read as zero; the caller has checked the
/// length.
pub(crate) struct Unpacker<'a> {
    bytes: &'a [u8],
    width: u32,
    buffer: u128,
    filled: u32,
}

impl<'a> Unpacker<'a> {
    /// A reader of `width`-bit values.
    pub(crate) fn new(bytes: &'a [u8], width: u32) -> Self {
        Self { bytes, width, buffer: 0, filled: 0 }
    }

    /// The next value.
    #[inline(always)]
    pub(crate) fn next_value(&mut self) -> u64 {
        if self.filled < self.width {
            self.buffer |= u128::from(self.next_word()) << self.filled;
            self.filled += 64;
        }
        let value = self.buffer as u64 & (u64::MAX >> (64 - self.width));
        self.buffer >>= self.width;
        self.filled -= self.width;
        value
    }

    /// The next eight bytes.
    #[inline(always)]
    fn next_word(&mut self) -> u64 {
        if let Some((word, rest)) = self.bytes.split_first_chunk() {
            self.bytes = rest;
            return u64::from_le_bytes(*word);
        }
        let mut word = [0; 8];
        word[..self.bytes.len()].copy_from_slice(self.bytes);
        self.bytes = &[];
        u64::from_le_bytes(word)
    }

    /// Whether the bits left over are zero.
    pub(crate) fn padding_is_zero(self) -> bool {
        self.buffer == 0 && self.bytes.iter().all(|&byte| byte == 0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::{any, prop, prop_assert, prop_assert_eq, proptest};

    #[test]
    fn the_order_of_bits_is_fixed() {
        let mut bytes = Vec::new();
        pack(&mut bytes, 12, [0xabc, 0x123, 0xfff].into_iter());
        assert_eq!(bytes, [0xbc, 0x3a, 0x12, 0xff, 0x0f]);
    }

    proptest! {
        #[test]
        fn values_return(width in 1u32..=64, values in prop::collection::vec(any::<u64>(), 0..50)) {
            let values: Vec<u64> = values.iter().map(|v| v & (u64::MAX >> (64 - width))).collect();
            let mut bytes = Vec::new();
            pack(&mut bytes, width, values.iter().copied());
            prop_assert_eq!(bytes.len(), packed_bytes(values.len(), width));
            let mut reader = Unpacker::new(&bytes, width);
            for value in &values {
                prop_assert_eq!(reader.next_value(), *value);
            }
            prop_assert!(reader.padding_is_zero());
        }
    }

    #[test]
    fn padding_is_seen() {
        let mut reader = Unpacker::new(&[0xff], 7);
        reader.next_value();
        assert!(!reader.padding_is_zero());
    }
}
