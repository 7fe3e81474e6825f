//! Quantisation: the proof that no ring overflows, and scales for networks trained in floating point.

pub mod interval;
