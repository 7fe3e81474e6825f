//! What holds for a whole session of a client, and whether it still can be used.

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use deepcardio::architecture::Architecture;

use crate::error::{Error, Result};
use crate::method::{Method, Reveal};
use crate::plan::Plan;
use crate::progress::Observer;
use crate::tap::Tap;

/// What the greeting and the set-up of a session settled, and the state of the whole session.
pub(super) struct Agreed {
    pub(super) architecture: Architecture,
    pub(super) reveal: Reveal,
    pub(super) model_id: [u8; 16],
    pub(super) session_id: [u8; 32],
    pub(super) plan: Arc<Plan>,
    pub(super) method: Method,
    /// Most prepared inferences that the server holds.
    pub(super) most_prepared: usize,
    pub(super) observer: Option<Observer>,
    pub(super) tap: Option<Tap>,
    pub(super) state: State,
}

/// What changes during a session, for all of its parts at once.
#[derive(Default)]
pub(super) struct State {
    /// A step failed or was given up half way: the two parties are out of step for good.
    broken: AtomicBool,
    /// Prepared inferences that the server has reason to hold.
    held: AtomicUsize,
    /// Prepared inferences that were dropped here, and not yet at the server.
    abandoned: Mutex<Vec<u32>>,
}

/// Breaks the session when it is dropped, unless the step came to its end.
struct Underway<'a> {
    state: &'a State,
    done: bool,
}

impl Drop for Underway<'_> {
    fn drop(&mut self) {
        if !self.done {
            self.state.broken.store(true, Ordering::Release);
        }
    }
}

impl State {
    /// Runs a step that both parties take together.
    ///
    /// # Errors
    /// [`Error::Broken`] if an earlier step failed or was given up half way, and the error of the
    /// step itself. Either way the session cannot be used any more.
    pub(super) async fn step<T>(&self, step: impl Future<Output = Result<T>>) -> Result<T> {
        self.check()?;
        let mut underway = Underway { state: self, done: false };
        let result = step.await?;
        underway.done = true;
        Ok(result)
    }

    /// Refuses a session that broke.
    pub(super) fn check(&self) -> Result<()> {
        if self.broken.load(Ordering::Acquire) { Err(Error::Broken) } else { Ok(()) }
    }

    /// Prepared inferences that the server has reason to hold.
    pub(super) fn held(&self) -> usize {
        self.held.load(Ordering::Acquire)
    }

    /// The server holds one more.
    pub(super) fn hold(&self) {
        self.held.fetch_add(1, Ordering::AcqRel);
    }

    /// The server holds one less.
    pub(super) fn release(&self) {
        self.held.fetch_sub(1, Ordering::AcqRel);
    }

    /// The prepared inference `number` will not be used.
    pub(super) fn abandon(&self, number: u32) {
        self.abandoned.lock().unwrap_or_else(PoisonError::into_inner).push(number);
    }

    /// Takes the prepared inferences that will not be used and of which the server does not know
    /// it.
    pub(super) fn take_abandoned(&self) -> Vec<u32> {
        std::mem::take(&mut *self.abandoned.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_step_that_fails_or_is_given_up_breaks_the_session() {
        let state = State::default();
        assert_eq!(state.step(async { Ok(7) }).await.unwrap(), 7);
        let failed = state.step(async { Err::<(), _>(Error::internal("on purpose")) }).await;
        assert!(matches!(failed, Err(Error::Internal(_))));
        assert!(matches!(state.step(async { Ok(7) }).await, Err(Error::Broken)));

        let state = State::default();
        drop(Box::pin(state.step(std::future::pending::<Result<()>>())));
        assert_eq!(state.step(async { Ok(7) }).await.unwrap(), 7, "a step that never began");
        let given_up = state.step(std::future::pending::<Result<()>>());
        assert!(tokio::time::timeout(std::time::Duration::from_millis(1), given_up).await.is_err());
        assert!(matches!(state.step(async { Ok(7) }).await, Err(Error::Broken)));
    }
}
