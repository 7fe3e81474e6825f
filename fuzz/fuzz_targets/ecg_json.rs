//! [`fuzz::files::ecg_json`] under libFuzzer.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| fuzz::files::ecg_json(bytes));
