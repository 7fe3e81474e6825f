//! The wall time of a session's steps, booked by what they are for.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use crate::meter::{Ledger, Scope};

/// The time book of one channel. Copies share the book, so that a step can be timed while it holds
/// the channel.
#[derive(Clone, Default)]
pub(crate) struct Times(Arc<Mutex<Book>>);

#[derive(Default)]
struct Book {
    ledger: Ledger,
    /// All that was ever booked here.
    booked: Duration,
}

impl Times {
    /// Runs `work` and books the wall time that it took. What `work` itself books under other
    /// headings is left out, so that a phase's times add up to the time of the phase.
    pub(crate) async fn timed<T>(&self, scope: Scope, work: impl Future<Output = T>) -> T {
        let (start, before) = (Instant::now(), self.book().booked);
        let done = work.await;
        let took = start.elapsed();
        let mut book = self.book();
        let own = took.saturating_sub(book.booked.saturating_sub(before));
        book.ledger.at(scope).time += own;
        book.booked += own;
        done
    }

    /// Takes the book and starts a new one.
    pub(super) fn take(&self) -> Ledger {
        self.book().ledger.take()
    }

    fn book(&self) -> MutexGuard<'_, Book> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use std::thread::sleep;

    use super::*;
    use crate::meter::Phase;

    #[tokio::test]
    async fn inner_steps_and_the_rest_add_up_to_the_whole() {
        let times = Times::default();
        let (phase, layer) = (Scope::session(Phase::Offline), Scope::linear(Phase::Offline, 0));
        let start = Instant::now();
        let whole = times.timed(phase, async {
            sleep(Duration::from_millis(4));
            times.timed(layer, async { sleep(Duration::from_millis(20)) }).await;
            7
        });
        assert_eq!(whole.await, 7);
        let elapsed = start.elapsed();
        let ledger = times.take();
        let (inner, rest) = (ledger.total(|s| s == layer).time, ledger.total(|s| s == phase).time);
        assert!(inner >= Duration::from_millis(20) && rest >= Duration::from_millis(4), "{inner:?} {rest:?}");
        assert!(inner + rest <= elapsed);
        assert_eq!(times.take(), Ledger::default());
    }
}
