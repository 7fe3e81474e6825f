//! [`fuzz::garbled::argmax`] under libFuzzer.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| fuzz::garbled::argmax(bytes));
