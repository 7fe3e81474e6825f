//! Every layer and every step of it, one role at a time; then whole sessions.
//!
//! | group | what |
//! |---|---|
//! | `he_linear` | homomorphic half: encrypt, apply, open |
//! | `gc` | non-linear half by garbled circuits: prepare, garble, evaluate |
//! | `ot` | non-linear half from oblivious transfer: offline, online |
//! | `lstm` | one position of the LSTM: offline, online |
//! | `softspoken`, `silent` | OT extension |
//! | `wire` | packing, frames |
//! | `end_to_end` | sessions over loopback TCP, and either party alone |
#![expect(clippy::unwrap_used, reason = "a bench may stop")]

use std::time::Duration;

use criterion::Criterion;

mod end_to_end;
mod extension;
mod gc;
mod he_linear;
mod lstm;
mod ot;
mod wire;

/// Times so short that all of the hundred benches take about ten minutes; the command line can ask
/// for more.
fn brief() -> Criterion {
    Criterion::default().warm_up_time(Duration::from_millis(500)).measurement_time(Duration::from_secs(3))
}

criterion::criterion_main!(
    he_linear::benches,
    gc::benches,
    ot::benches,
    lstm::benches,
    extension::benches,
    wire::benches,
    end_to_end::benches
);
