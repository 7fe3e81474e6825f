//! Sizes of payloads and frames.

use crate::wire::HEADER_BYTES;

/// Bytes of a frame with so large a payload; an empty one is not sent.
pub(super) fn frame_bytes(payload: usize) -> usize {
    if payload > 0 { payload + HEADER_BYTES } else { 0 }
}

/// Bytes of `count` packed residues of `ell` bits.
pub(crate) fn residue_bytes(count: usize, ell: u32) -> usize {
    (count * ell as usize).div_ceil(8)
}
