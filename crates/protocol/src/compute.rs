//! The single bridge from async code to processor-bound work.

use crate::error::{Error, Result};

/// Runs `work` on the blocking pool, so that the threads that serve sockets stay free; inside, `work` may use every core
/// through rayon. A panic in `work` ends the session, not the program.
pub(crate) async fn offload<T: Send + 'static>(
    work: impl FnOnce() -> Result<T> + Send + 'static,
) -> Result<T> {
    match tokio::task::spawn_blocking(work).await {
        Ok(result) => result,
        Err(_) => Err(Error::internal("a computation panicked")),
    }
}
