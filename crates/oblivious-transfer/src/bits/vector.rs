//! A vector of bits in 64-bit words.

use core::fmt;

use rand_core::Rng;
use zeroize::Zeroize;

use super::BitsError;

/// A vector of mostly secret bits: wiped when dropped, `Debug` shows the length alone.
///
/// Invariant: there are `len.div_ceil(64)` words and the unused high bits of the last one are zero.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct BitVec {
    words: Vec<u64>,
    len: usize,
}

impl BitVec {
    /// No bits.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// No bits, with room for `len`: as many can be added without leaving an unwiped copy behind.
    #[must_use]
    pub fn with_capacity(len: usize) -> Self {
        Self { words: Vec::with_capacity(len.div_ceil(64)), len: 0 }
    }

    /// `len` zero bits.
    #[must_use]
    pub fn zeros(len: usize) -> Self {
        Self { words: vec![0; len.div_ceil(64)], len }
    }

    /// `len` uniformly random bits.
    #[must_use]
    pub fn random(len: usize, rng: &mut (impl Rng + ?Sized)) -> Self {
        Self::from_words((0..len.div_ceil(64)).map(|_| rng.next_u64()).collect(), len)
    }

    /// The first `len` bits of `words`; missing words are zero.
    #[must_use]
    pub fn from_words(mut words: Vec<u64>, len: usize) -> Self {
        words.resize(len.div_ceil(64), 0);
        let mut bits = Self { words, len };
        bits.clear_padding();
        bits
    }

    /// The bits in order.
    #[must_use]
    pub fn from_bools(bools: &[bool]) -> Self {
        let words = bools
            .chunks(64)
            .map(|chunk| chunk.iter().zip(0..).fold(0, |word, (bit, place)| word | u64::from(*bit) << place));
        Self { words: words.collect(), len: bools.len() }
    }

    /// Reads the byte form of exactly `len` bits.
    pub fn from_bytes(bytes: &[u8], len: usize) -> Result<Self, BitsError> {
        let expected = len.div_ceil(8);
        if bytes.len() != expected {
            return Err(BitsError::Length { expected, actual: bytes.len() });
        }
        let words = bytes.chunks(8).map(|chunk| {
            let mut word = [0; 8];
            word[..chunk.len()].copy_from_slice(chunk);
            u64::from_le_bytes(word)
        });
        let bits = Self { words: words.collect(), len };
        match bits.words.last() {
            Some(last) if last & !bits.last_mask() != 0 => Err(BitsError::Padding),
            _ => Ok(bits),
        }
    }

    /// The byte form: `len.div_ceil(8)` bytes.
    #[must_use]
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut bytes: Vec<u8> = self.words.iter().flat_map(|word| word.to_le_bytes()).collect();
        bytes.truncate(self.len.div_ceil(8));
        bytes
    }

    /// Number of bits.
    #[must_use]
    pub fn len(&self) -> usize {
        self.len
    }

    /// Whether there is no bit.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// The words; unused high bits of the last one are zero.
    #[must_use]
    pub fn words(&self) -> &[u64] {
        &self.words
    }

    /// Bit `index`; false past the end.
    #[must_use]
    #[inline]
    pub fn get(&self, index: usize) -> bool {
        index < self.len && self.words[index / 64] >> (index % 64) & 1 == 1
    }

    /// Sets bit `index`; does nothing past the end.
    #[inline]
    pub fn set(&mut self, index: usize, bit: bool) {
        if index < self.len {
            let word = &mut self.words[index / 64];
            *word = *word & !(1 << (index % 64)) | u64::from(bit) << (index % 64);
        }
    }

    /// Appends one bit.
    #[inline]
    pub fn push(&mut self, bit: bool) {
        if self.len.is_multiple_of(64) {
            self.words.push(0);
        }
        self.len += 1;
        self.set(self.len - 1, bit);
    }

    /// Appends the low `count` bits of `word`, at most 64.
    #[inline]
    pub fn push_word(&mut self, word: u64, count: u32) {
        let count = count.min(64);
        if count == 0 {
            return;
        }
        let word = word & (u64::MAX >> (64 - count));
        let place = self.len % 64;
        match self.words.last_mut() {
            Some(last) if place > 0 => {
                *last |= word << place;
                if place + count as usize > 64 {
                    self.words.push(word >> (64 - place));
                }
            }
            _ => self.words.push(word),
        }
        self.len += count as usize;
    }

    /// Appends all bits of `other`.
    pub fn extend(&mut self, other: &Self) {
        let mut left = other.len;
        for word in &other.words {
            self.push_word(*word, left.min(64) as u32);
            left = left.saturating_sub(64);
        }
    }

    /// The bits `start .. start + len`; bits past the end are zero.
    #[must_use]
    pub fn slice(&self, start: usize, len: usize) -> Self {
        let words = (0..len.div_ceil(64)).map(|i| self.word_at(start + 64 * i)).collect();
        Self::from_words(words, len)
    }

    /// The 64 bits from `start` on; bits past the end are zero.
    #[must_use]
    #[inline]
    pub fn word_at(&self, start: usize) -> u64 {
        let word = |index: usize| self.words.get(index).copied().unwrap_or_default();
        let (index, place) = (start / 64, start % 64);
        let low = word(index) >> place;
        if place == 0 { low } else { low | word(index + 1) << (64 - place) }
    }

    /// Exclusive-or with a vector of the same length; of a shorter or longer one, the common part.
    pub fn xor_assign(&mut self, other: &Self) {
        for (word, other) in self.words.iter_mut().zip(&other.words) {
            *word ^= other;
        }
        self.clear_padding();
    }

    /// The bits in order.
    #[must_use]
    pub fn iter(&self) -> impl ExactSizeIterator<Item = bool> + '_ {
        (0..self.len).map(|index| self.get(index))
    }

    /// Number of set bits.
    #[must_use]
    pub fn count_ones(&self) -> usize {
        self.words.iter().map(|word| word.count_ones() as usize).sum()
    }

    fn last_mask(&self) -> u64 {
        match self.len % 64 {
            0 => u64::MAX,
            used => (1 << used) - 1,
        }
    }

    fn clear_padding(&mut self) {
        let mask = self.last_mask();
        if let Some(last) = self.words.last_mut() {
            *last &= mask;
        }
    }
}

impl Drop for BitVec {
    fn drop(&mut self) {
        self.words.zeroize();
    }
}

impl fmt::Debug for BitVec {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "BitVec({} bits)", self.len)
    }
}

#[cfg(test)]
mod tests {
    use proptest::collection::vec;
    use proptest::{bool, prop_assert, prop_assert_eq, proptest};

    use super::super::BitsError;
    use super::BitVec;

    proptest! {
        #[test]
        fn bools_bytes_and_pushes_agree(bools in vec(bool::ANY, 0..300)) {
            let bits = BitVec::from_bools(&bools);
            prop_assert!(bits.iter().eq(bools.iter().copied()));
            prop_assert_eq!(&BitVec::from_bytes(&bits.to_bytes(), bools.len())?, &bits);
            let mut pushed = BitVec::new();
            bools.iter().for_each(|bit| pushed.push(*bit));
            prop_assert_eq!(&pushed, &bits);
            prop_assert_eq!(bits.count_ones(), bools.iter().filter(|bit| **bit).count());
        }

        #[test]
        fn slices_and_extension_follow_bools(a in vec(bool::ANY, 0..300), b in vec(bool::ANY, 0..300), cut in 0usize..300) {
            let mut bits = BitVec::from_bools(&a);
            bits.extend(&BitVec::from_bools(&b));
            let all = [a, b].concat();
            prop_assert_eq!(&bits, &BitVec::from_bools(&all));
            let cut = cut.min(all.len());
            prop_assert_eq!(bits.slice(cut, all.len() - cut), BitVec::from_bools(&all[cut..]));
            prop_assert_eq!(bits.slice(0, cut), BitVec::from_bools(&all[..cut]));
        }

        #[test]
        fn words_of_any_width_are_appended(pieces in vec((0u64.., 0u32..=64), 0..40)) {
            let (mut words, mut single) = (BitVec::new(), BitVec::new());
            for (word, count) in pieces {
                words.push_word(word, count);
                (0..count).for_each(|place| single.push(word >> place & 1 == 1));
            }
            prop_assert_eq!(words, single);
        }
    }

    #[test]
    fn bad_byte_forms_are_refused() {
        assert_eq!(BitVec::from_bytes(&[0], 9), Err(BitsError::Length { expected: 2, actual: 1 }));
        assert_eq!(BitVec::from_bytes(&[0, 2], 9), Err(BitsError::Padding));
        assert_eq!(BitVec::from_bytes(&[255, 1], 9).map(|bits| bits.count_ones()), Ok(9));
    }

    #[test]
    fn exclusive_or_cancels() {
        let mut bits = BitVec::from_bools(&[true; 70]);
        bits.xor_assign(&bits.clone());
        assert_eq!(bits, BitVec::zeros(70));
    }
}
