//! Receivers that do not follow the protocol, for the tests of the checks.

use rand_core::CryptoRng;

use super::{CotReceiver, ReceiverSetup};
use crate::aes::AesKey;
use crate::block::Block;
use crate::cot::ReceiverCots;
use crate::softspoken::tree::grow;
use crate::softspoken::{DIGIT_BITS, LEAVES, STEP, TREES, VECTORS};

/// Another choice with one tree than with the others, in one OT.
#[derive(Clone, Copy)]
pub(in crate::softspoken) struct Deviation {
    /// Which tree, but not the first, whose vector is not sent.
    pub(in crate::softspoken) tree: usize,
    pub(in crate::softspoken) ot: usize,
    /// The digit of Delta for which the proof is made.
    pub(in crate::softspoken) guess: usize,
}

impl ReceiverSetup {
    /// Chooses the trees so that two macs of the first batch are equal before they are moved.
    pub(in crate::softspoken) fn finish_with_twins(
        self,
        twins: [usize; 2],
        answer: &[u8],
        rng: &mut impl CryptoRng,
    ) -> (CotReceiver, Vec<u8>) {
        let roots: Vec<Block> = (0..TREES).map(|_| root_with_twins(twins, rng)).collect();
        self.finish_with(&roots, answer).unwrap()
    }
}

/// The root of a tree whose four rows of v have the same bits at both places of the first unit.
fn root_with_twins(twins: [usize; 2], rng: &mut impl CryptoRng) -> Block {
    loop {
        let root = Block::random(rng);
        let (leaves, _) = grow(b"", &[root], &[[Block::ZERO; 2]; DIGIT_BITS]);
        let streams = leaves[0].map(|leaf| AesKey::new(leaf).encrypt(Block::ZERO));
        let digit = |ot: usize| {
            (0..LEAVES).filter(|leaf| streams[*leaf].value() >> ot & 1 == 1).fold(0, |sum, leaf| sum ^ leaf)
        };
        if digit(twins[0]) == digit(twins[1]) {
            return root;
        }
    }
}

impl CotReceiver {
    /// A batch with these deviations. Macs and proof are what they would be if every guess were
    /// right.
    pub(in crate::softspoken) fn extend_deviating(
        &mut self,
        count: usize,
        deviations: &[Deviation],
    ) -> (ReceiverCots, Vec<u8>) {
        let mut batch = self.batch(count);
        for Deviation { tree, ot, guess } in deviations {
            let (start, unit, bit) = (ot / STEP * STEP, ot % STEP / 128, ot % 128);
            let rows = &mut batch.rows[start..];
            let units = rows.len().min(STEP) / 128;
            let vector = start / 8 * VECTORS + (tree - 1) * units * Block::BYTES;
            batch.vectors[vector + unit * Block::BYTES + bit / 8] ^= 1 << (bit % 8);
            for row in (0..DIGIT_BITS).filter(|row| guess >> row & 1 == 1) {
                rows[(DIGIT_BITS * tree + row) * units + unit] ^= Block::new(1 << bit);
            }
        }
        self.finish(count, batch)
    }
}
