//! The bodies of the fuzz targets: functions that take any bytes and must return.
//!
//! Each target is one entry of [`TARGETS`]. A program in `fuzz_targets/` hands it to libFuzzer
//! (`just fuzz`); the test `replay` gives it the seeds in `seeds/` and changed copies of them,
//! without libFuzzer (`cargo test`).
//!
//! A target panics where the code under test panics, where an error blames this side for what the
//! peer sent, and where bytes that decode do not encode to the same bytes again.
//!
//! | module | what it feeds |
//! |---|---|
//! | [`peer`] | the bytes of a fuzzer as the messages of a peer |
//! | [`session`] | the reader of frames, the control messages |
//! | [`files`] | architecture, model file, ECG file |
//! | [`linear`] | a homomorphic layer: its key and input, its response |
//! | [`garbled`] | the garbled activation and the garbled argmax, both roles |
//! | [`transferred`] | the step from oblivious transfer, unit vectors and cells, both roles |
#![expect(clippy::unwrap_used, clippy::panic, reason = "a target reports what it finds by a panic")]

pub mod files;
pub mod garbled;
pub mod linear;
pub mod peer;
pub mod session;
pub mod transferred;

/// A target: its name, and what it does with bytes.
pub struct Target {
    /// The name of its program and of its folder of seeds.
    pub name: &'static str,
    /// Takes any bytes.
    pub run: fn(&[u8]),
}

/// Every target.
pub const TARGETS: &[Target] = &[
    Target { name: "abort", run: session::abort },
    Target { name: "accept", run: session::accept },
    Target { name: "architecture", run: files::architecture },
    Target { name: "ecg_csv", run: files::ecg_csv },
    Target { name: "ecg_edf", run: files::ecg_edf },
    Target { name: "ecg_json", run: files::ecg_json },
    Target { name: "ecg_wfdb", run: files::ecg_wfdb },
    Target { name: "frame", run: session::frame },
    Target { name: "gc_activation", run: garbled::activation },
    Target { name: "gc_argmax", run: garbled::argmax },
    Target { name: "he_input", run: linear::input },
    Target { name: "he_response", run: linear::response },
    Target { name: "hello", run: session::hello },
    Target { name: "key_share", run: session::key_share },
    Target { name: "later", run: session::later },
    Target { name: "model", run: files::model },
    Target { name: "ot_cell", run: transferred::cell },
    Target { name: "ot_ripple", run: transferred::ripple },
    Target { name: "ot_tree", run: transferred::tree },
    Target { name: "ot_unit_vectors", run: transferred::unit_vectors },
    Target { name: "request", run: session::request },
];
