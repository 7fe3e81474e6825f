//! What the consistency checks have in common: digests, their comparison, and challenges that
//! nobody chooses.

use subtle::ConstantTimeEq;

use crate::block::Block;
use crate::error::OtError;

/// Bytes of a digest.
pub(crate) const DIGEST_BYTES: usize = blake3::OUT_LEN;

/// A digest of secret blocks, for this use alone.
pub(crate) fn digest(purpose: &str, blocks: &[Block]) -> [u8; DIGEST_BYTES] {
    let mut hasher = blake3::Hasher::new_derive_key(purpose);
    for block in blocks {
        hasher.update(&block.to_bytes());
    }
    *hasher.finalize().as_bytes()
}

/// Refuses a peer whose digest is not the one computed here.
///
/// The comparison takes the same time wherever the first difference is. Its outcome is public: the
/// session goes on or ends.
pub(crate) fn require_equal(check: &'static str, computed: &[u8], sent: &[u8]) -> Result<(), OtError> {
    outcome(check, computed.ct_eq(sent).unwrap_u8())
}

/// The only branch on a secret in this crate. It is not inlined, so that `.ci/constant-time` can
/// name it.
#[inline(never)]
fn outcome(check: &'static str, equal: u8) -> Result<(), OtError> {
    if equal == 1 { Ok(()) } else { Err(OtError::Inconsistent { check }) }
}
