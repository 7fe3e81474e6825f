//! One received tree of the main stage alone, whose noise stands where the caller says: for the
//! test that its time does not depend on the place.

use rand_core::CryptoRng;

use super::MAIN;
use super::code::Pair;
use super::tree::ReceivedTree;
use crate::aes::{self, AesBackend, Kernel};
use crate::block::Block;

/// A received tree. Its message is random, so the leaves mean nothing; the work is that of any.
pub struct LoneTree {
    key: Block,
    path: Vec<Pair>,
    message: Vec<Block>,
    leaves: Vec<Block>,
}

impl LoneTree {
    /// Places at which the noise can stand.
    pub const PLACES: u64 = 1 << MAIN.depth;

    /// A tree with random messages and its noise at `place`, below [`LoneTree::PLACES`].
    #[must_use]
    pub fn new(place: u64, rng: &mut impl CryptoRng) -> Self {
        let mut blocks = || (0..MAIN.depth).map(|_| Block::random(rng)).collect::<Vec<_>>();
        let (macs, message) = (blocks(), blocks());
        let pair = |(level, mac): (usize, Block)| Pair {
            key: Block::ZERO,
            mac: mac.with_lsb(place >> level & 1 == 0),
        };
        let path = macs.into_iter().enumerate().map(pair).collect();
        Self { key: Block::random(rng), path, message, leaves: vec![Block::ZERO; MAIN.leaves()] }
    }

    /// Grows all leaves.
    pub fn grow(&mut self) -> &[Block] {
        let Self { key, path, message, leaves } = self;
        aes::dispatch(Grow { tree: ReceivedTree { key: *key, path, message }, leaves });
        leaves
    }
}

struct Grow<'a> {
    tree: ReceivedTree<'a>,
    leaves: &'a mut [Block],
}

impl Kernel for Grow<'_> {
    type Output = ();

    #[inline(always)]
    fn run<A: AesBackend>(self, aes: A) {
        self.tree.grow(aes, self.leaves);
    }
}

#[cfg(test)]
mod tests {
    use rand::SeedableRng;
    use rand_chacha::ChaCha20Rng;

    use super::LoneTree;

    #[test]
    fn the_noise_stands_where_it_was_asked_for() {
        for place in [0, 1, 777, LoneTree::PLACES - 1] {
            let mut tree = LoneTree::new(place, &mut ChaCha20Rng::seed_from_u64(place));
            let noisy: Vec<usize> =
                tree.grow().iter().enumerate().filter(|(_, leaf)| leaf.lsb()).map(|(at, _)| at).collect();
            assert_eq!(noisy, [place as usize]);
        }
    }
}
