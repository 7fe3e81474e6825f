//! What can go wrong in a session, sorted by whose fault it is.
//!
//! Texts name the party, the message and what to do. They never carry a value that depends on a
//! secret.

use std::fmt;
use std::io;
use std::time::Duration;

use oblivious_transfer::error::OtError;
use shares::Role;

use crate::wire::{Tag, UnknownTag};

/// How a peer broke the protocol.
#[derive(Clone, Debug, thiserror::Error, PartialEq, Eq)]
pub enum Fault {
    /// A frame of a kind that does not exist.
    #[error(transparent)]
    UnknownTag(#[from] UnknownTag),
    /// A frame that does not belong here.
    #[error("sent {got} where {expected} was due")]
    OutOfPhase {
        /// What the script expects at this point.
        expected: Tag,
        /// What came.
        got: Tag,
    },
    /// A frame whose length is not the one that the plan prescribes.
    #[error("sent {tag} of {got} bytes where {expected} were due")]
    WrongLength {
        /// The message.
        tag: Tag,
        /// The length prescribed, or the most allowed.
        expected: usize,
        /// The length announced.
        got: usize,
    },
    /// A message whose contents are not valid.
    #[error("sent {tag} that cannot be used: {reason}")]
    Invalid {
        /// The message.
        tag: Tag,
        /// What is wrong with it, without any of its contents.
        reason: String,
    },
    /// A frame on the lane ahead, which no step has opened.
    #[error("sent {0} ahead, where nothing is prepared ahead")]
    NotOpen(Tag),
    /// A part on the lane ahead that is longer than the room left for it.
    #[error("sent {0} ahead, for which it had no room")]
    Overrun(Tag),
    /// A part on the lane ahead that does not continue the frame before it.
    #[error("sent {0} ahead in the middle of another message")]
    BrokenParts(Tag),
    /// A grant of no room, or of more than the lane ahead has.
    #[error("granted {0} bytes of room ahead that it does not have")]
    Credit(usize),
    /// A frame that no step of this party came to receive.
    #[error("sent {0}, for which nothing waits")]
    Unawaited(Tag),
    /// A frame whose checksum is not the one of what came. Nothing of it was used.
    #[error(
        "changed {0}, or something before it: its checksum is wrong; connect again, and if it happens again \
         look for what stands between the two programs and changes what they send"
    )]
    Changed(Tag),
    /// A message of an oblivious transfer that a consistency check found wrong.
    #[error(
        "made {tag} wrong ({reason}); connect again, and if it happens again the other program is broken or \
         hostile"
    )]
    Inconsistent {
        /// The message.
        tag: Tag,
        /// Which check, without any contents.
        reason: String,
    },
    /// The connection ended in the middle of the script.
    #[error("closed the connection while {0} was due")]
    Closed(Tag),
    /// A message that came or went more slowly than any network that can be used.
    #[error("took more than {} s over one message; check the network", .0.as_secs())]
    Slow(Duration),
    /// The peer was silent for longer than allowed.
    #[error("sent nothing for {0:?}; check the network, or raise the time-out")]
    Silent(Duration),
}

impl Fault {
    /// Whether the way to the peer may have done this as well as the peer itself.
    ///
    /// That holds for what the head of a frame shows, because a head is judged before the checksum
    /// behind its payload is there, for the greeting, which has no checksums, and for what
    /// checksums and checks find.
    fn may_be_the_channels(&self) -> bool {
        match self {
            Self::UnknownTag(_)
            | Self::OutOfPhase { .. }
            | Self::WrongLength { .. }
            | Self::NotOpen(_)
            | Self::Overrun(_)
            | Self::BrokenParts(_)
            | Self::Unawaited(_)
            | Self::Changed(_)
            | Self::Inconsistent { .. }
            | Self::Invalid { tag: Tag::Hello | Tag::Accept | Tag::KeyShare, .. } => true,
            Self::Invalid { .. } | Self::Credit(_) | Self::Closed(_) | Self::Silent(_) | Self::Slow(_) => {
                false
            }
        }
    }
}

/// Who may have done `fault`, and what it is.
fn blame(peer: Role, fault: &Fault) -> String {
    let channel = if fault.may_be_the_channels() { "the channel or " } else { "" };
    format!("{channel}the {peer} {fault}")
}

/// A session that did not end well.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The peer broke the protocol, or the channel changed what it sent.
    #[error("{}", blame(*peer, fault))]
    Peer {
        /// Who.
        peer: Role,
        /// How.
        fault: Fault,
    },
    /// The two programs do not fit together.
    #[error("client and server do not fit together: {0}")]
    Incompatible(String),
    /// The peer ended the session on purpose and said why.
    #[error("the {peer} ended the session: {reason}")]
    Aborted {
        /// Who.
        peer: Role,
        /// The reason given (printable, at most [`crate::messages::MAX_REASON`] bytes).
        reason: String,
    },
    /// The peer cannot serve now and said when to come back.
    #[error("the {peer} asks to come back {}: {reason}", when(*after))]
    Later {
        /// Who.
        peer: Role,
        /// When.
        after: Duration,
        /// The reason given (printable, at most [`crate::messages::MAX_REASON`] bytes).
        reason: String,
    },
    /// This party ended the session on purpose.
    #[error("ended here: {0}")]
    Ended(String),
    /// Something on this side cannot be used as it is configured.
    #[error("{0}")]
    Config(String),
    /// An earlier step of the session failed or was given up half way.
    #[error("the session broke in an earlier step and cannot be used any more; connect again")]
    Broken,
    /// The network failed.
    #[error("network: {0}")]
    Io(#[from] io::Error),
    /// A mistake in this program; please report it.
    #[error("internal error: {0}")]
    Internal(String),
}

impl From<transport::error::Error> for Error {
    fn from(error: transport::error::Error) -> Self {
        match error {
            transport::error::Error::Io(error) => Self::Io(error),
            unusable => Self::Config(unusable.to_string()),
        }
    }
}

/// Results of the protocol.
pub type Result<T, E = Error> = std::result::Result<T, E>;

impl Error {
    /// The `peer` sent contents that do not decode.
    pub(crate) fn invalid(peer: Role, tag: Tag, reason: impl fmt::Display) -> Self {
        Self::Peer { peer, fault: Fault::Invalid { tag, reason: reason.to_string() } }
    }

    /// What the `peer` sent of an oblivious transfer was refused.
    pub(crate) fn refused_ot(peer: Role, tag: Tag, refused: OtError) -> Self {
        match refused {
            OtError::Inconsistent { .. } => {
                Self::Peer { peer, fault: Fault::Inconsistent { tag, reason: refused.to_string() } }
            }
            other => Self::invalid(peer, tag, other),
        }
    }

    /// An index beyond the layers that plan and model have: a bug.
    pub(crate) fn no_such_layer() -> Self {
        Self::internal("a layer that the plan does not have")
    }

    /// A step of our own failed although its inputs were checked: a bug.
    pub(crate) fn internal(reason: impl fmt::Display) -> Self {
        Self::Internal(reason.to_string())
    }
}
/// Says when to come back. The notice holds at most 18 hours, so of long waits the reason speaks.
pub(crate) fn when(after: Duration) -> String {
    match after.as_secs() {
        seconds @ 0..3600 => format!("in {seconds} s"),
        _ => "later".into(),
    }
}
