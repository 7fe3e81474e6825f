//! DeepCardio: arrhythmia detection from a single-lead ECG, in exact integers.

pub mod ecg;
