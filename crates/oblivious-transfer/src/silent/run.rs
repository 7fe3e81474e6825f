//! One run of a stage at one party: its own trees and those of the peer, over one reserve.

use rayon::prelude::{IndexedParallelIterator, ParallelIterator, ParallelSlice, ParallelSliceMut};
use shares::Role;
use zeroize::{Zeroize, Zeroizing};

use super::Stage;
use super::check::{Hashes, Ledger, MASKS};
use super::code::{Outputs, Pair};
use super::points::Points;
use super::tree::{Announce, ReceivedTree, SentTree, Trees};
use crate::aes;
use crate::block::{Block, read_blocks, write_blocks};
use crate::cot::Blocks;
use crate::error::OtError;
use crate::field::Polynomial;
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
    pub(super) own: Role,
    /// The correlation of what the party sends.
    pub(super) delta: Block,
    pub(super) deriver: KeyDeriver,
    /// Makes the roots of the party's trees.
    pub(super) generator: Prg,
    /// Where the leaves of both directions are hashed for the check.
    pub(super) points: Points,
}

/// Trees of one part that the party has announced to its peer.
pub(super) struct OwnTrees {
    pub(super) roots: Blocks,
    /// What hashes their leaves for the check.
    pub(super) hash: Polynomial,
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
    /// The message that announces the party's own trees of the part that begins with tree `first`.
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

    /// Makes the OTs of the part that begins with tree `first`, from the party's own trees and the
    /// peer's message, whose trees `received` hashes.
    ///
    /// Hands each tree's keys and macs to `consume` with its element of `outputs`. They are not
    /// checked: the part's line of the ledger comes with the results.
    ///
    /// # Errors
    /// [`OtError::Length`] if the message has another length than that of so many trees.
    /// [`OtError::Reserve`] if the reserve is shorter than what the stage consumes.
    pub(super) fn grow<T: Send, R: Send>(
        &self,
        first: usize,
        own: &OwnTrees,
        message: &[u8],
        received: &Polynomial,
        outputs: impl IndexedParallelIterator<Item = T>,
        consume: impl Fn(T, &[Block], &[Block]) -> R + Sync,
    ) -> Result<(Vec<R>, Ledger), OtError> {
        let length = own.roots.len() * self.stage.depth * Block::BYTES;
        OtError::check_length("silent trees", message, length)?;
        let table = self.table()?;
        let hashes = Hashes { sent: &own.hash, received };
        let message: Vec<Block> = read_blocks(message).collect();
        let (results, trees): (Vec<R>, Vec<Ledger>) = outputs
            .zip(&*own.roots)
            .zip(message.par_chunks(self.stage.depth))
            .enumerate()
            .map_init(
                || (self.leaves(), self.leaves()),
                |(keys, macs), (index, ((output, root), message))| {
                    let sent = self.sent(first + index, *root);
                    let outputs = Outputs { keys, macs };
                    let line = self.tree(table, first + index, sent, message, hashes, outputs);
                    (consume(output, keys, macs), line)
                },
            )
            .unzip();
        let mut line = hashes.join(trees.into_iter(), self.stage.leaves());
        line.add(&Ledger::masks(self.masks(first)));
        Ok((results, line))
    }

    /// What the code reads: the first K OTs of a reserve that is long enough for the trees too.
    fn table(&self) -> Result<&[Pair; K], OtError> {
        let (expected, actual) = (self.stage.reserve(), self.reserve.len());
        let long_enough = self.reserve.first_chunk().filter(|_| actual >= expected);
        long_enough.ok_or(OtError::Reserve { expected, actual })
    }

    /// The OTs of one tree of each direction.
    fn tree(
        &self,
        table: &[Pair; K],
        tree: usize,
        sent: SentTree,
        message: &[Block],
        hashes: Hashes<'_>,
        outputs: Outputs<'_>,
    ) -> Ledger {
        let key = self.key(Domain::SilentTree, self.endpoint.own.peer(), tree);
        aes::dispatch(Trees {
            sent,
            received: ReceivedTree { key, path: self.path(tree), message },
            hashes,
            code_key: self.key(Domain::SilentCode, Role::Client, 0),
            table,
            outputs,
            first: (tree * self.stage.leaves()) as u64,
        })
    }

    fn sent(&self, tree: usize, root: Block) -> SentTree {
        let Endpoint { own, delta, .. } = *self.endpoint;
        SentTree { key: self.key(Domain::SilentTree, own, tree), delta, root }
    }

    /// The reserve OTs of a tree of each direction.
    pub(super) fn path(&self, tree: usize) -> &[Pair] {
        &self.reserve[self.stage.secret + tree * self.stage.depth..][..self.stage.depth]
    }

    /// The reserve OTs that mask the check of the part that begins with tree `first`.
    fn masks(&self, first: usize) -> &[Pair] {
        let Stage { secret, trees, depth, part } = self.stage;
        &self.reserve[secret + trees * depth + first / part * MASKS..][..MASKS]
    }

    fn leaves(&self) -> Blocks {
        Zeroizing::new(vec![Block::ZERO; self.stage.leaves()])
    }

    /// The hash key of a tree that `sender` sends.
    ///
    /// The code is common to both directions and counts as the client's.
    fn key(&self, domain: Domain, sender: Role, tree: usize) -> Block {
        let index = KeyIndex { domain, layer: sender.index() as u16, batch: self.number, item: tree as u64 };
        self.endpoint.deriver.key(index)
    }
}

#[cfg(test)]
mod tests {
    use rayon::prelude::IntoParallelIterator;
    use shares::Role;

    use super::{Endpoint, OwnTrees, Points, StageRun, empty_reserve};
    use crate::block::Block;
    use crate::check::DIGEST_BYTES;
    use crate::error::OtError;
    use crate::field::Polynomial;
    use crate::hash::KeyDeriver;
    use crate::prg::Prg;
    use crate::silent::{INITIAL, INITIAL_SECRET};

    /// Grows two trees from a reserve of `reserve` OTs and a message of `bytes`.
    fn grow(reserve: usize, bytes: usize) -> Result<Vec<()>, OtError> {
        let generator = Prg::from_block(Block::ONE);
        let deriver = KeyDeriver::new(b"run");
        let points = Points::new([0; DIGEST_BYTES]);
        let endpoint = Endpoint { own: Role::Client, delta: Block::ONE, deriver, generator, points };
        let reserve = empty_reserve(reserve);
        let run: StageRun<'_, INITIAL_SECRET> =
            StageRun { stage: INITIAL, endpoint: &endpoint, number: 0, reserve: &reserve };
        let hash = Polynomial::at(Block::ONE);
        let own = OwnTrees { roots: vec![Block::ONE; 2].into(), hash: hash.clone() };
        let grown = run.grow(0, &own, &vec![0; bytes], &hash, [(); 2].into_par_iter(), |(), _, _| ());
        grown.map(|(results, _)| results)
    }

    #[test]
    fn whatever_is_too_short_is_refused() {
        let (expected, bytes) = (INITIAL.reserve(), 2 * INITIAL.depth * Block::BYTES);
        assert_eq!(grow(expected, bytes), Ok(vec![(); 2]));
        for actual in [0, INITIAL_SECRET - 1, INITIAL_SECRET, expected - 1] {
            assert_eq!(grow(actual, bytes), Err(OtError::Reserve { expected, actual }));
        }
        for short in [0, bytes / 2, bytes - 1] {
            assert!(matches!(grow(expected, short), Err(OtError::Length { .. })));
        }
    }
}
