//! Bit matrix transposition: 128 rows of bits to one block per column.
//!
//! The method is that of Hacker's Delight, section 7-3, on 64 x 64 sub-matrices, all of a row pair
//! at once. The inner loops run along whole rows, so the compiler makes vector code of them, for
//! the instructions of the kernel that they are inlined into. There are no intrinsics and no
//! `unsafe`, and the code is the same on every processor.

use crate::block::Block;

/// Rows of the matrix: the bits of a block.
pub(crate) const ROWS: usize = 128;

/// 128 rows of `64 * W` bits; bit c of row r stands at bit c mod 64 of word c / 64.
pub(crate) type Matrix<const W: usize> = [[u64; W]; ROWS];

/// Writes the first `out.len()` columns as blocks: bit r of block c is bit c of row r.
///
/// The matrix is used up.
#[inline(always)]
pub(crate) fn transpose<const W: usize>(matrix: &mut Matrix<W>, out: &mut [Block]) {
    swap_step::<W, 32>(matrix, 0x0000_0000_ffff_ffff);
    swap_step::<W, 16>(matrix, 0x0000_ffff_0000_ffff);
    swap_step::<W, 8>(matrix, 0x00ff_00ff_00ff_00ff);
    swap_step::<W, 4>(matrix, 0x0f0f_0f0f_0f0f_0f0f);
    swap_step::<W, 2>(matrix, 0x3333_3333_3333_3333);
    swap_step::<W, 1>(matrix, 0x5555_5555_5555_5555);
    let (low, high) = matrix.split_at(ROWS / 2);
    for (word, columns) in out.chunks_mut(64).enumerate() {
        for ((block, low), high) in columns.iter_mut().zip(low).zip(high) {
            *block = Block::new(u128::from(low[word]) | u128::from(high[word]) << 64);
        }
    }
}

/// Swaps, in every 2S x 2S sub-matrix, the two S x S sub-matrices off the diagonal.
#[inline(always)]
fn swap_step<const W: usize, const S: usize>(matrix: &mut Matrix<W>, mask: u64) {
    for pair in matrix.chunks_exact_mut(2 * S) {
        let (upper, lower) = pair.split_at_mut(S);
        for (upper, lower) in upper.iter_mut().zip(lower) {
            for (upper, lower) in upper.iter_mut().zip(lower) {
                let swapped = (*upper >> S ^ *lower) & mask;
                *lower ^= swapped;
                *upper ^= swapped << S;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use rand::{Rng, SeedableRng};
    use rand_chacha::ChaCha20Rng;

    use super::{Matrix, ROWS, transpose};
    use crate::block::Block;

    fn check<const W: usize>(columns: usize) {
        let mut rng = ChaCha20Rng::seed_from_u64(W as u64);
        let mut matrix: Matrix<W> = [[0; W]; ROWS];
        matrix.as_flattened_mut().iter_mut().for_each(|word| *word = rng.next_u64());
        let original = matrix;
        let mut out = vec![Block::ZERO; columns];
        transpose(&mut matrix, &mut out);
        for (column, block) in out.iter().enumerate() {
            for (row, words) in original.iter().enumerate() {
                assert_eq!(block.value() >> row & 1 == 1, words[column / 64] >> (column % 64) & 1 == 1);
            }
        }
    }

    #[test]
    fn equals_the_definition() {
        check::<1>(64);
        check::<2>(100);
        check::<32>(2048);
        check::<32>(65);
    }
}
