//! [`fuzz::transferred::tree`] under libFuzzer.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| fuzz::transferred::tree(bytes));
