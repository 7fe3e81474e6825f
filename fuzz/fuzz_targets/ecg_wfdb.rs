//! [`fuzz::files::ecg_wfdb`] under libFuzzer.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| fuzz::files::ecg_wfdb(bytes));
