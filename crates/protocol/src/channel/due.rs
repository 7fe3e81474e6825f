//! What a party waits for, and how long.

use std::time::Duration;

use crate::error::Fault;
use crate::meter::Scope;
use crate::wire::{Header, Length, Tag};

/// How long a silent peer is waited for.
#[derive(Clone, Copy, Debug)]
pub struct Timeouts {
    /// Between two arrivals of bytes inside a step.
    pub progress: Duration,
    /// Between two requests of a session.
    pub idle: Duration,
}

/// Bytes a second below which no network can be used: an inference would take an hour and more.
const LEAST_RATE: u32 = 4096;

impl Timeouts {
    /// The most time that a message of so many bytes may take from its first byte to its last.
    ///
    /// A peer that sends a byte now and then is never silent, and holds its place all the same.
    pub(super) fn most(&self, bytes: usize) -> Duration {
        let bytes = u32::try_from(bytes).unwrap_or(u32::MAX);
        self.progress + Duration::from_secs((bytes / LEAST_RATE).into())
    }
}

impl Default for Timeouts {
    fn default() -> Self {
        Self { progress: Duration::from_secs(60), idle: Duration::from_secs(600) }
    }
}

/// What is due from the peer: the message, its length, and where to book it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Due {
    pub(crate) scope: Scope,
    pub(crate) tag: Tag,
    pub(crate) length: Length,
}

impl Due {
    pub(crate) fn exactly(scope: Scope, tag: Tag, bytes: usize) -> Self {
        Self { scope, tag, length: Length::Exactly(bytes) }
    }

    /// Whether nothing is due.
    pub(crate) fn is_empty(self) -> bool {
        self.length == Length::Exactly(0)
    }

    pub(crate) fn at_most(scope: Scope, tag: Tag, bytes: usize) -> Self {
        Self { scope, tag, length: Length::AtMost(bytes) }
    }

    /// Checks that a frame with this head is due, and gives the bytes of its payload.
    pub(super) fn check(self, header: Header) -> Result<usize, Fault> {
        let (tag, got) = (self.tag, header.length);
        if header.tag != tag {
            return Err(Fault::OutOfPhase { expected: tag, got: header.tag });
        }
        if !self.length.admits(got) {
            return Err(Fault::WrongLength { tag, expected: self.length.bound(), got });
        }
        Ok(got)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wire::Lane;

    #[test]
    fn a_header_is_held_against_what_is_due() {
        let header = Header { lane: Lane::Main, tag: Tag::Scores, length: 12 };
        assert_eq!(Due::exactly(Scope::SETUP, Tag::Scores, 12).check(header), Ok(12));
        assert_eq!(Due::at_most(Scope::SETUP, Tag::Scores, 12).check(header), Ok(12));
        assert_eq!(
            Due::at_most(Scope::SETUP, Tag::Scores, 11).check(header),
            Err(Fault::WrongLength { tag: Tag::Scores, expected: 11, got: 12 })
        );
        assert_eq!(
            Due::exactly(Scope::SETUP, Tag::Label, 12).check(header),
            Err(Fault::OutOfPhase { expected: Tag::Label, got: Tag::Scores })
        );
    }
}
