//! All seeds of 16 but one from four base OTs: punctured GGM trees, and the proof that they agree.
//!
//! The method is that of Roy 2022, section 5, after Boyle et al. 2019.
//!
//! **The check.** A receiver could mask another sum than that of its tree. Then the sender's leaves
//! depend on Delta in a way that the receiver can tell later. So every leaf has a *tag*, a hash of
//! 256 bits. The receiver sends the sum of the tags of each tree and one digest of all tags. The
//! sum gives the sender the tag of the one leaf that it lacks. It computes the other tags itself
//! and compares the digest.
//!
//! The digest fixes all tags before Delta matters, and a tag fixes its leaf. So for each tree there
//! is a set of digits at which a sender finds no fault. At all of these it has the same leaves,
//! those of one tree. A receiver who wants such a set to be smaller than all 16 digits is caught
//! whenever the digit lies outside. Who makes it b bits smaller, over all trees, goes undetected
//! with probability 2^-b and then knows b bits of Delta: no more than by guessing them. A session
//! ends at the first fault, and the next one has another Delta.
//!
//! The sender learns the tag of a leaf that it lacks, a hash in which the tree and the session
//! enter. That is nothing as long as the leaf's 128 bits cannot be guessed.

use zeroize::{Zeroize, Zeroizing};

use super::{DIGIT_BITS, LEAVES, Leaves, TREES};
use crate::block::{Block, read_blocks, write_blocks};
use crate::check::{DIGEST_BYTES, digest, require_equal};
use crate::error::OtError;
use crate::prg::Prg;

const MESSAGE: &str = "SoftSpoken tree message";

/// Blocks of the message that carry masked sums.
const SUMS: usize = TREES * DIGIT_BITS * 2;

/// Bytes of the message that lets the sender rebuild its punctured trees and check them.
pub const TREES_MESSAGE_BYTES: usize = (SUMS + 2 * TREES) * Block::BYTES + DIGEST_BYTES;

/// The two children of a node.
fn children(node: Block) -> [Block; 2] {
    let mut pair = [Block::ZERO; 2];
    Prg::from_block(node).fill_blocks(&mut pair);
    pair
}

/// Expands whole trees from `roots`.
///
/// The message masks the sums of left and right children of each level with the base OT keys. Then
/// come the sums of the tags, and their digest.
pub(super) fn grow(session_id: &[u8], roots: &[Block], base: &[[Block; 2]]) -> (Leaves, Vec<u8>) {
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
    let leaves = Zeroizing::new(leaves.collect::<Vec<_>>());
    let tags = Tags::new(session_id).of(&leaves);
    for tags in tags.iter() {
        write_blocks(&sum(tags), &mut message);
    }
    message.extend(tags_digest(&tags));
    (leaves, message)
}

/// The base OT choices for Delta: at each level, the side that leaves the path to its digit.
pub(super) fn base_choices(delta: Block) -> Vec<bool> {
    (0..TREES * DIGIT_BITS).map(|index| !path_bit(delta, index / DIGIT_BITS, index % DIGIT_BITS)).collect()
}

/// Bit of digit `tree` that decides `level`; the root decides the highest bit.
fn path_bit(delta: Block, tree: usize, level: usize) -> bool {
    delta.value() >> (DIGIT_BITS * tree + DIGIT_BITS - 1 - level) & 1 == 1
}

/// Rebuilds the trees without the leaf Delta_i, in the order y ^ Delta_i, and checks them.
///
/// So place 0 is the missing leaf, and no memory access depends on Delta.
///
/// # Errors
/// [`OtError::Length`] if the message has another length. [`OtError::Inconsistent`] if the trees
/// are not those that the message commits to.
pub(super) fn rebuild(
    session_id: &[u8],
    delta: Block,
    base: &[Block],
    message: &[u8],
) -> Result<Leaves, OtError> {
    let rebuilt = Rebuilt::new(session_id, delta, base, message)?;
    require_equal(MESSAGE, &rebuilt.computed, rebuilt.sent)?;
    Ok(rebuilt.leaves)
}

/// Punctured trees that are not checked yet.
struct Rebuilt<'m> {
    leaves: Leaves,
    /// The digest of the tags of these trees.
    computed: [u8; DIGEST_BYTES],
    /// That of the receiver.
    sent: &'m [u8],
}

impl<'m> Rebuilt<'m> {
    fn new(session_id: &[u8], delta: Block, base: &[Block], message: &'m [u8]) -> Result<Self, OtError> {
        OtError::check_length(MESSAGE, message, TREES_MESSAGE_BYTES)?;
        let (sums, rest) = message.split_at(SUMS * Block::BYTES);
        let (tag_sums, sent) = rest.split_at(2 * TREES * Block::BYTES);
        let sums: Vec<Block> = read_blocks(sums).collect();
        let levels = sums.as_chunks::<2>().0.chunks(DIGIT_BITS);
        let trees = base.chunks(DIGIT_BITS).zip(levels).enumerate();
        let leaves: Leaves =
            Zeroizing::new(trees.map(|(tree, (keys, sums))| punctured(delta, tree, keys, sums)).collect());
        let mut tags = Tags::new(session_id).of(&leaves);
        let tag_sums: Vec<Block> = read_blocks(tag_sums).collect();
        for ((tree, tags), all) in tags.iter_mut().enumerate().zip(tag_sums.as_chunks::<2>().0) {
            complete(tags, *all);
            reorder(tags, delta, tree);
        }
        let computed = tags_digest(&tags);
        Ok(Self { leaves, computed, sent })
    }
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

/// A hash of a leaf.
type Tag = [Block; 2];

/// The tags of a tree's leaves.
type TreeTags = [Tag; LEAVES];

/// What makes the tags of one session.
struct Tags(blake3::Hasher);

impl Tags {
    fn new(session_id: &[u8]) -> Self {
        let mut hasher = blake3::Hasher::new_derive_key("oblivious-transfer 2026 SoftSpoken leaf tag");
        hasher.update(&(session_id.len() as u64).to_le_bytes());
        hasher.update(session_id);
        Self(hasher)
    }

    fn of(&self, leaves: &Leaves) -> Zeroizing<Vec<TreeTags>> {
        let of_tree = |(tree, leaves): (usize, &[Block; LEAVES])| leaves.map(|leaf| self.tag(tree, leaf));
        Zeroizing::new(leaves.iter().enumerate().map(of_tree).collect())
    }

    fn tag(&self, tree: usize, leaf: Block) -> Tag {
        let mut hasher = self.0.clone();
        hasher.update(&(tree as u64).to_le_bytes());
        hasher.update(&leaf.to_bytes());
        let [low, high] = *hasher.finalize().as_bytes().as_chunks().0 else { return Tag::default() };
        [low, high].map(Block::from_bytes)
    }
}

fn sum(tags: &[Tag]) -> Tag {
    tags.iter().fold(Tag::default(), |sum, tag| plus(sum, *tag))
}

fn plus(a: Tag, b: Tag) -> Tag {
    [a[0] ^ b[0], a[1] ^ b[1]]
}

/// Puts in place 0 what makes the tags add up to `all`.
fn complete(tags: &mut TreeTags, all: Tag) {
    tags[0] = plus(all, sum(&tags[1..]));
}

/// From the order y ^ Delta_i to the order y.
fn reorder(tags: &mut TreeTags, delta: Block, tree: usize) {
    for bit in 0..DIGIT_BITS {
        // Hidden from the compiler, which would skip the loop where the bit is clear: a secret
        // branch.
        let mask = core::hint::black_box(Block::mask(path_bit(delta, tree, DIGIT_BITS - 1 - bit)));
        for place in (0..LEAVES).filter(|place| place >> bit & 1 == 0) {
            let other = place | 1 << bit;
            let swap = plus(tags[place], tags[other]).map(|half| mask & half);
            tags[place] = plus(tags[place], swap);
            tags[other] = plus(tags[other], swap);
        }
    }
}

fn tags_digest(tags: &[TreeTags]) -> [u8; DIGEST_BYTES] {
    digest("oblivious-transfer 2026 SoftSpoken tags", tags.as_flattened().as_flattened())
}

#[cfg(test)]
mod tests;
