//! The single bridge from async code to processor-bound work.

use std::panic::{AssertUnwindSafe, catch_unwind};

use crate::error::{Error, Result};

/// How much work there is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Work {
    /// So little that the way to another thread and back would take longer: some tenths of a
    /// millisecond at most.
    Brief,
    /// So much that the threads that serve sockets must not do it.
    Long,
}

/// Runs `work` on the blocking pool, so that the threads that serve sockets stay free; inside,
/// `work` may use every core through rayon. A panic in `work` ends the session, not the program.
pub(crate) async fn offload<T: Send + 'static>(
    work: impl FnOnce() -> Result<T> + Send + 'static,
) -> Result<T> {
    tokio::task::spawn_blocking(work).await.unwrap_or_else(|_| Err(panicked()))
}

/// Runs `work` where its size says. A panic ends the session here too.
pub(crate) async fn run<T: Send + 'static>(
    size: Work,
    work: impl FnOnce() -> Result<T> + Send + 'static,
) -> Result<T> {
    match size {
        // What `work` captured goes with it, so nothing half done is seen afterwards.
        Work::Brief => catch_unwind(AssertUnwindSafe(work)).unwrap_or_else(|_| Err(panicked())),
        Work::Long => offload(work).await,
    }
}

fn panicked() -> Error {
    Error::internal("a computation panicked")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_panic_is_an_error_wherever_it_happens() {
        for size in [Work::Brief, Work::Long] {
            let broken = run(size, || -> Result<()> { panic!("on purpose") }).await;
            assert!(matches!(broken, Err(Error::Internal(_))), "{size:?}: {broken:?}");
            assert_eq!(run(size, || Ok(7)).await.unwrap(), 7);
        }
    }
}
