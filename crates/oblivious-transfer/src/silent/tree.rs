//! Correlated GGM trees ("Half-tree", figure 3), both roles: single-point correlated OTs.
//!
//! A level of 2^i nodes stands in the order of the path to a node, read from bit 0 up. So the left
//! children of the next level are its lower half, the right children its upper half, and no node
//! moves.

use crate::aes::{AesBackend, Kernel};
use crate::block::Block;

use super::check::{Hashes, Ledger};
use super::code::{Outputs, Pair, encode};

/// A tree that a party sends.
#[derive(Clone, Copy)]
pub(super) struct SentTree {
    pub(super) key: Block,
    pub(super) delta: Block,
    pub(super) root: Block,
}

impl SentTree {
    /// Makes all leaves, handing the sum over the left side of every level to `left_sum`.
    #[inline(always)]
    fn grow<A: AesBackend>(self, aes: A, leaves: &mut [Block], mut left_sum: impl FnMut(usize, Block)) {
        let [tree_key] = aes.schedule(&[self.key]);
        leaves[0] = self.root;
        leaves[1] = self.root ^ self.delta;
        left_sum(0, self.root);
        for level in 1..leaves.len().ilog2() as usize {
            let [left, _] = double(aes, &tree_key, &mut leaves[..2 << level]);
            left_sum(level, left);
        }
    }
}

/// Makes the message of a tree, one block for each level.
pub(super) struct Announce<'a> {
    pub(super) tree: SentTree,
    /// The reserve OTs of the tree, one for each level.
    pub(super) path: &'a [Pair],
    /// Out: the message.
    pub(super) message: &'a mut [Block],
    /// Scratch.
    pub(super) leaves: &'a mut [Block],
}

impl Kernel for Announce<'_> {
    type Output = ();

    #[inline(always)]
    fn run<A: AesBackend>(self, aes: A) {
        let Self { tree, path, message, leaves } = self;
        tree.grow(aes, leaves, |level, left| message[level] = path[level].key ^ left);
    }
}

/// A tree that a party receives.
#[derive(Clone, Copy)]
pub(super) struct ReceivedTree<'a> {
    pub(super) key: Block,
    /// The reserve OTs of the tree; their choices decide the place of the noise.
    pub(super) path: &'a [Pair],
    /// The sender's block for each level.
    pub(super) message: &'a [Block],
}

impl ReceivedTree<'_> {
    /// Makes all leaves and clears their choice bits, but for the leaf at the noisy place.
    ///
    /// That leaf becomes the sender's with Delta added, and its choice bit is set.
    ///
    /// In each level one node is unknown, that on the path to the noise. Its place is secret, so no
    /// memory access may depend on it. Each level is corrected by a pass over all its nodes, with
    /// masks. An unknown node is kept zero. Whatever the path is, both its children then come out
    /// as H(0), and the sums can be corrected by that.
    #[inline(always)]
    pub(super) fn grow<A: AesBackend>(self, aes: A, leaves: &mut [Block]) {
        let [tree_key] = aes.schedule(&[self.key]);
        let mut of_zero = [Block::ZERO];
        aes.hash(&tree_key, &mut of_zero);
        leaves[..2].fill(Block::ZERO);
        let count = leaves.len();
        // The place of the unknown node, as bits of the path, and what stands there. At first it is
        // the root.
        let (mut unknown, mut junk) = (0, Block::ZERO);
        for (level, (message, Pair { mac, .. })) in self.message.iter().zip(self.path).enumerate() {
            let width = 1 << level;
            let nodes = &mut leaves[..2 * width];
            let mut sums = [Block::ZERO; 2];
            if level > 0 {
                [junk] = of_zero;
                sums = double(aes, &tree_key, nodes).map(|sum| sum ^ junk);
            }
            // message ^ mac is the sum over the side that the choice names. What is missing there
            // is the sibling.
            let (left, right) = nodes.split_at_mut(width);
            let chosen = Block::mask(mac.lsb());
            let sibling = *message ^ *mac ^ sums[0] ^ (chosen & (sums[0] ^ sums[1]));
            if 2 * width < count {
                let sides = Sides::new(sibling, Block::ZERO, chosen);
                sides.replace(unknown, junk, left, right);
            } else {
                // All true leaves sum to Delta, so all others sum to leaf ^ Delta.
                let point = (sums[0] ^ sums[1] ^ sibling).with_lsb(true);
                clear_choices(left);
                clear_choices(right);
                let sides = Sides::new(sibling.with_lsb(false), point, chosen);
                sides.replace(unknown, junk.with_lsb(false), left, right);
            }
            unknown |= u64::from(!mac.lsb()) << level;
        }
    }
}

/// The two children of the unknown node: what the left and the right half of a level get at its
/// place.
struct Sides([Block; 2]);

impl Sides {
    /// `sibling` stands right if `chosen` is all ones, and left if it is zero. `unknown` stands on
    /// the other side.
    #[inline(always)]
    fn new(sibling: Block, unknown: Block, chosen: Block) -> Self {
        let swap = chosen & (sibling ^ unknown);
        Self([sibling ^ swap, unknown ^ swap])
    }

    /// Replaces `old`, which stands at the secret `place` of both halves.
    ///
    /// No access depends on the place. Its low bits are compared once a level and its high bits
    /// once a stretch, so what remains for a node is one product and one sum.
    #[inline(always)]
    fn replace(&self, place: u64, old: Block, left: &mut [Block], right: &mut [Block]) {
        let changes = self.0.map(|new| new ^ old);
        let mut low = [[Block::ZERO; STRETCH]; 2];
        for (index, [low_left, low_right]) in (0..).zip(pairs(&mut low)) {
            let here = equal(index, place % STRETCH as u64);
            *low_left = here & changes[0];
            *low_right = here & changes[1];
        }
        let stretches = left.chunks_mut(STRETCH).zip(right.chunks_mut(STRETCH));
        for (index, (left, right)) in (0..).zip(stretches) {
            let here = equal(index, place / STRETCH as u64);
            add_masked(left, &low[0], here);
            add_masked(right, &low[1], here);
        }
    }
}

/// Nodes of a half level that are corrected under one mask.
const STRETCH: usize = 32;

/// The elements of two arrays side by side.
#[inline(always)]
fn pairs<const N: usize>(arrays: &mut [[Block; N]; 2]) -> impl Iterator<Item = [&mut Block; 2]> {
    let [left, right] = arrays;
    left.iter_mut().zip(right).map(|(left, right)| [left, right])
}

/// Adds to every node its change where `mask` is set.
#[inline(always)]
fn add_masked(nodes: &mut [Block], changes: &[Block; STRETCH], mask: Block) {
    for (node, change) in nodes.iter_mut().zip(changes) {
        *node ^= *change & mask;
    }
}

/// All ones if `a` equals `b`, which are below 2^63, else zero; without a branch.
#[inline(always)]
fn equal(a: u64, b: u64) -> Block {
    let word = ((a ^ b).wrapping_sub(1) as i64 >> 63) as u64;
    Block::from_words([word; 2])
}

/// One tree of each direction at the same place of the stage, then the code over the leaves of
/// both.
pub(super) struct Trees<'a, const K: usize> {
    pub(super) sent: SentTree,
    pub(super) received: ReceivedTree<'a>,
    /// What the check takes of the leaves.
    pub(super) hashes: Hashes<'a>,
    pub(super) code_key: Block,
    /// What the code reads.
    pub(super) table: &'a [Pair; K],
    /// Out: the keys and macs at positions `first`, `first` + 1, ... of the stage.
    pub(super) outputs: Outputs<'a>,
    pub(super) first: u64,
}

impl<const K: usize> Kernel for Trees<'_, K> {
    type Output = Ledger;

    #[inline(always)]
    fn run<A: AesBackend>(self, aes: A) -> Ledger {
        let [code] = aes.schedule(&[self.code_key]);
        self.sent.grow(aes, self.outputs.keys, |_, _| ());
        clear_choices(self.outputs.keys);
        self.received.grow(aes, self.outputs.macs);
        let line = self.hashes.of_trees(self.outputs.keys, self.outputs.macs, self.received.path);
        encode(aes, &code, self.first, self.table, self.outputs);
        line
    }
}

/// Makes a level from the one before, which stands in the lower half.
///
/// Returns the sums over its left and its right side.
#[inline(always)]
fn double<A: AesBackend>(aes: A, key: &A::Schedule, nodes: &mut [Block]) -> [Block; 2] {
    let (left, right) = nodes.split_at_mut(nodes.len() / 2);
    right.copy_from_slice(left);
    aes.hash(key, left);
    let mut sums = [Block::ZERO; 2];
    for (right, left) in right.iter_mut().zip(left.iter()) {
        *right ^= *left;
        sums[0] ^= *left;
        sums[1] ^= *right;
    }
    sums
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

    use super::{Announce, Outputs, Pair, ReceivedTree, SentTree, Trees};
    use crate::aes::{self, Kernel, Portable};
    use crate::block::Block;
    use crate::field::{Polynomial, times};
    use crate::silent::check::{Hashes, Ledger};

    const K: usize = 256;
    const DEPTH: usize = 7;

    /// Keys and macs of a party, made by `announce` for both parties and `grow` for both, the
    /// reserves dealt.
    fn run(announce: impl Fn(Announce<'_>), grow: impl Fn(Trees<'_, K>) -> Ledger) -> [[Vec<Block>; 2]; 2] {
        let mut rng = ChaCha20Rng::seed_from_u64(20);
        let deltas: [Block; 2] = core::array::from_fn(|_| Block::random(&mut rng).with_lsb(true));
        let tree_keys: [Block; 2] = core::array::from_fn(|_| Block::random(&mut rng));
        let roots: [Block; 2] = core::array::from_fn(|_| Block::random(&mut rng));
        let code_key = Block::random(&mut rng);
        let mut reserves = [const { Vec::new() }; 2];
        for _ in 0..K + DEPTH {
            let keys: [Block; 2] = core::array::from_fn(|_| Block::random(&mut rng).with_lsb(false));
            let mut mac =
                |sender: usize| keys[sender] ^ (Block::mask(Block::random(&mut rng).lsb()) & deltas[sender]);
            reserves[0].push(Pair { key: keys[0], mac: mac(1) });
            reserves[1].push(Pair { key: keys[1], mac: mac(0) });
        }
        let sent =
            |party: usize| SentTree { key: tree_keys[party], delta: deltas[party], root: roots[party] };
        let messages: [_; 2] = core::array::from_fn(|party| {
            let (mut message, mut leaves) = ([Block::ZERO; DEPTH], [Block::ONE; 1 << DEPTH]);
            let path = &reserves[party][K..];
            announce(Announce { tree: sent(party), path, message: &mut message, leaves: &mut leaves });
            message
        });
        let points: [Polynomial; 2] = core::array::from_fn(|_| Polynomial::at(Block::random(&mut rng)));
        let mut lines = [Ledger::default(), Ledger::default()];
        let outputs: [_; 2] = core::array::from_fn(|party| {
            let peer = 1 - party;
            let [mut keys, mut macs] = [vec![Block::ONE; 1 << DEPTH], vec![Block::ONE; 1 << DEPTH]];
            let (table, path) = reserves[party].split_first_chunk().unwrap();
            let received = ReceivedTree { key: tree_keys[peer], path, message: &messages[peer] };
            let outputs = Outputs { keys: &mut keys, macs: &mut macs };
            let hashes = Hashes { sent: &points[party], received: &points[peer] };
            let (sent, first) = (sent(party), 1 << DEPTH);
            lines[party] = grow(Trees { sent, received, hashes, code_key, table, outputs, first });
            [keys, macs]
        });
        for sender in 0..2 {
            let (sent, received) = (&lines[sender], &lines[1 - sender]);
            let expected = sent.sent ^ times(received.noise, deltas[sender]);
            assert_eq!(received.received, expected, "the check of honest trees holds");
        }
        for sender in 0..2 {
            for (key, mac) in outputs[sender][0].iter().zip(&outputs[1 - sender][1]) {
                assert_eq!(*mac, *key ^ (Block::mask(mac.lsb()) & deltas[sender]));
            }
        }
        outputs
    }

    #[test]
    fn correlation_holds_and_backends_agree() {
        let fast = run(|tree| aes::dispatch(tree), |trees| aes::dispatch(trees));
        assert_eq!(fast, run(|tree| tree.run(Portable), |trees| trees.run(Portable)));
    }
}
