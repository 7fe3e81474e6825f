//! Sizes of payloads and of the frames that carry them.

use crate::wire::{CHECKSUM_BYTES, HEADER_BYTES};

/// Bytes of one frame for each payload of so many bytes; an empty payload is not sent.
pub(super) fn frames(payloads: impl IntoIterator<Item = usize>) -> usize {
    payloads
        .into_iter()
        .filter(|&payload| payload > 0)
        .map(|payload| payload + HEADER_BYTES + CHECKSUM_BYTES)
        .sum()
}

/// Bytes of `count` packed residues of `ell` bits.
pub(crate) fn residue_bytes(count: usize, ell: u32) -> usize {
    (count * ell as usize).div_ceil(8)
}
