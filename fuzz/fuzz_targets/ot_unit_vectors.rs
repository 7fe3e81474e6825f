//! [`fuzz::transferred::unit_vectors`] under libFuzzer.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| fuzz::transferred::unit_vectors(bytes));
