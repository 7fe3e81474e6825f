//! Who is asked before a client is given something that may be counted.

use std::future::{Future, ready};
use std::pin::Pin;

use super::attendance::Parting;
use crate::error::Error;

/// What a client is about to be given.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Grant {
    /// The offline phase of an inference. What its masks leak, they leak whether it is used or not.
    Preparation,
    /// The answer for a segment. It is asked for before the first message that tells of the output.
    Inference,
    /// The label of a record of several segments, which is an answer more.
    RecordLabel,
}

/// What comes of a question that may take a while.
pub type Answered<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;

/// Keeps the account of one session's client.
///
/// A session asks before it gives. What is granted counts, whatever becomes of the session
/// afterwards: a client that breaks off may have learnt it.
pub trait Allowance: Send + Sync {
    /// Whether an inference that begins now would be granted its answer, as far as can be seen.
    /// Nothing is counted. It spares both parties the work on one that would be refused.
    ///
    /// # Errors
    /// What the client is told, and when it may come back.
    fn foresee(&self) -> Answered<'_, Result<(), Parting>>;

    /// Counts what is about to be given. It returns once the count is kept.
    ///
    /// # Errors
    /// What the client is told, and when it may come back. Then nothing was counted.
    fn grant(&self, what: Grant) -> Answered<'_, Result<(), Parting>>;
}

/// Grants everything and counts nothing: for a server in the client's own process, and for tests.
#[derive(Clone, Copy, Debug, Default)]
pub struct Unlimited;

impl Allowance for Unlimited {
    fn foresee(&self) -> Answered<'_, Result<(), Parting>> {
        Box::pin(ready(Ok(())))
    }

    fn grant(&self, _what: Grant) -> Answered<'_, Result<(), Parting>> {
        Box::pin(ready(Ok(())))
    }
}

/// Why a session serves no further request.
pub(super) enum Stop {
    /// Something went wrong.
    Failed(Error),
    /// The client is sent away without fault.
    Away(Parting),
}

impl From<Error> for Stop {
    fn from(error: Error) -> Self {
        Self::Failed(error)
    }
}

impl From<Parting> for Stop {
    fn from(parting: Parting) -> Self {
        Self::Away(parting)
    }
}
