//! Files of every format: those that other programs wrote, those that vendors write, and changed
//! copies of both.
#![expect(clippy::unwrap_used, reason = "the helpers of a test fail by panicking, as the test does")]

mod cases;
mod foreign;
mod golden;
mod mutated;
mod own;
mod vendors;
