//! Whether the time of a primitive depends on a secret, by measurement ("Dude, is my code constant
//! time?", Reparaz, Balasch, Verbauwhede, DATE 2017).
//!
//! A *class* is one of two settings of the secret, such as all bits 0 and all bits 1. Many runs are
//! timed, each of a class drawn by chance. Welch's t-test then asks whether the two classes have
//! the same mean. Interrupts make a few timings very long, so the test is repeated on timings
//! cropped at many thresholds, and the greatest |t| counts.
//!
//! | module | what |
//! |---|---|
//! | [`statistics`] | Welch's t on cropped timings |
//! | [`class`] | the two classes, and a choice between their inputs that leaves no trace |
//! | [`measure`] | the clock, and the runs of one subject |
//!
//! `benches/timing` is the program.

pub mod class;
pub mod measure;
pub mod statistics;
