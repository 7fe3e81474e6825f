//! [`fuzz::transferred::ripple`] under libFuzzer.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| fuzz::transferred::ripple(bytes));
