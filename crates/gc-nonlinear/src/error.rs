//! What can go wrong in a step, and whose fault it is.

use oblivious_transfer::bits::BitsError;
use shares::{ResidueError, ShapeError};

use crate::shape::ArgmaxShape;

/// An error of a non-linear step. After one the step's labels and correlated OTs must not be used
/// again.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum StepError {
    /// Configuration: the shape is outside its limits.
    #[error("activation shape is not supported: {0}")]
    Shape(#[from] ShapeError),
    /// Configuration: the shape is outside the limits of [`ArgmaxPlan`](crate::ArgmaxPlan).
    #[error("argmax shape is not supported: {0:?}")]
    ArgmaxShape(ArgmaxShape),
    /// Caller: a list of shares, keys, macs or choices has the wrong length.
    #[error("{what}: expected {expected}, got {actual}")]
    Count {
        /// What the list holds.
        what: &'static str,
        /// The plan's number.
        expected: usize,
        /// The number given.
        actual: usize,
    },
    /// Caller: the garbling correlation must have colour bit 1.
    #[error("the correlation of the input OTs has colour bit 0")]
    Colour,
    /// Caller: chunk numbers end before this one.
    #[error("there is no chunk {chunk}")]
    NoChunk {
        /// The number asked for.
        chunk: usize,
    },
    /// Caller: garbling a chunk twice would reveal the correlation.
    #[error("chunk {chunk} was garbled before")]
    Repeated {
        /// The number asked for.
        chunk: usize,
    },
    /// The step was finished before its last chunk.
    #[error("only {done} of {chunks} chunks were processed")]
    Unfinished {
        /// Chunks processed.
        done: usize,
        /// Chunks of the step.
        chunks: usize,
    },
    /// Peer: a message has the wrong length.
    #[error("{what}: expected {expected} bytes, got {actual}")]
    Length {
        /// Which message.
        what: &'static str,
        /// The plan's length.
        expected: usize,
        /// The length received.
        actual: usize,
    },
    /// Peer: the bits of a message are not in their canonical form.
    #[error("malformed message: {0}")]
    Bits(#[from] BitsError),
    /// Peer: the residues of a message are not in their canonical form.
    #[error("malformed message: {0}")]
    Residues(#[from] ResidueError),
    /// Peer: the decoded label is no class.
    #[error("label {label} of {classes} classes")]
    Label {
        /// The decoded number.
        label: usize,
        /// Number of classes.
        classes: usize,
    },
}

/// Checks the length of a list that the caller gives.
pub(crate) fn check_count(what: &'static str, expected: usize, actual: usize) -> Result<(), StepError> {
    if expected == actual { Ok(()) } else { Err(StepError::Count { what, expected, actual }) }
}

/// Checks the length of a message of the peer.
pub(crate) fn check_length(what: &'static str, expected: usize, bytes: &[u8]) -> Result<(), StepError> {
    let actual = bytes.len();
    if expected == actual { Ok(()) } else { Err(StepError::Length { what, expected, actual }) }
}
