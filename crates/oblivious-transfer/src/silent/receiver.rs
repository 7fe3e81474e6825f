//! The receiver of the silent extension.

use rayon::prelude::{IndexedParallelIterator, IntoParallelIterator, ParallelIterator, ParallelSliceMut};
use zeroize::Zeroizing;

use super::tree::ReceiverTree;
use super::{
    CHUNK_COTS, INITIAL, INITIAL_SECRET, KEPT, MAIN, MAIN_SECRET, PART_BYTES, PART_TREES, PARTS, RunKeys,
    SETUP_REPLY_BYTES, Stage,
};
use crate::aes;
use crate::block::{Block, read_blocks};
use crate::cot::Blocks;
use crate::error::OtError;
use crate::hash::KeyDeriver;
use crate::softspoken::CotReceiver;

/// A receiver that has sent its set-up message and waits for the answer.
pub struct SilentReceiverSetup {
    deriver: KeyDeriver,
    first: Blocks,
}

/// A receiver that makes correlated OT macs part by part; the choice bit of a mac is its bit 0.
pub struct SilentReceiver {
    deriver: KeyDeriver,
    reserve: Blocks,
    next_reserve: Blocks,
    /// Number of the main run, from 1.
    run: u32,
    /// Parts of the run that are done.
    part: usize,
    /// Correlated OTs given out so far.
    position: u64,
}

impl SilentReceiverSetup {
    /// Begins the set-up; returns the message to the sender ([`super::SETUP_REQUEST_BYTES`]).
    ///
    /// `session_id` names this extension alone: the opposite direction of a session uses another one.
    #[must_use]
    pub fn start(session_id: &[u8], softspoken: &mut CotReceiver) -> (Self, Vec<u8>) {
        let (cots, message) = softspoken.extend_random(INITIAL.reserve());
        let mut first = cots.macs;
        first.iter_mut().zip(cots.choices.iter()).for_each(|(mac, choice)| *mac = mac.with_lsb(choice));
        (Self { deriver: KeyDeriver::new(session_id), first }, message)
    }

    /// Takes the sender's set-up message.
    pub fn finish(self, message: &[u8]) -> Result<SilentReceiver, OtError> {
        OtError::check_length("silent set-up reply", message, SETUP_REPLY_BYTES)?;
        let mut reserve = Zeroizing::new(vec![Block::ZERO; INITIAL.trees * INITIAL.leaves()]);
        let keys = RunKeys { deriver: &self.deriver, run: 0 };
        let run = Run::<INITIAL_SECRET> { stage: INITIAL, keys, reserve: &self.first };
        run.trees(0, message, reserve.par_chunks_mut(INITIAL.leaves()), |out, leaves| {
            out.copy_from_slice(leaves)
        });
        let next_reserve = Zeroizing::new(vec![Block::ZERO; KEPT * MAIN.trees]);
        Ok(SilentReceiver { deriver: self.deriver, reserve, next_reserve, run: 1, part: 0, position: 0 })
    }
}

impl SilentReceiver {
    /// Makes one part of [`super::PART_COTS`] macs from the sender's message ([`PART_BYTES`]).
    ///
    /// `consume` is called as in [`super::SilentSender::extend`], with the same positions.
    pub fn extend<R: Send>(
        &mut self,
        message: &[u8],
        consume: impl Fn(u64, &[Block]) -> R + Sync,
    ) -> Result<Vec<R>, OtError> {
        OtError::check_length("silent part", message, PART_BYTES)?;
        let (first_tree, position) = (self.part * PART_TREES, self.position);
        let keys = RunKeys { deriver: &self.deriver, run: self.run };
        let run = Run::<MAIN_SECRET> { stage: MAIN, keys, reserve: &self.reserve };
        let kept = self.next_reserve[first_tree * KEPT..][..PART_TREES * KEPT].par_chunks_mut(KEPT);
        let kept =
            (0u64..).step_by(CHUNK_COTS).take(PART_TREES).collect::<Vec<_>>().into_par_iter().zip(kept);
        let results = run.trees(first_tree, message, kept, |(offset, kept), leaves| {
            let (reserved, output) = leaves.split_at(KEPT);
            kept.copy_from_slice(reserved);
            consume(position + offset, output)
        });
        self.advance();
        Ok(results)
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

/// One run of a stage.
struct Run<'a, const K: usize> {
    stage: Stage,
    keys: RunKeys<'a>,
    reserve: &'a [Block],
}

impl<const K: usize> Run<'_, K> {
    /// Rebuilds as many trees from `first_tree` on as there are `outputs`, handing each its leaves.
    fn trees<T: Send, R: Send>(
        &self,
        first_tree: usize,
        message: &[u8],
        outputs: impl IndexedParallelIterator<Item = T>,
        consume: impl Fn(T, &[Block]) -> R + Sync,
    ) -> Vec<R> {
        let Stage { secret, depth, .. } = self.stage;
        let message: Vec<Block> = read_blocks(message).collect();
        let (table, path_macs) = self.reserve.split_at(secret);
        let leaves = || Zeroizing::new(vec![Block::ZERO; self.stage.leaves()]);
        outputs
            .enumerate()
            .map_init(leaves, |leaves, (index, output)| {
                let tree = first_tree + index;
                if let Some(table) = table.first_chunk::<K>() {
                    aes::dispatch(ReceiverTree {
                        tree_key: self.keys.tree(tree),
                        code_key: self.keys.code(),
                        macs: &path_macs[tree * depth..][..depth],
                        message: &message[index * depth..][..depth],
                        table,
                        leaves,
                        first: (tree * self.stage.leaves()) as u64,
                    });
                }
                consume(output, leaves)
            })
            .collect()
    }
}
