//! The points at which the check of a silent extension takes its linear hashes.
//!
//! A point is a hash of all that the sender has sent in the session: the request, the reply, and
//! every part up to this one. So nothing that makes a part wrong can be chosen when its point is
//! known. Errors of earlier messages do make later parts wrong, because what a stage makes feeds
//! the next one.

use shares::Role;

use crate::block::Block;
use crate::check::DIGEST_BYTES;
use crate::field::Polynomial;

/// A digest of all that was sent, for each direction; that of a sender stands at its
/// [`Role::index`].
#[derive(Clone)]
pub(super) struct Points([[u8; DIGEST_BYTES]; 2]);

impl Points {
    /// Begins with a digest of the session and of both set-up requests.
    pub(super) fn new(transcript: [u8; DIGEST_BYTES]) -> Self {
        Self([transcript; 2])
    }

    /// What hashes the leaves of the trees that `sender` has announced by `message`, its next one.
    pub(super) fn next(&mut self, sender: Role, message: &[u8]) -> Polynomial {
        let digest = &mut self.0[sender.index()];
        let mut hasher = blake3::Hasher::new_derive_key("oblivious-transfer 2026 silent check point");
        hasher.update(digest);
        hasher.update(&[sender.index() as u8]);
        hasher.update(message);
        let (mut output, mut point) = (hasher.finalize_xof(), [0; Block::BYTES]);
        output.fill(digest);
        output.fill(&mut point);
        Polynomial::at(Block::from_bytes(point))
    }
}

#[cfg(test)]
mod tests {
    use shares::Role;

    use super::{DIGEST_BYTES, Points};

    #[test]
    fn a_point_depends_on_every_message_of_its_sender_and_on_nobody_elses() {
        let second = |transcript: u8, first: u8, sender, of_peer: Option<u8>| {
            let mut points = Points::new([transcript; DIGEST_BYTES]);
            points.next(sender, &[first]);
            if let Some(message) = of_peer {
                points.next(sender.peer(), &[message]);
            }
            points.next(sender, &[9]).point()
        };
        let point = second(1, 2, Role::Client, None);
        assert!(point == second(1, 2, Role::Client, Some(5)));
        assert!(point != second(2, 2, Role::Client, None));
        assert!(point != second(1, 3, Role::Client, None));
        assert!(point != second(1, 2, Role::Server, None));
    }
}
