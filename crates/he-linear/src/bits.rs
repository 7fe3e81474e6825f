//! Exact packing of fixed-width values into bytes: value by value, least significant bit first, padded with zero bits
//! at the end only.

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
