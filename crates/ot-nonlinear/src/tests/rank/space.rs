//! Planes, and the space over F2 that some of them span.

use crate::bits::lanes::{LANES, to_planes};

/// One bit of every instance.
pub(super) type Plane = Vec<u64>;

/// The planes of a message about `count` instances, a multiple of [`LANES`].
pub(super) fn planes(message: &[u8], count: usize) -> Vec<Plane> {
    let chunks = count / LANES;
    let each = message.len() / (count / 8);
    let plane = |chunk: usize, plane: usize| {
        let start = (chunk * each + plane) * LANES / 8;
        message[start..start + LANES / 8].as_chunks().0.iter().map(|bytes| u64::from_le_bytes(*bytes))
    };
    (0..each).map(|index| (0..chunks).flat_map(|chunk| plane(chunk, index)).collect()).collect()
}

/// The lowest `width` bits of one value for each instance.
pub(super) fn planes_of(values: &[u32], width: u32) -> Vec<Plane> {
    let chunks: Vec<_> = values.chunks(LANES).map(|values| to_planes(values, width)).collect();
    (0..width as usize).map(|bit| chunks.iter().flat_map(|planes| planes[bit].0).collect()).collect()
}

/// The values whose bits are `planes`.
pub(super) fn values_of(planes: &[Plane]) -> Vec<u32> {
    let value = |instance: usize| {
        let bits = planes.iter().map(|plane| (plane[instance / 64] >> (instance % 64)) as u32 & 1);
        bits.zip(0..).fold(0, |value, (bit, place)| value | bit << place)
    };
    (0..64 * planes[0].len()).map(value).collect()
}

/// A space of vectors of so many bits. A longer plane counts as several vectors.
pub(super) struct Space {
    words: usize,
    /// For each column a vector that has its first one there.
    basis: Vec<Option<Plane>>,
    dimension: usize,
}

impl Space {
    /// The multiples of the vector of ones.
    pub(super) fn new(bits: usize) -> Self {
        let mut space = Self { words: bits / 64, basis: vec![None; bits], dimension: 0 };
        space.add(&vec![u64::MAX; bits / 64]);
        space
    }

    /// Adds a plane. Gives how many of its vectors were in the space already.
    pub(super) fn add(&mut self, plane: &[u64]) -> usize {
        let words = self.words;
        let inside = plane.chunks(words).filter(|vector| !self.extend(vector.to_vec())).count();
        assert!(self.dimension + 64 < 64 * words, "{} vectors need more instances", self.dimension);
        inside
    }

    /// Whether the vector was outside.
    fn extend(&mut self, mut vector: Plane) -> bool {
        for word in 0..vector.len() {
            while vector[word] != 0 {
                let column = 64 * word + vector[word].trailing_zeros() as usize;
                let Some(basis) = &self.basis[column] else {
                    self.basis[column] = Some(vector);
                    self.dimension += 1;
                    return true;
                };
                vector[word..].iter_mut().zip(&basis[word..]).for_each(|(to, from)| *to ^= from);
            }
        }
        false
    }
}
