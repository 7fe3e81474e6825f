//! The field with 2^128 elements, and a universal hash over it.
//!
//! A block stands for an element as in POLYVAL (RFC 8452): bit i is the coefficient of X^i, modulo
//! X^128 + X^127 + X^126 + X^121 + 1. The product is a b X^-128, which is as good as a b: it is
//! associative, commutative and distributive, and no factor but zero loses anything.
//!
//! All of it takes the same time whatever the values. The crate `polyval` uses the carry-less
//! multiplication of x86 and ARM where it finds it. On wider registers our own loop does.

mod element;
#[cfg(target_arch = "x86_64")]
mod x86;

pub(crate) use element::times;
use polyval::Polyval;
use polyval::universal_hash::UniversalHash;

use crate::block::Block;

/// Blocks handed to the crate `polyval` at once.
const WIDTH: usize = 16;

/// Evaluates polynomials, whose coefficients are blocks, at one point.
///
/// Two lists of n blocks that differ give the same value at no more than n of the 2^128 points. A
/// value is linear in the list.
#[derive(Clone)]
pub(crate) struct Polynomial {
    point: Block,
    polyval: Polyval,
    #[cfg(target_arch = "x86_64")]
    powers: Option<x86::Powers>,
}

impl Polynomial {
    /// Polynomials at `point`.
    #[must_use]
    pub(crate) fn at(point: Block) -> Self {
        Self {
            point,
            polyval: Polyval::new(&point.to_bytes().into()),
            #[cfg(target_arch = "x86_64")]
            powers: x86::Powers::of(point),
        }
    }

    /// The point.
    #[must_use]
    pub(crate) fn point(&self) -> Block {
        self.point
    }

    /// The value of a list that goes on with `blocks`, where `before` is that of what came before,
    /// or zero.
    ///
    /// The last of n blocks counts once the point, the first n times.
    #[must_use]
    pub(crate) fn extend(&self, before: Block, blocks: &[Block]) -> Block {
        #[cfg(target_arch = "x86_64")]
        if let Some(powers) = &self.powers {
            return powers.extend(before, blocks);
        }
        self.extend_portable(before, blocks)
    }

    fn extend_portable(&self, before: Block, blocks: &[Block]) -> Block {
        let mut polyval = self.polyval.clone();
        let mut carry = before;
        for chunk in blocks.chunks(WIDTH) {
            let mut bytes = [polyval::Block::default(); WIDTH];
            for (bytes, block) in bytes.iter_mut().zip(chunk) {
                *bytes = (*block ^ core::mem::take(&mut carry)).to_bytes().into();
            }
            polyval.update(&bytes[..chunk.len()]);
        }
        if blocks.is_empty() { before } else { Block::from_bytes(polyval.finalize().into()) }
    }

    /// `value` times the point to the power `count`: what a value becomes when as many zeros
    /// follow.
    #[must_use]
    pub(crate) fn shifted(&self, value: Block, count: usize) -> Block {
        let (mut value, mut power) = (value, self.point);
        for bit in 0..usize::BITS - count.leading_zeros() {
            if count >> bit & 1 == 1 {
                value = times(value, power);
            }
            power = times(power, power);
        }
        value
    }
}

#[cfg(test)]
mod tests {
    use proptest::collection::vec;
    use proptest::{prop_assert_eq, proptest};

    use super::{Polynomial, times};
    use crate::block::Block;

    fn blocks(values: &[u128]) -> Vec<Block> {
        values.iter().map(|value| Block::new(*value)).collect()
    }

    /// RFC 8452, appendix A.
    #[test]
    fn a_published_vector() {
        let bytes = |hex: u128| Block::from_bytes(hex.to_be_bytes());
        let point = bytes(0x2562_9347_5892_4276_1d31_f826_ba4b_757b);
        let list = [0x4f4f_9566_8c83_dfb6_4017_62bb_2d01_a262, 0xd1a2_4ddd_2721_d006_bbe4_5f20_d3c9_f362];
        let value = bytes(0xf7a3_b47b_8461_19fa_e5b7_866c_f5e5_b77e);
        assert_eq!(Polynomial::at(point).extend(Block::ZERO, &list.map(bytes)).value(), value.value());
    }

    proptest! {
        #[test]
        fn pieces_give_the_definition(point: u128, list in vec(0u128.., 0..200), cut in 0usize..200) {
            let (polynomial, list) = (Polynomial::at(Block::new(point)), blocks(&list));
            let defined = list.iter().fold(Block::ZERO, |sum, block| times(sum ^ *block, Block::new(point)));
            let (first, rest) = list.split_at(cut.min(list.len()));
            let before = polynomial.extend(Block::ZERO, first);
            prop_assert_eq!(polynomial.extend(before, rest).value(), defined.value());
            prop_assert_eq!(polynomial.extend_portable(before, rest).value(), defined.value());
            let apart = polynomial.shifted(before, rest.len()) ^ polynomial.extend(Block::ZERO, rest);
            prop_assert_eq!(apart.value(), defined.value());
        }

        #[test]
        fn products_follow_the_laws(a: u128, b: u128, c: u128) {
            let [a, b, c] = [a, b, c].map(Block::new);
            prop_assert_eq!(times(a, b).value(), times(b, a).value());
            prop_assert_eq!(times(times(a, b), c).value(), times(a, times(b, c)).value());
            prop_assert_eq!(times(a, b ^ c).value(), (times(a, b) ^ times(a, c)).value());
        }
    }
}
