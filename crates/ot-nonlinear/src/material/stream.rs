//! One stream of correlated OTs for the steps of a whole inference.
//!
//! The stream is cut into the steps' material wherever a step ends. An extension hands out COTs in
//! chunks of its own size, several at once. [`CotStream::condense`] takes such a chunk at its
//! position in the stream, from any thread. [`CotStream::add`] puts the pieces together in order.
//! An extension makes whole parts, so COTs beyond the last step are left aside.

use oblivious_transfer::block::Block;
use rayon::prelude::*;

use super::condense::{ReceivedCondenser, SentCondenser};
use super::piece::{ReceivedPiece, SentPiece};
use super::units::{ReceivedMaterial, SentMaterial};
use crate::error::StepError;

/// Where each step begins in the stream, and the end of the last.
fn borders(needed: impl Iterator<Item = usize>) -> Vec<usize> {
    let mut borders = vec![0];
    borders.extend(needed.scan(0, |end, needed| {
        *end += needed;
        Some(*end)
    }));
    borders
}

/// The steps that items `position` to `position` + `length` - 1 fall in: step, position within it,
/// first item.
fn cut(borders: &[usize], position: usize, length: usize) -> Vec<(usize, usize, usize)> {
    let end = position.saturating_add(length);
    let steps = borders.windows(2).enumerate().filter(|(_, step)| step[0] < end && position < step[1]);
    steps
        .map(|(index, step)| {
            let first = position.max(step[0]);
            (index, first - step[0], first - position)
        })
        .collect()
}

/// What a stream needs of the condenser of one step and direction.
pub trait Condenser: Sized + Send {
    /// Condensed COTs.
    type Piece;
    /// What a step consumes.
    type StepMaterial: Send;
    /// COTs still to come.
    fn needed(&self) -> usize;
    /// Condenses the COTs from `position` of the step on, those beyond its last left aside.
    fn condense(&self, position: usize, cots: &[Block]) -> Self::Piece;
    /// Adds a piece that follows the ones before.
    ///
    /// # Errors
    /// [`StepError::Order`] if it does not.
    fn add(&mut self, piece: Self::Piece) -> Result<(), StepError>;
    /// The material, when all COTs have come.
    ///
    /// # Errors
    /// [`StepError::CotCount`] if COTs are missing.
    fn finish(self) -> Result<Self::StepMaterial, StepError>;
}

impl Condenser for SentCondenser {
    type Piece = SentPiece;
    type StepMaterial = SentMaterial;

    fn needed(&self) -> usize {
        self.needed()
    }

    fn condense(&self, position: usize, keys: &[Block]) -> SentPiece {
        self.condense(position, keys)
    }

    fn add(&mut self, piece: SentPiece) -> Result<(), StepError> {
        self.add(piece)
    }

    fn finish(self) -> Result<SentMaterial, StepError> {
        self.finish()
    }
}

/// The choices are the macs' lowest bits, as a silent extension makes them.
impl Condenser for ReceivedCondenser {
    type Piece = ReceivedPiece;
    type StepMaterial = ReceivedMaterial;

    fn needed(&self) -> usize {
        self.needed()
    }

    fn condense(&self, position: usize, macs: &[Block]) -> ReceivedPiece {
        self.condense_silent(position, macs)
    }

    fn add(&mut self, piece: ReceivedPiece) -> Result<(), StepError> {
        self.add(piece)
    }

    fn finish(self) -> Result<ReceivedMaterial, StepError> {
        self.finish()
    }
}

/// The steps that one direction's COTs serve.
pub struct CotStream<R> {
    condensers: Vec<R>,
    borders: Vec<usize>,
}

/// The sender's side of a direction.
pub type SentStream = CotStream<SentCondenser>;
/// The receiver's side of a direction.
pub type ReceivedStream = CotStream<ReceivedCondenser>;

/// A condensed chunk of a stream, by step.
pub struct Pieces<P>(Vec<(usize, P)>);

impl<R: Condenser> CotStream<R> {
    /// The steps in the order in which they take COTs from the stream, the same on both sides.
    #[must_use]
    pub fn new(condensers: Vec<R>) -> Self {
        let borders = borders(condensers.iter().map(R::needed));
        Self { condensers, borders }
    }

    /// COTs of all steps.
    #[must_use]
    pub fn needed(&self) -> usize {
        self.borders.last().copied().unwrap_or(0)
    }

    /// Condenses the chunk that begins at `position` of the stream. Several may be condensed at
    /// once.
    #[must_use]
    pub fn condense(&self, position: u64, cots: &[Block]) -> Pieces<R::Piece> {
        let position = usize::try_from(position).unwrap_or(usize::MAX);
        let steps = cut(&self.borders, position, cots.len()).into_iter();
        Pieces(
            steps
                .map(|(step, at, first)| (step, self.condensers[step].condense(at, &cots[first..])))
                .collect(),
        )
    }

    /// Adds a chunk that follows the ones before.
    ///
    /// # Errors
    /// [`StepError::Order`] if it does not begin where the last one ended.
    pub fn add(&mut self, pieces: Pieces<R::Piece>) -> Result<(), StepError> {
        pieces.0.into_iter().try_for_each(|(step, piece)| self.condensers[step].add(piece))
    }

    /// The material of every step, in order, when all COTs have come.
    ///
    /// # Errors
    /// [`StepError::CotCount`] if COTs are missing.
    pub fn finish(self) -> Result<Vec<R::StepMaterial>, StepError> {
        // Look-ups expand their pads only now.
        self.condensers.into_par_iter().map(R::finish).collect()
    }
}
