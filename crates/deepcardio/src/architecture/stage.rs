//! A stage: one linear layer with the non-linear step and the reductions that follow it.
//!
//! The private protocol runs stage by stage, so this is the form in which it reads an architecture.

use super::activation::Activation;
use super::linear::LinearShape;
use super::lstm::Lstm;
use super::reduction::Reduction;
use crate::tensor::Shape;

/// One linear layer and all that happens before the next one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stage {
    /// `conv1`, .. over windows, `head1`, .. or `lstm` over the sequence of windows, `dense` for
    /// the scores.
    pub name: String,
    /// Geometry of the linear layer. That of an LSTM has kernel 1 and takes `[input; hidden state]`
    /// at every position, so it has more channels than [`Stage::input`].
    pub linear: LinearShape,
    /// Signed width of its weights.
    pub weight_bits: u32,
    /// Shares of its accumulators live in integers modulo `2^ell`. `|acc| < 2^(ell-2)`, scores
    /// `< 2^(ell-1)`.
    pub ell: u32,
    /// The non-linear step. Only the last stage has none.
    pub nonlinear: Option<Nonlinear>,
    /// Linear reductions after the non-linear step, in order. None after an LSTM.
    pub reductions: Vec<Reduction>,
}

/// What follows a linear layer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Nonlinear {
    /// Each value, or the maximum of each pair, on its own.
    Requantise(Activation),
    /// The recurrence that also feeds the linear layer.
    Lstm(Lstm),
}

impl Stage {
    /// The requantise after the linear layer, if that is its non-linear step.
    #[must_use]
    pub fn requantise(&self) -> Option<Activation> {
        match self.nonlinear {
            Some(Nonlinear::Requantise(step)) => Some(step),
            _ => None,
        }
    }

    /// The recurrence, if the stage is an LSTM.
    #[must_use]
    pub fn lstm(&self) -> Option<&Lstm> {
        match &self.nonlinear {
            Some(Nonlinear::Lstm(lstm)) => Some(lstm),
            _ => None,
        }
    }

    /// Shape of the tensor that enters the stage.
    #[must_use]
    pub fn input(&self) -> Shape {
        let linear = self.linear.input();
        let hidden = self.lstm().map_or(0, |lstm| lstm.units);
        Shape { channels: linear.channels.saturating_sub(hidden), ..linear }
    }

    /// Shape after the non-linear step, before the reductions.
    #[must_use]
    pub fn activated(&self) -> Shape {
        let accumulators = self.linear.output();
        match &self.nonlinear {
            None => accumulators,
            Some(Nonlinear::Requantise(step)) => step.output(accumulators),
            Some(Nonlinear::Lstm(lstm)) => Shape { channels: lstm.units, length: 1, ..accumulators },
        }
    }

    /// Shape that leaves the stage.
    #[must_use]
    pub fn output(&self) -> Shape {
        self.reductions.iter().fold(self.activated(), |shape, reduction| reduction.output(shape))
    }

    /// Requantising steps ("pairs" when it pools) that the stage takes.
    #[must_use]
    pub fn activations(&self) -> usize {
        match &self.nonlinear {
            None => 0,
            Some(Nonlinear::Requantise(_)) => self.activated().count(),
            Some(Nonlinear::Lstm(lstm)) => lstm.steps_per_position() * self.linear.length,
        }
    }
}
