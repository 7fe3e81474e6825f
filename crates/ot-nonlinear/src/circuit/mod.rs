//! The plan of a step: which gates run in which round, which OTs they use, how many bytes travel.
//!
//! Both parties compile the same plan from the public shape, so every message length is known before it is read.

mod argmax;
mod build;
mod gate;
mod layout;
mod lookup;
mod multiply;
mod ring;
mod schedule;
mod spans;

use core::ops::Deref;
use std::sync::Arc;

pub(crate) use argmax::ArgmaxCircuit;
pub use argmax::{ArgmaxPlan, ArgmaxShape};
use build::Builder;
pub(crate) use gate::{Gate, Shares, Wire, Word};
pub(crate) use layout::Carries;
pub use lookup::LookupPlan;
pub(crate) use lookup::TABLE;
pub use multiply::MultiplyPlan;
pub(crate) use ring::{RingGate, RingKind};
pub(crate) use schedule::OtSpec;
pub use schedule::{CotCounts, Schedule};

use crate::error::StepError;
use crate::shape::{Mode, StepShape};

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
        let (builder, offline_ring, carries) = layout::lay_out(shape, mode);
        let schedule = schedule(builder, shape.count, offline_ring);
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

fn schedule(builder: Builder, count: usize, offline_ring: Vec<RingGate>) -> Schedule {
    let Builder { rounds, ots, registers, .. } = builder;
    Schedule { count, rounds, offline_ring, ots, registers }
}
