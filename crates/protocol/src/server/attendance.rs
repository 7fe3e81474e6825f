//! Whether a session works or waits for its client, and the way to end it while it waits.

use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::Notify;
use tokio::time::Instant;

use super::given::Given;
use crate::meter::Ledger;

/// What a client is told that has to leave: why, and when to come back.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Parting {
    /// When it is worth coming back.
    pub after: Duration,
    /// Why, for a person.
    pub reason: String,
}

/// Is told what a session costs and gives, request by request.
pub trait Observer: fmt::Debug + Send + Sync {
    /// So much more since the last time.
    fn spent(&self, ledger: &Ledger, given: Given);
}

/// A session as the program that serves it sees it from outside.
///
/// A session that waits for its client holds a place that others may want. It can be asked to
/// leave. Then it begins no request any more, and ends as soon as those that it serves have ended.
#[derive(Debug)]
pub struct Attendance {
    state: Mutex<State>,
    changed: Notify,
    observer: Option<Arc<dyn Observer>>,
}

#[derive(Debug)]
struct State {
    /// Requests that are being served, on both lanes.
    running: usize,
    /// Since when there are none.
    idle_since: Instant,
    parting: Option<Parting>,
    /// Why the session ends at once.
    end: Option<String>,
}

impl Default for Attendance {
    fn default() -> Self {
        let state = State { running: 0, idle_since: Instant::now(), parting: None, end: None };
        Self { state: Mutex::new(state), changed: Notify::new(), observer: None }
    }
}

impl Attendance {
    /// `observer` is told what the session costs and gives.
    #[must_use]
    pub fn observed(observer: Arc<dyn Observer>) -> Self {
        Self { observer: Some(observer), ..Self::default() }
    }

    /// The session has cost and given so much more.
    pub(super) fn spent(&self, ledger: &Ledger, given: Given) {
        if let Some(observer) = &self.observer {
            observer.spent(ledger, given);
        }
    }

    /// For how long the session has waited for its client; `None` while it serves a request.
    #[must_use]
    pub fn idle(&self) -> Option<Duration> {
        let state = self.state();
        (state.running == 0).then(|| state.idle_since.elapsed())
    }

    /// The session begins: it has waited for its client for no time yet.
    pub fn begin(&self) {
        self.state().idle_since = Instant::now();
    }

    /// Asks the session to leave as soon as it waits for its client. The first reason stays.
    pub fn ask_to_leave(&self, parting: Parting) {
        self.state().parting.get_or_insert(parting);
        self.changed.notify_waiters();
    }

    /// Whether it has been asked to leave.
    #[must_use]
    pub fn is_leaving(&self) -> bool {
        self.state().parting.is_some()
    }

    /// Ends the session at once, also within a request. The client is told `reason`.
    pub fn end(&self, reason: &str) {
        self.state().end.get_or_insert_with(|| reason.to_owned());
        self.changed.notify_waiters();
    }

    /// The session serves a request for as long as this is held. `None` once it has been asked to
    /// leave: else a client that is always busy on one of its lanes would never go.
    pub(super) fn work(&self) -> Option<Working<'_>> {
        let mut state = self.state();
        if state.parting.is_some() {
            return None;
        }
        state.running += 1;
        Some(Working(self))
    }

    /// Waits until the session has been asked to leave and serves no request.
    pub(super) async fn parting(&self) -> Parting {
        self.until(Self::due).await
    }

    /// Waits until the session has to end at once, and gives the reason.
    pub(super) async fn ended(&self) -> String {
        self.until(|attendance| attendance.state().end.clone()).await
    }

    /// Waits until `found` finds something.
    async fn until<T>(&self, found: impl Fn(&Self) -> Option<T>) -> T {
        loop {
            let changed = self.changed.notified();
            tokio::pin!(changed);
            // From here on no change is missed.
            changed.as_mut().enable();
            if let Some(found) = found(self) {
                return found;
            }
            changed.await;
        }
    }

    fn due(&self) -> Option<Parting> {
        let state = self.state();
        state.parting.clone().filter(|_| state.running == 0)
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A request that is being served.
pub(super) struct Working<'a>(&'a Attendance);

impl Drop for Working<'_> {
    fn drop(&mut self) {
        let mut state = self.0.state();
        state.running -= 1;
        if state.running == 0 {
            state.idle_since = Instant::now();
            drop(state);
            self.0.changed.notify_waiters();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn who_is_asked_to_leave_ends_its_requests_first() {
        let attendance = Attendance::default();
        let parting = Parting { after: Duration::from_secs(9), reason: "others wait".into() };
        let (first, second) = (attendance.work().unwrap(), attendance.work().unwrap());
        assert_eq!(attendance.idle(), None);
        attendance.ask_to_leave(parting.clone());
        attendance.ask_to_leave(Parting { reason: "no news".into(), ..parting.clone() });
        assert!(attendance.work().is_none(), "nothing new begins");
        let left = tokio::join!(attendance.parting(), async {
            tokio::time::sleep(Duration::from_secs(1)).await;
            drop(first);
            tokio::time::sleep(Duration::from_secs(1)).await;
            assert!(attendance.due().is_none(), "a request is being served");
            drop(second);
        });
        assert_eq!(left.0, parting);
        tokio::time::sleep(Duration::from_secs(3)).await;
        assert_eq!(attendance.idle(), Some(Duration::from_secs(3)));
    }

    #[tokio::test]
    async fn a_session_can_be_ended_within_a_request() {
        let attendance = Attendance::default();
        let _request = attendance.work();
        let (reason, ()) = tokio::join!(attendance.ended(), async {
            attendance.end("revoked");
            attendance.end("no news");
        });
        assert_eq!(reason, "revoked");
        assert!(!attendance.is_leaving());
    }
}
