//! The plan of an argmax: every class against every other at once, then an AND of its wins.

use core::ops::Deref;
use std::sync::Arc;

use super::build::Builder;
use super::gate::{GateKind, Wire, Word};
use super::schedule::Schedule;
use crate::error::StepError;
use crate::shape::{MAX_ELL, Mode};

/// The public shape of an argmax over shared scores.
///
/// The parties hold shares mod 2^`ell` of `classes` scores, each |score| < 2^(`ell` - 2).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ArgmaxShape {
    /// Scores, 2 to 64.
    pub classes: usize,
    /// Width of the ring in bits, 3 to 30.
    pub ell: u32,
}

/// The compiled argmax: instance i is class i, sizes and counts are those of its [`Schedule`] and, beyond the last
/// exchange, one message of [`ArgmaxPlan::label_bytes`] from the server.
#[derive(Clone, Debug)]
pub struct ArgmaxPlan(Arc<ArgmaxCircuit>);

#[derive(Debug)]
pub(crate) struct ArgmaxCircuit {
    pub(crate) shape: ArgmaxShape,
    pub(crate) schedule: Schedule,
    /// Whether the class leads all others.
    pub(crate) winner: Wire,
}

impl ArgmaxPlan {
    /// Compiles the argmax; its comparisons are trees, the traffic being small.
    ///
    /// # Errors
    /// [`StepError::Shape`] if the shape is outside its limits.
    pub fn new(shape: ArgmaxShape) -> Result<Self, StepError> {
        if !(2..=64).contains(&shape.classes) {
            return Err(StepError::Shape("classes must be 2 to 64"));
        }
        if !(3..=MAX_ELL).contains(&shape.ell) {
            return Err(StepError::Shape("ell must be 3 to 30"));
        }
        let mut builder = Builder::new(true);
        let sign = shape.ell - 1;
        let mut round = 0;
        let mut wins = Vec::new();
        for distance in 1..shape.classes {
            let (carry, ready) = builder.sign_carry(Mode::Tree.limit(), Word::Lead(distance), sign);
            wins.push(Wire::NotNegative(Word::Lead(distance), sign, carry));
            round = ready;
        }
        while wins.len() > 1 {
            let and = |pair: &[Wire]| match *pair {
                [propagate, low] => {
                    let kind = GateKind::Join { generate: None, propagate, low, low_propagate: None };
                    Some(Wire::Register(builder.gate(round, kind)))
                }
                _ => pair.first().copied(),
            };
            wins = wins.chunks(2).filter_map(and).collect();
            round += 1;
        }
        let schedule = super::schedule(builder, shape.classes, Vec::new());
        Ok(Self(Arc::new(ArgmaxCircuit { shape, schedule, winner: wins[0] })))
    }

    /// The public shape.
    #[must_use]
    pub fn shape(&self) -> ArgmaxShape {
        self.0.shape
    }

    /// Bytes of the server's last message, its shares of the winner.
    #[must_use]
    pub fn label_bytes(&self) -> usize {
        self.0.shape.classes.div_ceil(8)
    }

    pub(crate) fn circuit(&self) -> &Arc<ArgmaxCircuit> {
        &self.0
    }
}

impl Deref for ArgmaxPlan {
    type Target = Schedule;

    fn deref(&self) -> &Schedule {
        &self.0.schedule
    }
}
