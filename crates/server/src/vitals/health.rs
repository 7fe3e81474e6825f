//! Whether a server lives, and is ready for clients.

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

/// How often the accept loop shows that it lives.
pub const BEAT: Duration = Duration::from_secs(1);
/// A loop that has not shown it for so long does not live.
const SILENCE: Duration = Duration::from_secs(15);

/// How far a server is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Stage {
    /// It reads its model.
    Starting,
    /// It serves.
    Ready,
    /// It was told to stop.
    Leaving,
}

/// Whether a server lives, and is ready for clients.
#[derive(Debug)]
pub struct Health(Mutex<State>);

#[derive(Debug)]
struct State {
    stage: Stage,
    beat: Instant,
}

impl Default for Health {
    fn default() -> Self {
        Self(Mutex::new(State { stage: Stage::Starting, beat: Instant::now() }))
    }
}

impl Health {
    /// The server is ready, unless it was told to stop.
    pub fn ready(&self) {
        self.beat();
        let mut state = self.state();
        if state.stage == Stage::Starting {
            state.stage = Stage::Ready;
        }
    }

    /// The server was told to stop, and is never ready again.
    pub fn leave(&self) {
        self.state().stage = Stage::Leaving;
    }

    /// The accept loop lives.
    pub fn beat(&self) {
        self.state().beat = Instant::now();
    }

    /// Whether clients should come.
    #[must_use]
    pub fn is_ready(&self) -> bool {
        self.is_alive() && self.state().stage == Stage::Ready
    }

    /// Whether the server starts, or its accept loop has shown lately that it lives.
    #[must_use]
    pub fn is_alive(&self) -> bool {
        self.lives_at(Instant::now())
    }

    fn lives_at(&self, now: Instant) -> bool {
        let state = self.state();
        state.stage == Stage::Starting || now.saturating_duration_since(state.beat) < SILENCE
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_was_told_to_stop_is_never_ready_again() {
        let health = Health::default();
        assert!(!health.is_ready() && health.is_alive());
        health.ready();
        assert!(health.is_ready());
        health.leave();
        health.ready();
        assert!(!health.is_ready() && health.is_alive());
    }

    #[test]
    fn a_loop_that_stands_still_does_not_live() {
        let health = Health::default();
        let later = Instant::now() + 2 * SILENCE;
        assert!(health.lives_at(later), "the model may take long to read");
        health.ready();
        assert!(!health.lives_at(later));
        assert!(health.is_alive());
    }
}
