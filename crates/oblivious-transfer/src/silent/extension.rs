//! The main stage of a silent extension: correlated OTs of both directions, part by part, and their
//! check.

use std::collections::VecDeque;

use rayon::prelude::{IndexedParallelIterator, IntoParallelIterator, ParallelSliceMut};

use super::check::{ANSWER_BYTES, Ledger, QUESTION_BYTES};
use super::code::Pair;
use super::run::{Endpoint, OwnTrees, Reserve, StageRun, empty_reserve, keep};
use super::unchecked::{Checked, Unchecked};
use super::{CHUNK_COTS, KEPT, MAIN, MAIN_SECRET, PART_BYTES, PART_COTS, PART_TREES, PARTS};
use crate::block::Block;
use crate::check::require_equal;
use crate::error::OtError;

const QUESTION: &str = "question of a silent check";
const ANSWER: &str = "answer of a silent check";

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
    /// Trees of the parts that are announced and not done.
    announced: VecDeque<OwnTrees>,
    /// Correlated OTs made so far, in each direction.
    position: u64,
    /// What is not checked yet.
    unchecked: Ledger,
}

/// An extension that has asked its peer for a check and waits for the peer's question.
pub struct SilentAsked(SilentExtension);

/// An extension that has answered its peer's question and waits for the answer to its own.
pub struct SilentAnswered(SilentExtension);

impl SilentExtension {
    pub(super) fn new(endpoint: Endpoint, reserve: Reserve, unchecked: Ledger) -> Self {
        let next_reserve = empty_reserve(KEPT * MAIN.trees);
        let announced = VecDeque::new();
        Self { endpoint, reserve, next_reserve, run: 1, done: 0, announced, position: 0, unchecked }
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
                let hash = self.endpoint.points.next(self.endpoint.own, &message);
                self.announced.push_back(OwnTrees { roots, hash });
                message
            })
            .collect()
    }

    /// Makes the next part, [`PART_COTS`] OTs in each direction, from the peer's message for it.
    ///
    /// `consume` is called once for each of the [`super::PART_CHUNKS`] pieces, in parallel. It gets
    /// the piece's position in the stream of all parts, its [`CHUNK_COTS`] keys and as many macs.
    /// Its results come back in order. A peer that deviates may have made the macs wrong, so the
    /// results can be had after a check alone. `consume` must let nothing out but by its result.
    ///
    /// # Errors
    /// [`OtError::Length`] if the message has another length.
    /// [`OtError::NotAnnounced`] if the part was not begun.
    pub fn extend<R: Send>(
        &mut self,
        message: &[u8],
        consume: impl Fn(u64, &[Block], &[Block]) -> R + Sync,
    ) -> Result<Unchecked<Vec<R>>, OtError> {
        OtError::check_length("silent part", message, PART_BYTES)?;
        let own = self.announced.pop_front().ok_or(OtError::NotAnnounced)?;
        let received = self.endpoint.points.next(self.endpoint.own.peer(), message);
        let (first, position) = (self.done * PART_TREES, self.position);
        let kept = self.next_reserve[first * KEPT..][..PART_TREES * KEPT].par_chunks_mut(KEPT);
        let outputs = (0..PART_TREES).into_par_iter().zip(kept);
        let run = main(&self.endpoint, self.run, &self.reserve);
        let (results, line) =
            run.grow(first, &own, message, &received, outputs, |(tree, kept), keys, macs| {
                keep(kept, keys, macs);
                consume(position + (tree * CHUNK_COTS) as u64, &keys[KEPT..], &macs[KEPT..])
            })?;
        self.unchecked.add(&line);
        self.advance();
        Ok(Unchecked::new(results, self.position))
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

    /// Begins the check of all that was made since the last one; returns the message to the peer
    /// ([`QUESTION_BYTES`]).
    ///
    /// Both parties must have made the same parts.
    #[must_use]
    pub fn check(self) -> (SilentAsked, Vec<u8>) {
        let question = self.unchecked.noise.to_bytes().to_vec();
        (SilentAsked(self), question)
    }
}

impl SilentAsked {
    /// Answers the peer's question; returns the message to the peer ([`ANSWER_BYTES`]).
    ///
    /// # Errors
    /// [`OtError::Length`] if the question has another length.
    pub fn answer(self, question: &[u8]) -> Result<(SilentAnswered, Vec<u8>), OtError> {
        OtError::check_length(QUESTION, question, QUESTION_BYTES)?;
        let mut bytes = [0; Block::BYTES];
        bytes.copy_from_slice(question);
        let Self(extension) = self;
        let answer = extension.unchecked.answer(Block::from_bytes(bytes), extension.delta());
        Ok((SilentAnswered(extension), answer.to_vec()))
    }
}

impl SilentAnswered {
    /// Takes the peer's answer: gives the extension back with the leave to use what it made.
    ///
    /// # Errors
    /// [`OtError::Length`] if the answer has another length. [`OtError::Inconsistent`] if the check
    /// fails: the peer deviates. The extension is gone then.
    pub fn finish(self, answer: &[u8]) -> Result<(SilentExtension, Checked), OtError> {
        OtError::check_length(ANSWER, answer, ANSWER_BYTES)?;
        let Self(mut extension) = self;
        require_equal(ANSWER, &extension.unchecked.expected(), answer)?;
        extension.unchecked = Ledger::default();
        let checked = Checked::up_to(extension.position);
        Ok((extension, checked))
    }
}

fn main<'a>(endpoint: &'a Endpoint, number: u32, reserve: &'a [Pair]) -> StageRun<'a, MAIN_SECRET> {
    StageRun { stage: MAIN, endpoint, number, reserve }
}

#[cfg(test)]
mod deviant;
