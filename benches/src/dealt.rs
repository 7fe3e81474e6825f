//! Seeded inputs: residues, and correlated OTs from a dealer in place of an extension.

use oblivious_transfer::bits::BitVec;
use oblivious_transfer::block::Block;
use oblivious_transfer::cot::{self, Blocks, ReceiverCots};
use rand_chacha::ChaCha20Rng;
use rand_core::{Rng, SeedableRng};

/// The generator of everything random in a bench; `stream` keeps benches apart.
#[must_use]
pub fn rng(stream: u64) -> ChaCha20Rng {
    ChaCha20Rng::seed_from_u64(stream)
}

/// Uniform residues modulo `2^ell`.
#[must_use]
pub fn residues(rng: &mut ChaCha20Rng, count: usize, ell: u32) -> Vec<u32> {
    (0..count).map(|_| rng.next_u32() >> (32 - ell)).collect()
}

/// What a party holds that nobody else may know: its shares, its blocks, and the words of its
/// choices.
pub type Secrets<'a> = (&'a [u32], Vec<&'a [Block]>, Vec<&'a [u64]>);

/// Both sides of a batch of correlated OTs.
pub struct Dealt {
    /// The sender's correlation.
    pub delta: Block,
    /// The sender's keys.
    pub keys: Blocks,
    /// The receiver's side.
    pub received: ReceiverCots,
}

impl Dealt {
    /// `count` random correlated OTs, on a correlation that serves every use.
    #[must_use]
    pub fn new(rng: &mut ChaCha20Rng, count: usize) -> Self {
        let delta = Block::random(rng).with_lsb(true);
        let choices = BitVec::random(count, rng);
        let (keys, received) = cot::deal(delta, choices, rng);
        Self { delta, keys, received }
    }

    /// The blocks that the sender alone knows: its correlation and its keys.
    #[must_use]
    pub fn of_sender(&self) -> [&[Block]; 2] {
        [std::slice::from_ref(&self.delta), &self.keys]
    }

    /// What the receiver alone knows: its macs, and the words of its choices.
    #[must_use]
    pub fn of_receiver(&self) -> (&[Block], &[u64]) {
        (&self.received.macs, self.received.choices.words())
    }

    /// The sender's side, to be consumed.
    #[must_use]
    pub fn sent(&self) -> gc_nonlinear::SentCots {
        gc_nonlinear::SentCots { delta: self.delta, keys: self.keys.clone() }
    }

    /// The receiver's side, to be consumed.
    #[must_use]
    pub fn received(&self) -> ReceiverCots {
        ReceiverCots { macs: self.received.macs.clone(), choices: self.received.choices.clone() }
    }
}
