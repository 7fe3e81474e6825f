//! The sessions that run: who waits for its client can be asked to make room.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use protocol::server::{Attendance, Parting};

/// A session that has waited for its client for so long may be asked to leave for one that waits.
/// A client that works on a record asks for the next step at once.
const IDLE_GRACE: Duration = Duration::from_secs(15);

/// The sessions.
#[derive(Debug, Default)]
pub struct Sessions {
    running: Mutex<Running>,
}

#[derive(Debug, Default)]
struct Running {
    next: u64,
    sessions: BTreeMap<u64, Arc<Attendance>>,
}

/// A session's entry; it ends when this is dropped.
#[derive(Debug)]
pub struct Entry {
    sessions: Arc<Sessions>,
    number: u64,
    attendance: Arc<Attendance>,
}

impl Sessions {
    /// Enters a session.
    #[must_use]
    pub fn enter(self: &Arc<Self>) -> Entry {
        let attendance = Arc::new(Attendance::default());
        let mut running = self.running();
        let number = running.next;
        running.next += 1;
        running.sessions.insert(number, Arc::clone(&attendance));
        drop(running);
        Entry { sessions: Arc::clone(self), number, attendance }
    }

    /// Sessions now.
    #[must_use]
    pub fn present(&self) -> usize {
        self.running().sessions.len()
    }

    /// Asks the session that has been idle for longest to leave, if none is leaving already.
    pub fn make_room(&self, parting: &Parting) {
        let running = self.running();
        if running.sessions.values().any(|session| session.is_leaving()) {
            return;
        }
        let idle = running.sessions.values().filter_map(|session| Some((session.idle()?, session)));
        if let Some((_, longest)) = idle.filter(|&(idle, _)| idle >= IDLE_GRACE).max_by_key(|&(idle, _)| idle)
        {
            longest.ask_to_leave(parting.clone());
        }
    }

    /// Asks every session to leave.
    pub fn ask_all_to_leave(&self, parting: &Parting) {
        self.running().sessions.values().for_each(|session| session.ask_to_leave(parting.clone()));
    }

    fn running(&self) -> MutexGuard<'_, Running> {
        self.running.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Entry {
    /// What the session works with.
    #[must_use]
    pub fn attendance(&self) -> &Attendance {
        &self.attendance
    }
}

impl Drop for Entry {
    fn drop(&mut self) {
        self.sessions.running().sessions.remove(&self.number);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parting() -> Parting {
        Parting { after: Duration::from_secs(1), reason: "others wait".into() }
    }

    #[tokio::test(start_paused = true)]
    async fn the_longest_idle_leaves_one_at_a_time_and_not_before_the_grace() {
        let sessions = Arc::new(Sessions::default());
        let oldest = sessions.enter();
        tokio::time::sleep(Duration::from_secs(1)).await;
        let newer = sessions.enter();
        let leaving = |entry: &Entry| entry.attendance().is_leaving();
        sessions.make_room(&parting());
        assert!(!leaving(&oldest) && !leaving(&newer), "both work a moment ago");
        tokio::time::sleep(IDLE_GRACE).await;
        sessions.make_room(&parting());
        sessions.make_room(&parting());
        assert!(leaving(&oldest) && !leaving(&newer));
        drop(oldest);
        sessions.make_room(&parting());
        assert!(leaving(&newer));
        assert_eq!(sessions.present(), 1);
    }
}
