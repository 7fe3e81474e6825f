//! [`fuzz::session::key_share`] under libFuzzer.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| fuzz::session::key_share(bytes));
