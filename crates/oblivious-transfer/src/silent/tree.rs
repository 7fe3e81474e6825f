//! Correlated GGM trees ("Half-tree", figure 3), both roles: single-point correlated OTs.
//!
//! A level of 2^i nodes stands in order of the path read from bit 0 up, so the left children of the next level are the lower
//! half and the right children the upper half, and no node moves.

use crate::aes::{AesBackend, Kernel};
use crate::block::Block;

use super::code::encode;

/// One tree of the sender, then the code over its leaves.
pub(super) struct SenderTree<'a, const K: usize> {
    pub(super) tree_key: Block,
    pub(super) code_key: Block,
    pub(super) delta: Block,
    pub(super) root: Block,
    /// The keys of the reserve OTs of this tree, one for each level.
    pub(super) keys: &'a [Block],
    /// Out: one block for each level.
    pub(super) message: &'a mut [Block],
    /// The keys that the code reads.
    pub(super) table: &'a [Block; K],
    /// Out: the keys at positions `first`, `first` + 1, ... of the stage.
    pub(super) leaves: &'a mut [Block],
    pub(super) first: u64,
}

impl<const K: usize> Kernel for SenderTree<'_, K> {
    type Output = ();

    #[inline(always)]
    fn run<A: AesBackend>(self, aes: A) {
        let [tree_key, code_key] = aes.schedule(&[self.tree_key, self.code_key]);
        self.leaves[0] = self.root;
        self.leaves[1] = self.root ^ self.delta;
        for (level, (message, key)) in self.message.iter_mut().zip(self.keys).enumerate() {
            if level > 0 {
                double(aes, &tree_key, &mut self.leaves[..2 << level]);
            }
            *message = *key ^ sum(&self.leaves[..1 << level]);
        }
        clear_choices(self.leaves);
        encode(aes, &code_key, self.first, self.table, self.leaves);
    }
}

/// One tree of the receiver, then the code over its leaves.
pub(super) struct ReceiverTree<'a, const K: usize> {
    pub(super) tree_key: Block,
    pub(super) code_key: Block,
    /// The macs of the reserve OTs of this tree; their choices decide the place of the noise.
    pub(super) macs: &'a [Block],
    /// The sender's block for each level.
    pub(super) message: &'a [Block],
    /// The macs that the code reads.
    pub(super) table: &'a [Block; K],
    /// Out: the macs at positions `first`, `first` + 1, ... of the stage.
    pub(super) leaves: &'a mut [Block],
    pub(super) first: u64,
}

impl<const K: usize> Kernel for ReceiverTree<'_, K> {
    type Output = ();

    #[inline(always)]
    fn run<A: AesBackend>(self, aes: A) {
        let [tree_key, code_key] = aes.schedule(&[self.tree_key, self.code_key]);
        self.leaves[..2].fill(Block::ZERO);
        // The node on the path is unknown and kept zero. Its place is secret and decides which memory is written, once
        // or twice a level: a trace of the cache is not defended against here, time and traffic do not depend on it.
        let mut unknown = 0;
        for (level, (message, mac)) in self.message.iter().zip(self.macs).enumerate() {
            let width = 1 << level;
            let nodes = &mut self.leaves[..2 * width];
            if level > 0 {
                double(aes, &tree_key, nodes);
                nodes[unknown] = Block::ZERO;
                nodes[unknown + width] = Block::ZERO;
            }
            // message ^ mac is the sum over the side that the choice names; what is missing there is the sibling.
            let (left, right) = nodes.split_at(width);
            let side = Block::mask(mac.lsb());
            let (left, right) = (sum(left), sum(right));
            let sibling = *message ^ *mac ^ left ^ (side & (left ^ right));
            nodes[unknown + usize::from(mac.lsb()) * width] = sibling;
            unknown += usize::from(!mac.lsb()) * width;
        }
        // All true leaves sum to Delta, so all others sum to leaf ^ Delta.
        let point = sum(self.leaves);
        clear_choices(self.leaves);
        self.leaves[unknown] = point.with_lsb(true);
        encode(aes, &code_key, self.first, self.table, self.leaves);
    }
}

/// Makes a level from the one before, which stands in the lower half.
#[inline(always)]
fn double<A: AesBackend>(aes: A, key: &A::Schedule, nodes: &mut [Block]) {
    let (left, right) = nodes.split_at_mut(nodes.len() / 2);
    right.copy_from_slice(left);
    aes.hash(key, left);
    for (right, left) in right.iter_mut().zip(left.iter()) {
        *right ^= *left;
    }
}

#[inline(always)]
fn sum(blocks: &[Block]) -> Block {
    let mut sum = Block::ZERO;
    for block in blocks {
        sum ^= *block;
    }
    sum
}

#[inline(always)]
fn clear_choices(blocks: &mut [Block]) {
    for block in blocks {
        *block = block.with_lsb(false);
    }
}

#[cfg(test)]
mod tests {
    use rand::SeedableRng;
    use rand_chacha::ChaCha20Rng;

    use super::{ReceiverTree, SenderTree};
    use crate::aes::{self, Kernel, Portable};
    use crate::block::Block;

    const K: usize = 256;
    const DEPTH: usize = 7;

    /// A sender's and a receiver's tree over one reserve, run by `sender` and `receiver`.
    fn run(sender: impl Fn(SenderTree<'_, K>), receiver: impl Fn(ReceiverTree<'_, K>)) -> [Vec<Block>; 2] {
        let mut rng = ChaCha20Rng::seed_from_u64(20);
        let delta = Block::random(&mut rng).with_lsb(true);
        let [tree_key, code_key, root] = core::array::from_fn(|_| Block::random(&mut rng));
        let keys: Vec<Block> = (0..K + DEPTH).map(|_| Block::random(&mut rng).with_lsb(false)).collect();
        let macs: Vec<Block> =
            keys.iter().map(|key| *key ^ (Block::mask(Block::random(&mut rng).lsb()) & delta)).collect();
        let mut message = [Block::ZERO; DEPTH];
        let [mut ours, mut theirs] = [vec![Block::ONE; 1 << DEPTH], vec![Block::ONE; 1 << DEPTH]];
        sender(SenderTree {
            tree_key,
            code_key,
            delta,
            root,
            keys: &keys[K..],
            message: &mut message,
            table: keys.first_chunk().unwrap(),
            leaves: &mut ours,
            first: 1 << DEPTH,
        });
        receiver(ReceiverTree {
            tree_key,
            code_key,
            macs: &macs[K..],
            message: &message,
            table: macs.first_chunk().unwrap(),
            leaves: &mut theirs,
            first: 1 << DEPTH,
        });
        for (key, mac) in ours.iter().zip(&theirs) {
            assert_eq!(*mac, *key ^ (Block::mask(mac.lsb()) & delta));
        }
        [ours, theirs]
    }

    #[test]
    fn correlation_holds_and_backends_agree() {
        let fast = run(|tree| aes::dispatch(tree), |tree| aes::dispatch(tree));
        assert_eq!(fast, run(|tree| tree.run(Portable), |tree| tree.run(Portable)));
    }
}
