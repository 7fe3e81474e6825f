//! Exact packing of fixed-width values into bytes: value by value, least significant bit first, padded with
//! zero bits at the end only.

/// Bytes that `count` values of `width` bits take.
pub(crate) const fn packed_bytes(count: usize, width: u32) -> usize {
    (count * width as usize).div_ceil(8)
}

/// Appends values of `width` <= 40 bits.
pub(crate) fn pack(out: &mut Vec<u8>, width: u32, values: impl Iterator<Item = u64>) {
    let (mut buffer, mut filled) = (0u64, 0);
    for value in values {
        buffer |= value << filled;
        filled += width;
        while filled >= 8 {
            out.push(buffer as u8);
            buffer >>= 8;
            filled -= 8;
        }
    }
    if filled > 0 {
        out.push(buffer as u8);
    }
}

/// Reads values of `width` <= 40 bits. Missing bytes read as zero; the caller has checked the length.
pub(crate) struct Unpacker<'a> {
    bytes: core::slice::Iter<'a, u8>,
    width: u32,
    buffer: u64,
    filled: u32,
}

impl<'a> Unpacker<'a> {
    /// A reader of `width`-bit values.
    pub(crate) fn new(bytes: &'a [u8], width: u32) -> Self {
        Self { bytes: bytes.iter(), width, buffer: 0, filled: 0 }
    }

    /// The next value.
    #[inline(always)]
    pub(crate) fn next_value(&mut self) -> u64 {
        while self.filled < self.width {
            self.buffer |= u64::from(self.bytes.next().copied().unwrap_or(0)) << self.filled;
            self.filled += 8;
        }
        let value = self.buffer & ((1 << self.width) - 1);
        self.buffer >>= self.width;
        self.filled -= self.width;
        value
    }

    /// Whether the bits left over are zero.
    pub(crate) fn padding_is_zero(self) -> bool {
        self.buffer == 0 && self.bytes.as_slice().iter().all(|&byte| byte == 0)
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
        fn values_return(width in 1u32..=40, values in prop::collection::vec(any::<u64>(), 0..50)) {
            let values: Vec<u64> = values.iter().map(|v| v & ((1 << width) - 1)).collect();
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
