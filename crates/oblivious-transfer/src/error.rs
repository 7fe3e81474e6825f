//! What can be wrong with a message from the peer, or with how this crate is called.

/// Why an OT step was refused.
///
/// [`OtError::EvenDelta`], [`OtError::Reserve`], [`OtError::NotAnnounced`] and
/// [`OtError::Unchecked`] are this party's own doing, all others the peer's.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum OtError {
    /// A message does not have its exact length.
    #[error("{message}: {actual} bytes where {expected} were expected")]
    Length {
        /// Which message.
        message: &'static str,
        /// The exact length it should have.
        expected: usize,
        /// Bytes received.
        actual: usize,
    },
    /// 32 bytes that are not the canonical encoding of a group element.
    #[error("{message}: element {index} is not a group element")]
    Point {
        /// Which message.
        message: &'static str,
        /// Position of the element in the message.
        index: usize,
    },
    /// A consistency check failed: the peer does not follow the protocol, or the message was
    /// changed on the way.
    ///
    /// An honest peer never fails one. The session must end, and no other may use its secrets.
    #[error("{check}: it contradicts what was sent before")]
    Inconsistent {
        /// Of which message.
        check: &'static str,
    },
    /// The silent extension carries choice bits in bit 0, so its correlation must have that bit
    /// set.
    #[error("the correlation of a silent extension needs bit 0 set")]
    EvenDelta,
    /// A silent extension holds fewer correlated OTs than its next run consumes.
    #[error("a silent extension holds {actual} correlated OTs where its next run needs {expected}")]
    Reserve {
        /// OTs that the run consumes.
        expected: usize,
        /// OTs at hand.
        actual: usize,
    },
    /// The peer's message for a part of a silent extension was given before the party's own was
    /// made.
    #[error("a part of a silent extension was asked for before it was announced")]
    NotAnnounced,
    /// What a silent extension made was asked for with the leave of an earlier check.
    #[error("what a silent extension made was asked for before it was checked")]
    Unchecked,
}

impl OtError {
    pub(crate) fn check_length(message: &'static str, bytes: &[u8], expected: usize) -> Result<(), Self> {
        if bytes.len() == expected {
            Ok(())
        } else {
            Err(Self::Length { message, expected, actual: bytes.len() })
        }
    }
}
