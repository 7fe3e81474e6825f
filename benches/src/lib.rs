//! What the benches share: the real layers, seeded inputs, recorded peers, whole sessions, and the
//! report.
//!
//! | module | what |
//! |---|---|
//! | [`layers`] | the six window layers of the bundled model, with the plans of every backend and the ids of benches |
//! | [`dealt`] | seeded residues and correlated OTs |
//! | [`garbled`], [`transferred`] | one non-linear step, recorded, so that either role runs alone |
//! | [`recurrent`] | one LSTM cell, likewise |
//! | [`session`] | a session over loopback TCP |
//! | [`report`] | the table and the figure of a run |
//! | [`timing`] | whether a time depends on a secret |
//!
//! Only benches use this crate; what fails in it stops the bench.

pub mod dealt;
pub mod garbled;
pub mod layers;
pub mod recurrent;
pub mod report;
pub mod session;
pub mod timing;
pub mod transferred;

/// Why a bench cannot be set up.
pub type Failure = Box<dyn std::error::Error + Send + Sync>;

/// Results of set-up code.
pub type Result<T> = std::result::Result<T, Failure>;
