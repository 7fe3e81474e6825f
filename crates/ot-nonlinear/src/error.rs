//! Why a step is refused, and whose fault it is.

use shares::ShapeError;
use thiserror::Error;

/// Errors of the non-linear step. None carries a secret.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum StepError {
    /// The shape of the step is outside its limits (configuration).
    #[error("step shape refused: {0}")]
    Shape(&'static str),
    /// A message of the peer has the wrong length (peer).
    #[error("message of {found} bytes where the step needs {expected}")]
    MessageLength {
        /// Bytes the step needs.
        expected: usize,
        /// Bytes that came.
        found: usize,
    },
    /// The caller handed over the wrong number of shares (caller).
    #[error("{found} shares where the step needs {expected}")]
    ShareCount {
        /// Shares the step needs.
        expected: usize,
        /// Shares that came.
        found: usize,
    },
    /// A share is not a residue mod 2^ell (caller).
    #[error("a share is not a residue of the step's ring")]
    ShareRange,
    /// More correlated OTs than the step needs, or fewer (caller).
    #[error("{found} correlated OTs where the step needs {expected}")]
    CotCount {
        /// COTs the step needs.
        expected: usize,
        /// COTs that came.
        found: usize,
    },
    /// The choice bits do not cover the COTs they belong to (caller).
    #[error("choice bits do not fit the correlated OTs")]
    Choices,
    /// The material was made for another step, direction or role (caller).
    #[error("one-time material of another step")]
    Material,
    /// A message was asked for or handed over out of order (caller).
    #[error("step called out of order")]
    Order,
}

impl From<ShapeError> for StepError {
    fn from(ShapeError(reason): ShapeError) -> Self {
        Self::Shape(reason)
    }
}
