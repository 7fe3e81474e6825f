//! Attack estimates (test only).
