//! Every layer and every step of it, one role at a time; then whole sessions.
//!
//! | group | what |
//! |---|---|
//! | `he_linear` | homomorphic half: encrypt, apply, open |
//! | `gc` | non-linear half by garbled circuits: prepare, garble, evaluate |
//! | `ot` | non-linear half from oblivious transfer: offline, online |
//! | `softspoken`, `silent` | OT extension |
//! | `wire` | packing, frames |
//! | `end_to_end` | sessions over loopback TCP, and either party alone |
#![expect(clippy::unwrap_used, reason = "a bench may stop")]

mod end_to_end;
mod extension;
mod gc;
mod he_linear;
mod ot;
mod wire;

criterion::criterion_main!(
    he_linear::benches,
    gc::benches,
    ot::benches,
    extension::benches,
    wire::benches,
    end_to_end::benches
);
