//! The plan of a multiplication of shares.

use core::ops::Deref;
use std::sync::Arc;

use super::ring::{RingGate, RingKind};
use super::schedule::{OtSpec, Round, Schedule};
use crate::error::StepError;
use crate::shape::MAX_ELL;

/// The compiled multiplication of `count` pairs of shares mod 2^`width`: one exchange, equal in both directions.
#[derive(Clone, Debug)]
pub struct MultiplyPlan {
    width: u32,
    schedule: Arc<Schedule>,
}

impl MultiplyPlan {
    /// Compiles the multiplication.
    ///
    /// # Errors
    /// [`StepError::Shape`] if `count` is not 1 to 2^26 or `width` not 1 to 30.
    pub fn new(count: usize, width: u32) -> Result<Self, StepError> {
        if !(1..=1 << 26).contains(&count) {
            return Err(StepError::Shape("count must be 1 to 2^26"));
        }
        if !(1..=MAX_ELL).contains(&width) {
            return Err(StepError::Shape("width must be 1 to 30"));
        }
        let specs: Vec<OtSpec> = (1..=width).rev().map(OtSpec::Ring).collect();
        let gate = |(ot, width)| RingGate { kind: RingKind::Partial, width, ot: [Some(ot), Some(ot)] };
        let ring = (0..).zip((1..=width).rev()).map(gate).collect();
        let rounds = vec![Round { gates: Vec::new(), ring }];
        let schedule =
            Schedule { count, rounds, offline_ring: Vec::new(), ots: [specs.clone(), specs], registers: 0 };
        Ok(Self { width, schedule: Arc::new(schedule) })
    }

    /// Width of the ring in bits.
    #[must_use]
    pub fn width(&self) -> u32 {
        self.width
    }
}

impl Deref for MultiplyPlan {
    type Target = Schedule;

    fn deref(&self) -> &Schedule {
        &self.schedule
    }
}
