//! What the hash keys of a session derive from: one root for each inference and backend, and one
//! for each record.

/// The name of one prepared inference of a session, from which its hash keys derive.
///
/// Both parties count the preparations of a session alike, and a number never returns. So no step
/// of any other inference shares a key with it.
pub(crate) struct InferenceId {
    session: [u8; 32],
    number: u32,
}

impl InferenceId {
    pub(crate) fn new(session: [u8; 32], number: u32) -> Self {
        Self { session, number }
    }

    /// Hashes of the garbled steps.
    pub(crate) fn gc(&self) -> gc_nonlinear::HashRoot {
        gc_nonlinear::HashRoot::new(&self.derive(b"gc"))
    }

    /// Hashes of the steps from oblivious transfer.
    pub(crate) fn ot(&self) -> ot_nonlinear::HashRoot {
        ot_nonlinear::HashRoot::new(&self.derive(b"ot"))
    }

    fn derive(&self, backend: &[u8]) -> [u8; 32] {
        derive(&self.session, u64::from(self.number), backend)
    }
}

/// Hashes of the choice of a record's overall label, the one with this number in the session.
///
/// No inference and no other record shares a key with it.
pub(crate) fn record_hashes(session: &[u8; 32], number: u64) -> gc_nonlinear::HashRoot {
    gc_nonlinear::HashRoot::new(&derive(session, number, RECORD))
}

/// What sets the hashes of a record apart from those of a backend.
const RECORD: &[u8] = b"record";

fn derive(session: &[u8; 32], number: u64, purpose: &[u8]) -> [u8; 32] {
    let mut hasher = blake3::Hasher::new_keyed(session);
    hasher.update(&number.to_le_bytes());
    hasher.update(purpose);
    *hasher.finalize().as_bytes()
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn inferences_and_records_share_no_hashes() {
        let mut seen = HashSet::new();
        for session in [[1; 32], [2; 32]] {
            for number in [0, 1, 2, u32::MAX] {
                let (id, record) = (InferenceId::new(session, number), u64::from(number));
                for derived in [id.derive(b"gc"), id.derive(b"ot"), derive(&session, record, RECORD)] {
                    assert!(seen.insert(derived), "number {number} repeats a root of hashes");
                }
            }
        }
    }
}
