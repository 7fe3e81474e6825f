//! Bits of many instances side by side, and the bytes of a message that they make.

pub(crate) mod lanes;
pub(crate) mod wire;
