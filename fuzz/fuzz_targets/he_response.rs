//! [`fuzz::linear::response`] under libFuzzer.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| fuzz::linear::response(bytes));
