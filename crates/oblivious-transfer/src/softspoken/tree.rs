//! All seeds of 16 but one from four base OTs: punctured GGM trees.
//!
//! The method is that of Roy 2022, section 5, after Boyle et al. 2019.

use zeroize::{Zeroize, Zeroizing};

use super::{DIGIT_BITS, LEAVES, Leaves, TREES};
use crate::block::{Block, read_blocks, write_blocks};
use crate::error::OtError;
use crate::prg::Prg;

const MESSAGE: &str = "SoftSpoken tree message";

/// Bytes of the message that lets the sender rebuild its punctured trees.
pub const TREES_MESSAGE_BYTES: usize = TREES * DIGIT_BITS * 2 * Block::BYTES;

/// The two children of a node.
fn children(node: Block) -> [Block; 2] {
    let mut pair = [Block::ZERO; 2];
    Prg::from_block(node).fill_blocks(&mut pair);
    pair
}

/// Expands whole trees from `roots` and masks the sums of left and right children of each level
/// with the base OT keys.
pub(super) fn grow(roots: &[Block], base: &[[Block; 2]]) -> (Leaves, Vec<u8>) {
    let mut message = Vec::with_capacity(TREES_MESSAGE_BYTES);
    let leaves = roots.iter().zip(base.chunks(DIGIT_BITS)).map(|(root, keys)| {
        let mut nodes = [Block::ZERO; LEAVES];
        nodes[0] = *root;
        for (level, keys) in keys.iter().enumerate() {
            let mut sums = *keys;
            for index in (0..1 << level).rev() {
                let pair = children(nodes[index]);
                sums[0] ^= pair[0];
                sums[1] ^= pair[1];
                nodes[2 * index..][..2].copy_from_slice(&pair);
            }
            write_blocks(&sums, &mut message);
        }
        nodes
    });
    (Zeroizing::new(leaves.collect()), message)
}

/// The base OT choices for Delta: at each level, the side that leaves the path to its digit.
pub(super) fn base_choices(delta: Block) -> Vec<bool> {
    (0..TREES * DIGIT_BITS).map(|index| !path_bit(delta, index / DIGIT_BITS, index % DIGIT_BITS)).collect()
}

/// Bit of digit `tree` that decides `level`; the root decides the highest bit.
fn path_bit(delta: Block, tree: usize, level: usize) -> bool {
    delta.value() >> (DIGIT_BITS * tree + DIGIT_BITS - 1 - level) & 1 == 1
}

/// Rebuilds the trees without the leaf Delta_i, in the order y ^ Delta_i.
///
/// So place 0 is the missing leaf, and no memory access depends on Delta.
pub(super) fn rebuild(delta: Block, base: &[Block], message: &[u8]) -> Result<Leaves, OtError> {
    OtError::check_length(MESSAGE, message, TREES_MESSAGE_BYTES)?;
    let sums: Vec<Block> = read_blocks(message).collect();
    let levels = sums.as_chunks::<2>().0.chunks(DIGIT_BITS);
    let trees = base.chunks(DIGIT_BITS).zip(levels).enumerate();
    Ok(Zeroizing::new(trees.map(|(tree, (keys, sums))| punctured(delta, tree, keys, sums)).collect()))
}

fn punctured(delta: Block, tree: usize, keys: &[Block], sums: &[[Block; 2]]) -> [Block; LEAVES] {
    let mut nodes = [Block::ZERO; LEAVES];
    for (level, (key, sums)) in keys.iter().zip(sums).enumerate() {
        let on_path = Block::mask(path_bit(delta, tree, level));
        // The base OT opened the sum over the side off the path.
        let mut sibling = *key ^ sums[1] ^ (on_path & (sums[0] ^ sums[1]));
        for index in (1..1 << level).rev() {
            let [left, right] = children(nodes[index]);
            let swap = on_path & (left ^ right);
            nodes[2 * index] = left ^ swap;
            nodes[2 * index + 1] = right ^ swap;
            sibling ^= nodes[2 * index + 1];
        }
        nodes[1] = sibling;
    }
    nodes[0].zeroize();
    nodes
}

#[cfg(test)]
mod tests {
    use rand::SeedableRng;
    use rand_chacha::ChaCha20Rng;

    use super::{DIGIT_BITS, LEAVES, TREES, base_choices, grow, rebuild};
    use crate::block::Block;

    #[test]
    fn all_leaves_but_the_digit_of_delta_agree() {
        let mut rng = ChaCha20Rng::seed_from_u64(6);
        let delta = Block::random(&mut rng);
        let roots: Vec<Block> = (0..TREES).map(|_| Block::random(&mut rng)).collect();
        let base: Vec<[Block; 2]> =
            (0..TREES * DIGIT_BITS).map(|_| [Block::random(&mut rng), Block::random(&mut rng)]).collect();
        let chosen: Vec<Block> =
            base.iter().zip(base_choices(delta)).map(|(pair, choice)| pair[usize::from(choice)]).collect();
        let (whole, message) = grow(&roots, &base);
        let punctured = rebuild(delta, &chosen, &message).unwrap();
        for tree in 0..TREES {
            let digit = (delta.value() >> (DIGIT_BITS * tree)) as usize % LEAVES;
            for leaf in 0..LEAVES {
                let known = punctured[tree][leaf ^ digit];
                assert_eq!(known, if leaf == digit { Block::ZERO } else { whole[tree][leaf] });
            }
        }
    }
}
