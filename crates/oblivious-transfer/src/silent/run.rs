//! One run of a stage at one party: its own trees and those of the peer, over one reserve.

use rayon::prelude::{IndexedParallelIterator, ParallelIterator, ParallelSlice, ParallelSliceMut};
use zeroize::{Zeroize, Zeroizing};

use super::code::{Outputs, Pair};
use super::tree::{Announce, ReceivedTree, SentTree, Trees};
use super::{Party, Stage};
use crate::aes;
use crate::block::{Block, read_blocks, write_blocks};
use crate::cot::Blocks;
use crate::hash::{Domain, KeyDeriver, KeyIndex};
use crate::prg::Prg;

/// Correlated OTs of both directions that later trees consume.
pub(super) type Reserve = Zeroizing<Vec<Pair>>;

/// A reserve of `count` that is still to be filled.
pub(super) fn empty_reserve(count: usize) -> Reserve {
    Zeroizing::new(vec![Pair::default(); count])
}

/// Puts the first OTs of both directions into `kept`.
pub(super) fn keep(kept: &mut [Pair], keys: &[Block], macs: &[Block]) {
    for ((pair, key), mac) in kept.iter_mut().zip(keys).zip(macs) {
        *pair = Pair { key: *key, mac: *mac };
    }
}

/// One party of an extension, for the whole session.
pub(super) struct Endpoint {
    pub(super) own: Party,
    /// The correlation of what the party sends.
    pub(super) delta: Block,
    pub(super) deriver: KeyDeriver,
    /// Makes the roots of the party's trees.
    pub(super) generator: Prg,
}

impl Endpoint {
    /// Fresh roots for `count` trees.
    pub(super) fn roots(&mut self, count: usize) -> Blocks {
        let mut roots = Zeroizing::new(vec![Block::ZERO; count]);
        self.generator.fill_blocks(&mut roots);
        roots
    }
}

impl Drop for Endpoint {
    fn drop(&mut self) {
        self.delta.zeroize();
    }
}

/// One run of a stage.
pub(super) struct StageRun<'a, const K: usize> {
    pub(super) stage: Stage,
    pub(super) endpoint: &'a Endpoint,
    /// 0 for the initial stage, then the number of the main run.
    pub(super) number: u32,
    pub(super) reserve: &'a [Pair],
}

impl<const K: usize> StageRun<'_, K> {
    /// The message of the party's own trees from `first` on, which have these roots.
    pub(super) fn announce(&self, first: usize, roots: &[Block]) -> Vec<u8> {
        let mut message = vec![Block::ZERO; roots.len() * self.stage.depth];
        message.par_chunks_mut(self.stage.depth).zip(roots).enumerate().for_each_init(
            || self.leaves(),
            |leaves, (index, (message, root))| {
                let (tree, path) = (self.sent(first + index, *root), self.path(first + index));
                aes::dispatch(Announce { tree, path, message, leaves });
            },
        );
        let mut bytes = Vec::new();
        write_blocks(&message, &mut bytes);
        bytes
    }

    /// Makes the OTs of the trees from `first` on, as many as there are `roots`, from the peer's message; hands each tree's
    /// keys and macs to `consume` with its `outputs`.
    pub(super) fn grow<T: Send, R: Send>(
        &self,
        first: usize,
        roots: &[Block],
        message: &[u8],
        outputs: impl IndexedParallelIterator<Item = T>,
        consume: impl Fn(T, &[Block], &[Block]) -> R + Sync,
    ) -> Vec<R> {
        let message: Vec<Block> = read_blocks(message).collect();
        outputs
            .zip(roots)
            .zip(message.par_chunks(self.stage.depth))
            .enumerate()
            .map_init(
                || (self.leaves(), self.leaves()),
                |(keys, macs), (index, ((output, root), message))| {
                    let sent = self.sent(first + index, *root);
                    self.tree(first + index, sent, message, Outputs { keys, macs });
                    consume(output, keys, macs)
                },
            )
            .collect()
    }

    /// The OTs of one tree of each direction.
    fn tree(&self, tree: usize, sent: SentTree, message: &[Block], outputs: Outputs<'_>) {
        let key = self.key(Domain::SilentTree, self.endpoint.own.peer(), tree);
        if let Some(table) = self.reserve.first_chunk::<K>() {
            aes::dispatch(Trees {
                sent,
                received: ReceivedTree { key, path: self.path(tree), message },
                code_key: self.key(Domain::SilentCode, Party::A, 0),
                table,
                outputs,
                first: (tree * self.stage.leaves()) as u64,
            });
        }
    }

    fn sent(&self, tree: usize, root: Block) -> SentTree {
        let Endpoint { own, delta, .. } = *self.endpoint;
        SentTree { key: self.key(Domain::SilentTree, own, tree), delta, root }
    }

    /// The reserve OTs of a tree of each direction.
    fn path(&self, tree: usize) -> &[Pair] {
        &self.reserve[self.stage.secret + tree * self.stage.depth..][..self.stage.depth]
    }

    fn leaves(&self) -> Blocks {
        Zeroizing::new(vec![Block::ZERO; self.stage.leaves()])
    }

    /// The hash key of a tree that `sender` sends; the code, common to both directions, counts as A's.
    fn key(&self, domain: Domain, sender: Party, tree: usize) -> Block {
        let index = KeyIndex { domain, layer: sender as u16, batch: self.number, item: tree as u64 };
        self.endpoint.deriver.key(index)
    }
}
