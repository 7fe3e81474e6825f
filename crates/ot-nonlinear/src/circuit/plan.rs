//! The compiled step: its shape, its gates in rounds, its sizes.

use core::ops::Deref;
use std::sync::Arc;

use shares::StepShape;

use super::build::Builder;
use super::layout::{Carries, lay_out};
use super::schedule::Schedule;
use crate::error::StepError;
use crate::shape::Mode;

/// A checked shape with its gates and exact sizes.
///
/// Make it once for a layer. A clone is cheap. Sizes and counts are those of the [`Schedule`] that
/// it dereferences to.
#[derive(Clone, Debug)]
pub struct StepPlan(Arc<Circuit>);

/// The compiled step.
#[derive(Debug)]
pub(crate) struct Circuit {
    pub(crate) shape: StepShape,
    mode: Mode,
    pub(crate) schedule: Schedule,
    pub(crate) carries: Carries,
}

impl StepPlan {
    /// Compiles the step.
    ///
    /// # Errors
    /// [`StepError::Shape`] if the shape is outside its limits.
    pub fn new(shape: StepShape, mode: Mode) -> Result<Self, StepError> {
        shape.validate()?;
        Self::compile(shape, mode, true)
    }

    /// Compiles the step for a client that learns its shares online as well.
    ///
    /// None of its choices goes offline, and the offline message is empty.
    ///
    /// # Errors
    /// [`StepError::Shape`] if the shape is outside its limits, or with pooling, whose masks go
    /// offline.
    pub(crate) fn late(shape: StepShape, mode: Mode) -> Result<Self, StepError> {
        shape.validate()?;
        if shape.pool {
            return Err(StepError::Shape("pooling needs the client's shares offline"));
        }
        Self::compile(shape, mode, false)
    }

    fn compile(shape: StepShape, mode: Mode, known_offline: bool) -> Result<Self, StepError> {
        let (builder, offline_ring, carries) = lay_out(shape, mode, known_offline);
        let Builder { rounds, ots, registers, .. } = builder;
        let schedule = Schedule::new(shape.count, rounds, offline_ring, ots, registers)?;
        Ok(Self(Arc::new(Circuit { shape, mode, schedule, carries })))
    }

    /// The public shape.
    #[must_use]
    pub fn shape(&self) -> StepShape {
        self.0.shape
    }

    /// The circuit that runs.
    #[must_use]
    pub fn mode(&self) -> Mode {
        self.0.mode
    }

    /// Residues each party holds.
    #[must_use]
    pub fn input_values(&self) -> usize {
        self.0.shape.input_values()
    }

    pub(crate) fn circuit(&self) -> &Arc<Circuit> {
        &self.0
    }
}

impl Deref for StepPlan {
    type Target = Schedule;

    fn deref(&self) -> &Schedule {
        &self.0.schedule
    }
}
