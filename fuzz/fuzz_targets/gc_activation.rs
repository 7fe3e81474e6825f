//! [`fuzz::garbled::activation`] under libFuzzer.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| fuzz::garbled::activation(bytes));
