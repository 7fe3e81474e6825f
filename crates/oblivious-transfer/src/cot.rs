//! Correlated OTs: for a correlation Delta, mac = key ^ choice * Delta in every one of them.

use rand_core::CryptoRng;
use zeroize::Zeroizing;

use crate::bits::BitVec;
use crate::block::Block;

/// Secret blocks, wiped when dropped.
pub type Blocks = Zeroizing<Vec<Block>>;

/// The receiver's side of a batch of correlated OTs.
pub struct ReceiverCots {
    /// key ^ choice * Delta, one for each OT.
    pub macs: Blocks,
    /// The choice bits.
    pub choices: BitVec,
}

/// A trusted dealer of correlated OTs: the ideal functionality, for tests of what is built on it.
#[must_use]
pub fn deal(delta: Block, choices: BitVec, rng: &mut impl CryptoRng) -> (Blocks, ReceiverCots) {
    let keys: Vec<Block> = (0..choices.len()).map(|_| Block::random(rng)).collect();
    let macs =
        keys.iter().zip(choices.iter()).map(|(key, choice)| *key ^ (Block::mask(choice) & delta)).collect();
    (Zeroizing::new(keys), ReceiverCots { macs: Zeroizing::new(macs), choices })
}
