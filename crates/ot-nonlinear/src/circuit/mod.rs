//! The plan of a step: which gates run in which round, which OTs they use, how many bytes travel.
//!
//! Both parties compile the same plan from the public shape, so every message length is known before it is read.

mod bilinear;
mod build;
mod gate;
mod layout;
mod ring;
mod schedule;
mod spans;
mod unit_vector;

use core::ops::Deref;
use std::sync::Arc;

pub(crate) use bilinear::{BITS, BilinearPlan, Byte, Factors, Product, Sum, Term};
use build::Builder;
pub(crate) use gate::{Gate, Shares, Wire, Word};
pub(crate) use layout::Carries;
pub(crate) use ring::{RingGate, RingKind};
pub(crate) use schedule::OtSpec;
pub use schedule::{CotCounts, Schedule};
use shares::StepShape;
pub use unit_vector::UnitVectorPlan;
pub(crate) use unit_vector::{CONVERTED, Exchange, INDEX_BITS, conversion_width};

use crate::error::StepError;
use crate::shape::Mode;

/// The validated shape of a step with its gates and exact sizes. Cheap to clone; make it once per layer. Sizes and
/// counts are those of the [`Schedule`] it dereferences to.
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
        Ok(Self::compile(shape, mode, true))
    }

    /// Compiles the step for a client that learns its shares online as well: none of its choices goes offline, and the
    /// offline message is empty.
    ///
    /// # Errors
    /// [`StepError::Shape`] if the shape is outside its limits, or with pooling, whose masks go offline.
    pub(crate) fn late(shape: StepShape, mode: Mode) -> Result<Self, StepError> {
        shape.validate()?;
        if shape.pool {
            return Err(StepError::Shape("pooling needs the client's shares offline"));
        }
        Ok(Self::compile(shape, mode, false))
    }

    fn compile(shape: StepShape, mode: Mode, known_offline: bool) -> Self {
        let (builder, offline_ring, carries) = layout::lay_out(shape, mode, known_offline);
        let schedule = schedule(builder, shape.count, offline_ring);
        Self(Arc::new(Circuit { shape, mode, schedule, carries }))
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

fn schedule(builder: Builder, count: usize, offline_ring: Vec<RingGate>) -> Schedule {
    let Builder { rounds, ots, registers, .. } = builder;
    Schedule { count, rounds, offline_ring, ots, registers }
}
