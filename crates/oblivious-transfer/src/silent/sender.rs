//! The sender of the silent extension.

use rand_core::CryptoRng;
use rayon::prelude::{IndexedParallelIterator, IntoParallelIterator, ParallelIterator, ParallelSliceMut};
use zeroize::{Zeroize, Zeroizing};

use super::tree::SenderTree;
use super::{
    CHUNK_COTS, INITIAL, INITIAL_SECRET, KEPT, MAIN, MAIN_SECRET, PART_TREES, PARTS, RunKeys,
    SETUP_REQUEST_BYTES, Stage,
};
use crate::aes;
use crate::block::{Block, write_blocks};
use crate::cot::Blocks;
use crate::error::OtError;
use crate::hash::KeyDeriver;
use crate::prg::Prg;
use crate::softspoken::CotSender;

/// A sender that makes correlated OT keys part by part.
pub struct SilentSender {
    delta: Block,
    deriver: KeyDeriver,
    roots: Prg,
    reserve: Blocks,
    next_reserve: Blocks,
    /// Number of the main run, from 1.
    run: u32,
    /// Parts of the run that are done.
    part: usize,
    /// Correlated OTs given out so far.
    position: u64,
}

impl SilentSender {
    /// Takes the receiver's set-up message; returns the set-up message to the receiver ([`super::SETUP_REPLY_BYTES`]).
    ///
    /// `session_id` names this extension alone: the opposite direction of a session uses another one.
    pub fn new(
        session_id: &[u8],
        softspoken: &mut CotSender,
        message: &[u8],
        rng: &mut impl CryptoRng,
    ) -> Result<(Self, Vec<u8>), OtError> {
        let delta = softspoken.delta();
        if !delta.lsb() {
            return Err(OtError::EvenDelta);
        }
        OtError::check_length("silent set-up request", message, SETUP_REQUEST_BYTES)?;
        let mut first = softspoken.extend_random(INITIAL.reserve(), message)?;
        first.iter_mut().for_each(|key| *key = key.with_lsb(false));
        let (deriver, mut roots) = (KeyDeriver::new(session_id), Prg::from_block(Block::random(rng)));
        let mut reserve = Zeroizing::new(vec![Block::ZERO; INITIAL.trees * INITIAL.leaves()]);
        let keys = RunKeys { deriver: &deriver, run: 0 };
        let run = Run::<INITIAL_SECRET> { stage: INITIAL, keys, delta, reserve: &first };
        let message = run.trees(0, &mut roots, reserve.par_chunks_mut(INITIAL.leaves()), |out, leaves| {
            out.copy_from_slice(leaves);
        });
        let next_reserve = Zeroizing::new(vec![Block::ZERO; KEPT * MAIN.trees]);
        let sender = Self { delta, deriver, roots, reserve, next_reserve, run: 1, part: 0, position: 0 };
        Ok((sender, message.1))
    }

    /// The correlation.
    #[must_use]
    pub fn delta(&self) -> Block {
        self.delta
    }

    /// Makes one part of [`super::PART_COTS`] keys; returns the message to the receiver ([`super::PART_BYTES`]).
    ///
    /// `consume` is called once for each of the [`super::PART_CHUNKS`] pieces of [`super::CHUNK_COTS`] keys, in
    /// parallel, with the piece's position in the stream of all parts; its results come back in order.
    pub fn extend<R: Send>(&mut self, consume: impl Fn(u64, &[Block]) -> R + Sync) -> (Vec<R>, Vec<u8>) {
        let (first_tree, position) = (self.part * PART_TREES, self.position);
        let keys = RunKeys { deriver: &self.deriver, run: self.run };
        let run = Run::<MAIN_SECRET> { stage: MAIN, keys, delta: self.delta, reserve: &self.reserve };
        let kept = self.next_reserve[first_tree * KEPT..][..PART_TREES * KEPT].par_chunks_mut(KEPT);
        let kept =
            (0u64..).step_by(CHUNK_COTS).take(PART_TREES).collect::<Vec<_>>().into_par_iter().zip(kept);
        let result = run.trees(first_tree, &mut self.roots, kept, |(offset, kept), leaves| {
            let (reserved, output) = leaves.split_at(KEPT);
            kept.copy_from_slice(reserved);
            consume(position + offset, output)
        });
        self.advance();
        result
    }

    fn advance(&mut self) {
        self.position += super::PART_COTS as u64;
        self.part += 1;
        if self.part == PARTS {
            core::mem::swap(&mut self.reserve, &mut self.next_reserve);
            self.part = 0;
            self.run += 1;
        }
    }
}

impl Drop for SilentSender {
    fn drop(&mut self) {
        self.delta.zeroize();
    }
}

/// One run of a stage.
struct Run<'a, const K: usize> {
    stage: Stage,
    keys: RunKeys<'a>,
    delta: Block,
    reserve: &'a [Block],
}

impl<const K: usize> Run<'_, K> {
    /// Expands as many trees from `first_tree` on as there are `outputs`, handing each its leaves.
    fn trees<T: Send, R: Send>(
        &self,
        first_tree: usize,
        roots: &mut Prg,
        outputs: impl IndexedParallelIterator<Item = T>,
        consume: impl Fn(T, &[Block]) -> R + Sync,
    ) -> (Vec<R>, Vec<u8>) {
        let Stage { secret, depth, .. } = self.stage;
        let count = outputs.len();
        let mut root_blocks = Zeroizing::new(vec![Block::ZERO; count]);
        roots.fill_blocks(&mut root_blocks);
        let mut message = vec![Block::ZERO; count * depth];
        let (table, path_keys) = self.reserve.split_at(secret);
        let leaves = || Zeroizing::new(vec![Block::ZERO; self.stage.leaves()]);
        let results = outputs
            .zip(message.par_chunks_mut(depth))
            .enumerate()
            .map_init(leaves, |leaves, (index, (output, message))| {
                let tree = first_tree + index;
                if let Some(table) = table.first_chunk::<K>() {
                    aes::dispatch(SenderTree {
                        tree_key: self.keys.tree(tree),
                        code_key: self.keys.code(),
                        delta: self.delta,
                        root: root_blocks[index],
                        keys: &path_keys[tree * depth..][..depth],
                        message,
                        table,
                        leaves,
                        first: (tree * self.stage.leaves()) as u64,
                    });
                }
                consume(output, leaves)
            })
            .collect();
        let mut bytes = Vec::new();
        write_blocks(&message, &mut bytes);
        (results, bytes)
    }
}
