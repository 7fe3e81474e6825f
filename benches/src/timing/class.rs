//! The two classes, and a choice between their inputs that leaves no trace.
//!
//! The input of a run must look the same to the caches and to the branch predictor in both classes.
//! Otherwise the clock would see how the input was made ready. So both inputs are read whole, a
//! mask picks one, and the copy is what the run works on.

use oblivious_transfer::bits::BitVec;
use oblivious_transfer::block::Block;

/// Which of the two settings of the secret a run has, as a mask.
#[derive(Clone, Copy)]
pub struct Class {
    /// All ones in the second class.
    mask: u64,
}

impl Class {
    /// The first or the second class, by a bit.
    #[must_use]
    pub fn new(bit: u32) -> Self {
        Self { mask: u64::from(bit & 1).wrapping_neg() }
    }

    /// Whether this is the second class.
    #[must_use]
    pub fn is_second(self) -> bool {
        self.mask & 1 == 1
    }

    /// A copy of the first or of the second input, which have the same length.
    #[must_use]
    pub fn choose<T: Choose>(self, inputs: &[T; 2]) -> T {
        let [first, second] = inputs;
        T::choose(first, second, self.mask)
    }
}

/// What can be chosen by a mask.
pub trait Choose {
    /// `first` where the mask is zero, `second` where it is all ones.
    #[must_use]
    fn choose(first: &Self, second: &Self, mask: u64) -> Self;
}

macro_rules! choose_integers {
    ($($integer:ty),*) => { $(
        impl Choose for $integer {
            fn choose(first: &Self, second: &Self, mask: u64) -> Self {
                first ^ ((first ^ second) & mask as $integer)
            }
        }
    )* };
}

choose_integers!(u8, i8, i32, u32, u64);

impl Choose for Block {
    fn choose(first: &Self, second: &Self, mask: u64) -> Self {
        *first ^ ((*first ^ *second) & Self::from_words([mask; 2]))
    }
}

impl<T: Choose> Choose for Vec<T> {
    fn choose(first: &Self, second: &Self, mask: u64) -> Self {
        first.iter().zip(second).map(|(first, second)| T::choose(first, second, mask)).collect()
    }
}

impl Choose for BitVec {
    fn choose(first: &Self, second: &Self, mask: u64) -> Self {
        let words = first.words().iter().zip(second.words());
        let words = words.map(|(first, second)| u64::choose(first, second, mask)).collect();
        Self::from_words(words, first.len())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_class_chooses_its_input() {
        let (first, second) = (Class::new(2), Class::new(7));
        assert!(!first.is_second() && second.is_second());
        let numbers = [vec![1_u32, 2, u32::MAX], vec![4, 0, 6]];
        assert_eq!(first.choose(&numbers), numbers[0]);
        assert_eq!(second.choose(&numbers), numbers[1]);
        assert_eq!([first, second].map(|class| class.choose(&[-3_i8, 5])), [-3, 5]);
        let blocks = [Block::ONE, Block::new(u128::MAX)];
        assert_eq!([first, second].map(|class| class.choose(&blocks).value()), [1, u128::MAX]);
        let bits = [BitVec::from_bools(&[true; 70]), BitVec::zeros(70)];
        assert_eq!([first, second].map(|class| class.choose(&bits).count_ones()), [70, 0]);
    }
}
