//! The main stage of a silent extension: correlated OTs of both directions, part by part.

use std::collections::VecDeque;

use rayon::prelude::{IndexedParallelIterator, IntoParallelIterator, ParallelSliceMut};

use super::code::Pair;
use super::run::{Endpoint, Reserve, StageRun, empty_reserve, keep};
use super::{CHUNK_COTS, KEPT, MAIN, MAIN_SECRET, PART_BYTES, PART_COTS, PART_TREES, PARTS};
use crate::block::Block;
use crate::cot::Blocks;
use crate::error::OtError;

/// A party that makes correlated OTs of both directions, part by part.
///
/// It gets keys under its own Delta, and macs under the peer's. A mac's choice bit is its bit 0.
pub struct SilentExtension {
    endpoint: Endpoint,
    reserve: Reserve,
    next_reserve: Reserve,
    /// Number of the main run, from 1.
    run: u32,
    /// Parts of the run that are done.
    done: usize,
    /// Roots of the parts that are announced and not done.
    announced: VecDeque<Blocks>,
    /// Correlated OTs made so far, in each direction.
    position: u64,
}

impl SilentExtension {
    pub(super) fn new(endpoint: Endpoint, reserve: Reserve) -> Self {
        let next_reserve = empty_reserve(KEPT * MAIN.trees);
        Self { endpoint, reserve, next_reserve, run: 1, done: 0, announced: VecDeque::new(), position: 0 }
    }

    /// The correlation of the keys.
    #[must_use]
    pub fn delta(&self) -> Block {
        self.endpoint.delta
    }

    /// Correlated OTs made so far, in each direction.
    ///
    /// That is the position of the next one in the stream of all parts.
    #[must_use]
    pub fn position(&self) -> u64 {
        self.position
    }

    /// Begins up to `most` further parts; returns the message of each ([`PART_BYTES`]), in order.
    ///
    /// They are fewer where the run ends before, because the next run needs all OTs of this one. So
    /// two parties begin the same number, if they have begun and done the same parts and name the
    /// same `most`.
    pub fn announce(&mut self, most: usize) -> Vec<Vec<u8>> {
        let first = self.done + self.announced.len();
        (first..PARTS.min(first + most))
            .map(|part| {
                let roots = self.endpoint.roots(PART_TREES);
                let run = main(&self.endpoint, self.run, &self.reserve);
                let message = run.announce(part * PART_TREES, &roots);
                self.announced.push_back(roots);
                message
            })
            .collect()
    }

    /// Makes the next part, [`PART_COTS`] OTs in each direction, from the peer's message for it.
    ///
    /// `consume` is called once for each of the [`super::PART_CHUNKS`] pieces, in parallel. It gets
    /// the piece's position in the stream of all parts, its [`CHUNK_COTS`] keys and as many macs.
    /// Its results come back in order.
    ///
    /// # Errors
    /// [`OtError::Length`] if the message has another length.
    /// [`OtError::NotAnnounced`] if the part was not begun.
    pub fn extend<R: Send>(
        &mut self,
        message: &[u8],
        consume: impl Fn(u64, &[Block], &[Block]) -> R + Sync,
    ) -> Result<Vec<R>, OtError> {
        OtError::check_length("silent part", message, PART_BYTES)?;
        let roots = self.announced.pop_front().ok_or(OtError::NotAnnounced)?;
        let (first, position) = (self.done * PART_TREES, self.position);
        let kept = self.next_reserve[first * KEPT..][..PART_TREES * KEPT].par_chunks_mut(KEPT);
        let outputs = (0..PART_TREES).into_par_iter().zip(kept);
        let run = main(&self.endpoint, self.run, &self.reserve);
        let results = run.grow(first, &roots, message, outputs, |(tree, kept), keys, macs| {
            keep(kept, keys, macs);
            consume(position + (tree * CHUNK_COTS) as u64, &keys[KEPT..], &macs[KEPT..])
        })?;
        self.advance();
        Ok(results)
    }

    fn advance(&mut self) {
        self.position += PART_COTS as u64;
        self.done += 1;
        if self.done == PARTS {
            core::mem::swap(&mut self.reserve, &mut self.next_reserve);
            self.done = 0;
            self.run += 1;
        }
    }
}

fn main<'a>(endpoint: &'a Endpoint, number: u32, reserve: &'a [Pair]) -> StageRun<'a, MAIN_SECRET> {
    StageRun { stage: MAIN, endpoint, number, reserve }
}
