//! The plan of a step: which gates run in which round, which OTs they use, how many bytes travel.
//!
//! Both parties compile the same plan from the public shape. So every message length is known
//! before it is read.
//!
//! | file | what |
//! |---|---|
//! | `gate`, `ring` | what a gate computes, who says what, the formulas |
//! | `schedule` | rounds, messages and OTs, counted |
//! | `spans` | the cheapest way to a carry |
//! | `build`, `layout` | from spans to gates in rounds, from a shape to a whole step |
//! | `plan` | the compiled step |
//! | `bilinear`, `unit_vector` | the plans of products of bytes and of random unit vectors, for cells |

mod bilinear;
mod build;
mod gate;
mod layout;
mod plan;
mod ring;
mod schedule;
mod spans;
mod unit_vector;

pub(crate) use bilinear::{BITS, BilinearPlan, Byte, Factors, Product, Sum, Term};
pub(crate) use gate::{Gate, Shares, Wire, Word};
pub(crate) use plan::Circuit;
pub use plan::StepPlan;
pub(crate) use ring::{RingGate, RingKind};
pub(crate) use schedule::OtSpec;
pub use schedule::{CotCounts, Schedule};
pub use unit_vector::UnitVectorPlan;
pub(crate) use unit_vector::{CONVERTED, Exchange, INDEX_BITS, conversion_width};
