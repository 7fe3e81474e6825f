//! Bytes of a message: the bit planes of each chunk, one chunk after another.
//!
//! Every plane is cut to the chunk's instances, and all are packed to the bit, least significant
//! first. A full chunk fills whole bytes. Only the last chunk is padded, with zeros.

use rayon::prelude::*;

use crate::bits::lanes::{LANES, Lanes};
use crate::error::StepError;

/// Bytes of `planes` planes of `count` instances.
pub(crate) const fn message_bytes(planes: usize, count: usize) -> usize {
    (planes * count).div_ceil(8)
}

/// The part of a message that belongs to each chunk, in order.
fn chunk_bytes(planes: usize, count: usize) -> usize {
    message_bytes(planes, count.min(LANES))
}

/// Instances of chunk `index`.
fn lanes(count: usize, index: usize) -> usize {
    (count - index * LANES).min(LANES)
}

/// A message of `planes` planes of `count` instances, each chunk writing its part.
pub(crate) fn write_chunks<C: Sync>(
    chunks: &[C],
    planes: usize,
    count: usize,
    write: impl Fn(&C, &mut PlaneWriter<'_>) + Sync,
) -> Vec<u8> {
    let mut message = vec![0; message_bytes(planes, count)];
    let parts = message.par_chunks_mut(chunk_bytes(planes, count).max(1));
    let chunks = chunks.par_iter().enumerate().zip(parts);
    chunks.for_each(|((index, chunk), bytes)| {
        write(chunk, &mut PlaneWriter::new(bytes, lanes(count, index)));
    });
    message
}

/// Every chunk reads its part of a message of `planes` planes of `count` instances.
pub(crate) fn read_chunks<C: Send>(
    chunks: &mut [C],
    planes: usize,
    count: usize,
    message: &[u8],
    read: impl Fn(&mut C, &mut PlaneReader<'_>) + Sync,
) -> Result<(), StepError> {
    check_length(message, message_bytes(planes, count))?;
    let size = chunk_bytes(planes, count);
    chunks.par_iter_mut().enumerate().for_each(|(index, chunk)| {
        let start = (index * size).min(message.len());
        let end = (start + size).min(message.len());
        read(chunk, &mut PlaneReader::new(&message[start..end], lanes(count, index)));
    });
    Ok(())
}

/// Refuses a message of the wrong length.
pub(crate) fn check_length(message: &[u8], expected: usize) -> Result<(), StepError> {
    if message.len() == expected {
        Ok(())
    } else {
        Err(StepError::MessageLength { expected, found: message.len() })
    }
}

/// Writes the planes of one chunk.
pub(crate) struct PlaneWriter<'a> {
    bytes: &'a mut [u8],
    lanes: usize,
    bit: usize,
}

impl<'a> PlaneWriter<'a> {
    /// Planes of `lanes` instances into zeroed `bytes`.
    pub(crate) fn new(bytes: &'a mut [u8], lanes: usize) -> Self {
        Self { bytes, lanes, bit: 0 }
    }

    /// Appends one plane.
    pub(crate) fn put(&mut self, plane: Lanes) {
        if self.lanes == LANES {
            let start = self.bit / 8;
            for (target, word) in self.bytes[start..start + LANES / 8].chunks_exact_mut(8).zip(plane.0) {
                target.copy_from_slice(&word.to_le_bytes());
            }
        } else {
            for (index, word) in plane.0.iter().enumerate().take(self.lanes.div_ceil(64)) {
                self.put_bits(self.bit + index * 64, *word, (self.lanes - index * 64).min(64));
            }
        }
        self.bit += self.lanes;
    }

    fn put_bits(&mut self, position: usize, word: u64, count: usize) {
        let spread = u128::from(word & (u64::MAX >> (64 - count))) << (position % 8);
        let start = position / 8;
        let used = (position % 8 + count).div_ceil(8);
        for (target, byte) in self.bytes[start..start + used].iter_mut().zip(spread.to_le_bytes()) {
            *target |= byte;
        }
    }
}

/// Reads the planes of one chunk. The message's length was checked before.
pub(crate) struct PlaneReader<'a> {
    bytes: &'a [u8],
    lanes: usize,
    bit: usize,
}

impl<'a> PlaneReader<'a> {
    /// Planes of `lanes` instances from `bytes`.
    pub(crate) fn new(bytes: &'a [u8], lanes: usize) -> Self {
        Self { bytes, lanes, bit: 0 }
    }

    /// The next plane. Lanes beyond the chunk's instances are zero.
    pub(crate) fn take(&mut self) -> Lanes {
        let mut plane = Lanes::ZERO;
        for (index, word) in plane.0.iter_mut().enumerate().take(self.lanes.div_ceil(64)) {
            *word = self.bits(self.bit + index * 64, (self.lanes - index * 64).min(64));
        }
        self.bit += self.lanes;
        plane
    }

    fn bits(&self, position: usize, count: usize) -> u64 {
        let mut window = [0; 16];
        let start = position / 8;
        let used = (position % 8 + count).div_ceil(8);
        window[..used].copy_from_slice(&self.bytes[start..start + used]);
        (u128::from_le_bytes(window) >> (position % 8)) as u64 & (u64::MAX >> (64 - count))
    }

    /// The next `width` planes.
    pub(crate) fn take_many(&mut self, width: u32) -> Vec<Lanes> {
        (0..width).map(|_| self.take()).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::{PlaneReader, PlaneWriter, message_bytes};
    use crate::bits::lanes::{LANES, Lanes, to_planes};

    #[test]
    fn planes_of_any_size_are_packed_to_the_bit() {
        for lanes in [1, 5, 63, 64, 65, 100, 1023, LANES] {
            let values: Vec<u32> = (0..lanes as u32).map(|i| i.wrapping_mul(0x85eb_ca6b) >> 7).collect();
            let planes = to_planes(&values, 11);
            let mut bytes = vec![0; message_bytes(11, lanes)];
            let mut writer = PlaneWriter::new(&mut bytes, lanes);
            for plane in &planes {
                writer.put(*plane);
            }
            let mut reader = PlaneReader::new(&bytes, lanes);
            assert!(reader.take_many(11).iter().zip(&planes).all(|(a, b)| a.0 == b.0));
        }
    }

    #[test]
    fn lanes_without_an_instance_are_not_sent() {
        let mut bytes = [0; 1];
        let mut writer = PlaneWriter::new(&mut bytes, 3);
        writer.put(Lanes::ONES);
        writer.put(Lanes::ZERO);
        assert_eq!(bytes, [0b0000_0111]);
    }
}
