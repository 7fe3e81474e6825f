//! The book: a store with the limits that hold, and everything that is asked of it.
//!
//! It runs on a thread of its own ([`super::books`]), or in `pp-server quota` while no server runs.

use std::net::IpAddr;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use protocol::server::{Grant, Parting};
use serde::{Deserialize, Serialize};

use super::audit::{Closing, Event, SessionEvent, short};
use super::limits::{Exception, Limits};
use super::store::{Loss, Page, Place, Store, StoreError};
use super::usage::{Exceeded, HOUR, Quota, Usage};
use crate::sessions::Client;

/// Most entries of the audit trail.
const AUDIT_ENTRIES: u64 = 1_000_000;
/// Entries that one transaction drops at most.
const PRUNED_AT_ONCE: usize = 1000;
/// Entries that are shown at once.
const EVENTS_AT_ONCE: usize = 100_000;
/// How long after one failed authentication the next is entered by itself, in seconds.
const FAILURES_APART: u64 = 1;
/// How often accounts of addresses are looked through.
const TIDY: u64 = HOUR;
/// An address that had nothing for so long is forgotten: no quota looks back as far.
const STRANGER: u64 = 48 * HOUR;
/// When to come back if the book cannot be kept.
const BROKEN: Duration = Duration::from_secs(60);
/// When to come back if nothing is ever granted: the operator may change that.
const NEVER: Duration = Duration::from_secs(HOUR);

/// Gives the time in seconds since 1970.
pub type Clock = Box<dyn Fn() -> u64 + Send>;

/// The clock of this machine.
#[must_use]
pub fn system_clock() -> Clock {
    Box::new(|| SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_secs())
}

/// What the book keeps to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rules {
    /// What every client may have that has no exception.
    pub limits: Limits,
    /// Days that entries of the audit trail are kept.
    pub audit_days: u32,
}

/// The book.
pub struct Book {
    /// `None` after a failure, until it can be opened again: a full disk may have room again.
    store: Option<Store>,
    /// Where it is; `None` for memory.
    place: Option<Place>,
    rules: Rules,
    clock: Clock,
    failures: Failures,
    tidied: u64,
}

/// Failed authentications since the last one that was entered.
#[derive(Default)]
struct Failures {
    entered: u64,
    unsaid: u64,
}

/// A client's account, for the operator.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct Standing {
    /// Whose it is.
    pub client: String,
    /// Answers of this hour.
    pub answers_of_hour: u32,
    /// Answers of 24 hours.
    pub answers_of_day: u32,
    /// Preparations of 24 hours.
    pub preparations_of_day: u32,
    /// Answers of all times.
    pub all_answers: u64,
    /// Preparations of all times.
    pub all_preparations: u64,
    /// When something was counted last, in seconds since 1970; 0 for never.
    pub last: u64,
    /// What it may have.
    pub limits: Limits,
}

impl Book {
    /// Opens the book at `place`, or one in memory, which keeps to `rules`.
    ///
    /// # Errors
    /// [`StoreError`]; the text says what to do.
    pub fn open(place: Option<Place>, loss: Loss, rules: Rules, clock: Clock) -> Result<Self, StoreError> {
        let store = match &place {
            Some(place) => Store::open(place, loss)?,
            None => Store::in_memory()?,
        };
        Ok(Self { store: Some(store), place, rules, clock, failures: Failures::default(), tidied: 0 })
    }

    /// The time, in seconds since 1970.
    #[must_use]
    pub fn now(&self) -> u64 {
        (self.clock)()
    }

    /// Does several things and keeps all of them, or none.
    ///
    /// # Errors
    /// [`StoreError`]. Then nothing is kept.
    pub fn keep<T>(
        &mut self,
        tasks: impl FnOnce(&mut Entries<'_>) -> Result<T, StoreError>,
    ) -> Result<T, StoreError> {
        let kept = self.try_to_keep(tasks);
        if let (Err(StoreError::Database(_)), Some(_)) = (&kept, &self.place) {
            // A database that failed once refuses everything until it is opened again.
            self.store = None;
        }
        kept
    }

    fn try_to_keep<T>(
        &mut self,
        tasks: impl FnOnce(&mut Entries<'_>) -> Result<T, StoreError>,
    ) -> Result<T, StoreError> {
        let (now, rules, failures) = (self.now(), self.rules, &mut self.failures);
        let store = match (&mut self.store, &self.place) {
            (Some(store), _) => store,
            (closed, Some(place)) => closed.insert(Store::open(place, Loss::Refuse)?),
            (closed, None) => closed.insert(Store::in_memory()?),
        };
        let mut entries = Entries { page: store.begin()?, rules, now, failures, changed: false };
        let done = tasks(&mut entries)?;
        if entries.changed {
            let oldest = now.saturating_sub(u64::from(rules.audit_days) * 24 * HOUR);
            entries.page.prune(oldest, AUDIT_ENTRIES, PRUNED_AT_ONCE)?;
            if now >= self.tidied + TIDY {
                entries.forget_strangers()?;
                self.tidied = now;
            }
            entries.page.commit()?;
        }
        Ok(done)
    }
}

/// The book while it is written in.
pub struct Entries<'a> {
    page: Page<'a>,
    rules: Rules,
    now: u64,
    failures: &'a mut Failures,
    changed: bool,
}

impl Entries<'_> {
    /// What the client may have.
    ///
    /// # Errors
    /// [`StoreError`], as of every method here.
    pub fn limits(&self, client: &str) -> Result<Limits, StoreError> {
        Ok(self.rules.limits.with(&self.page.exception(client)?))
    }

    /// Whether an answer more would be granted.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn foresee(&self, client: &str) -> Result<Result<(), Parting>, StoreError> {
        let limits = self.limits(client)?;
        let foreseen = self.page.usage(client)?.foresee(&limits, self.now);
        Ok(foreseen.map_err(|exceeded| refusal(exceeded, self.now)))
    }

    /// Counts what is about to be given in a session.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn grant(
        &mut self,
        client: &str,
        session: u64,
        what: Grant,
    ) -> Result<Result<(), Parting>, StoreError> {
        let limits = self.limits(client)?;
        let mut usage = self.page.usage(client)?;
        if let Err(exceeded) = usage.count(what, &limits, self.now) {
            return Ok(Err(refusal(exceeded, self.now)));
        }
        self.page.set_usage(client, &usage)?;
        self.page.change_session(session, |entry| match what {
            Grant::Preparation => entry.preparations += 1,
            Grant::Inference => entry.inferences += 1,
            Grant::RecordLabel => entry.record_labels += 1,
        })?;
        self.changed = true;
        Ok(Ok(()))
    }

    /// Enters a session that begins; gives its number.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn open(&mut self, client: &str, address: &str, model: &str) -> Result<u64, StoreError> {
        self.changed = true;
        let [client, address, model] = [client, address, model].map(short);
        let session = SessionEvent { at: self.now, client, address, model, ..SessionEvent::default() };
        self.page.append(&Event::Session(session))
    }

    /// Notes how a session ended.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn close(
        &mut self,
        session: u64,
        bytes: Option<(u64, u64)>,
        outcome: &str,
    ) -> Result<(), StoreError> {
        self.changed = true;
        let (bytes_sent, bytes_received) = bytes.unzip();
        let end = Closing { at: self.now, bytes_sent, bytes_received, outcome: short(outcome) };
        self.page.change_session(session, |entry| entry.end = Some(end))
    }

    /// Notes that somebody could not show who they are. Of many in a second one is entered.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn unauthenticated(&mut self, address: IpAddr, reason: &str) -> Result<(), StoreError> {
        if self.now < self.failures.entered + FAILURES_APART {
            self.failures.unsaid += 1;
            return Ok(());
        }
        let unsaid = std::mem::take(&mut self.failures.unsaid);
        self.failures.entered = self.now;
        self.changed = true;
        let (address, reason) = (address.to_string(), short(reason));
        self.page.append(&Event::Unauthenticated { at: self.now, address, reason, unsaid }).map(drop)
    }

    /// Every client's account.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn list(&self) -> Result<Vec<Standing>, StoreError> {
        let standing = |client: String| {
            let (usage, limits) = (self.page.usage(&client)?, self.limits(&client)?);
            Ok(Standing {
                answers_of_hour: usage.answers_of_hour(self.now),
                answers_of_day: usage.answers_of_day(self.now),
                preparations_of_day: usage.preparations_of_day(self.now),
                all_answers: usage.all_answers,
                all_preparations: usage.all_preparations,
                last: usage.last,
                client,
                limits,
            })
        };
        self.page.clients()?.into_iter().map(standing).collect()
    }

    /// Changes what is different for a client, and gives its limits. Without `change` nothing is
    /// different any more.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn set(&mut self, client: &str, change: Option<&Exception>) -> Result<Limits, StoreError> {
        let exception = match change {
            Some(change) => self.page.exception(client)?.changed_by(change),
            None => Exception::default(),
        };
        self.page.set_exception(client, &exception)?;
        let said = serde_json::to_string(&exception).map_err(StoreError::Entry)?;
        self.operator(client, format!("set {said}"))?;
        Ok(self.rules.limits.with(&exception))
    }

    /// Begins a client's counts anew; gives what they were.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn reset(&mut self, client: &str) -> Result<Usage, StoreError> {
        let before = self.page.usage(client)?;
        let mut usage = before.clone();
        usage.reset();
        self.page.set_usage(client, &usage)?;
        self.operator(client, format!("reset {} answers of a day", before.answers_of_day(self.now)))?;
        Ok(before)
    }

    /// The latest entries of the audit trail, the newest first, and not more than 100,000: sessions
    /// wait meanwhile.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn events(&self, since: u64, most: usize) -> Result<Vec<Event>, StoreError> {
        self.page.events(since, most.min(EVENTS_AT_ONCE))
    }

    /// Forgets addresses that had nothing for long. Names stay: who has a certificate is known.
    fn forget_strangers(&self) -> Result<(), StoreError> {
        for client in self.page.clients()? {
            let of_long_ago = self.page.usage(&client)?.last + STRANGER < self.now;
            if of_long_ago
                && Client::is_address(&client)
                && self.page.exception(&client)? == Exception::default()
            {
                self.page.forget_usage(&client)?;
            }
        }
        Ok(())
    }

    /// Notes what the operator did.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn operator(&mut self, client: &str, action: String) -> Result<(), StoreError> {
        self.changed = true;
        let (client, action) = (short(client), short(&action));
        self.page.append(&Event::Operator { at: self.now, client, action }).map(drop)
    }
}

/// What a client is told whose account cannot be kept.
#[must_use]
pub fn unavailable() -> Parting {
    Parting { after: BROKEN, reason: "it cannot count what it gives at present".into() }
}

/// What a client is told that has had what it may have.
fn refusal(Exceeded { quota, until }: Exceeded, now: u64) -> Parting {
    let used_up = match quota {
        Quota::AnswersOfHour(most) => format!("your {most} inferences of an hour are used up"),
        Quota::AnswersOfDay(most) => format!("your {most} inferences of 24 hours are used up"),
        Quota::PreparationsOfDay(most) => format!("your {most} preparations of 24 hours are used up"),
    };
    match until {
        Some(until) => Parting {
            after: Duration::from_secs(until.saturating_sub(now).max(1)),
            reason: format!("{used_up}; there is room again in {}", wait(until.saturating_sub(now))),
        },
        None => Parting { after: NEVER, reason: format!("{used_up}; ask its operator for more") },
    }
}

/// The time in hours and minutes, the last of them begun.
fn wait(seconds: u64) -> String {
    let minutes = seconds.div_ceil(60);
    match (minutes / 60, minutes % 60) {
        (0, minutes) => format!("{minutes} min"),
        (hours, minutes) => format!("{hours} h {minutes} min"),
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::sync::atomic::{AtomicU64, Ordering};

    use super::super::limits::Bound;
    use super::*;
    use crate::policy::RevealPolicy;

    const START: u64 = 500_000 * HOUR;

    fn book(per_day: u32) -> (Book, Arc<AtomicU64>) {
        let now = Arc::new(AtomicU64::new(START));
        let clock = Arc::clone(&now);
        let limits = Limits { inferences_per_day: Bound::Most(per_day), ..Limits::DEFAULT };
        let rules = Rules { limits, audit_days: 1 };
        let clock: Clock = Box::new(move || clock.load(Ordering::Relaxed));
        (Book::open(None, Loss::Refuse, rules, clock).unwrap(), now)
    }

    fn grant(book: &mut Book, client: &str, session: u64, what: Grant) -> Result<(), Parting> {
        book.keep(|entries| entries.grant(client, session, what)).unwrap()
    }

    fn events(book: &mut Book) -> Vec<Event> {
        book.keep(|entries| entries.events(0, 100)).unwrap()
    }

    #[test]
    fn every_client_has_counts_of_its_own_and_hears_when_to_come_back() {
        let (mut book, now) = book(2);
        let session = book.keep(|entries| entries.open("ward-1", "192.0.2.1:9", "abc")).unwrap();
        for what in [Grant::Preparation, Grant::Inference, Grant::RecordLabel] {
            grant(&mut book, "ward-1", session, what).unwrap();
        }
        now.store(START + HOUR - 60, Ordering::Relaxed);
        let refused = grant(&mut book, "ward-1", session, Grant::Inference).unwrap_err();
        assert_eq!(refused.after.as_secs(), 23 * HOUR + 60);
        assert!(
            refused.reason.contains("2 inferences of 24 hours") && refused.reason.ends_with("in 23 h 1 min")
        );
        assert_eq!(book.keep(|entries| entries.foresee("ward-1")).unwrap(), Err(refused));
        assert_eq!(book.keep(|entries| entries.foresee("ward-2")).unwrap(), Ok(()));
        book.keep(|entries| entries.close(session, Some((10, 20)), "in order")).unwrap();
        let [Event::Session(entry)] = &events(&mut book)[..] else { panic!("one session") };
        assert_eq!((entry.preparations, entry.inferences, entry.record_labels), (1, 1, 1));
        assert_eq!((entry.client.as_str(), entry.address.as_str()), ("ward-1", "192.0.2.1:9"));
        let end = entry.end.as_ref().unwrap();
        assert_eq!((end.bytes_sent, end.at, end.outcome.as_str()), (Some(10), START + HOUR - 60, "in order"));
    }

    #[test]
    fn the_operator_gives_other_limits_and_takes_them_back() {
        let (mut book, _) = book(1);
        let change = Exception {
            inferences_per_day: Some(Bound::Unlimited),
            reveal: Some(RevealPolicy::Scores),
            ..Exception::default()
        };
        book.keep(|entries| entries.set("ward-1", Some(&change))).unwrap();
        for _ in 0..3 {
            grant(&mut book, "ward-1", 0, Grant::Inference).unwrap();
        }
        let limits = book.keep(|entries| entries.limits("ward-1")).unwrap();
        assert_eq!(limits.reveal, Some(RevealPolicy::Scores));
        let [standing] = &book.keep(|entries| entries.list()).unwrap()[..] else { panic!("one client") };
        assert_eq!((standing.answers_of_day, standing.all_answers), (3, 3));
        book.keep(|entries| entries.set("ward-1", None)).unwrap();
        assert!(grant(&mut book, "ward-1", 0, Grant::Inference).is_err());
        book.keep(|entries| entries.reset("ward-1")).unwrap();
        assert!(grant(&mut book, "ward-1", 0, Grant::Inference).is_ok());
        let done = events(&mut book);
        assert!(matches!(&done[0], Event::Operator { action, .. } if action == "reset 3 answers of a day"));
        assert_eq!(done.len(), 3);
    }

    #[test]
    fn failed_authentications_do_not_flood_the_trail() {
        let (mut book, now) = book(1);
        let fail = |book: &mut Book| {
            book.keep(|entries| entries.unauthenticated([192, 0, 2, 1].into(), "no certificate")).unwrap();
        };
        (0..500).for_each(|_| fail(&mut book));
        now.fetch_add(1, Ordering::Relaxed);
        fail(&mut book);
        let entered = events(&mut book);
        assert!(matches!(
            entered[..],
            [Event::Unauthenticated { unsaid: 499, .. }, Event::Unauthenticated { unsaid: 0, .. }]
        ));
    }

    #[test]
    fn old_entries_are_dropped_and_the_numbers_go_on() {
        let (mut book, now) = book(9);
        let first = book.keep(|entries| entries.open("a", "b", "c")).unwrap();
        now.fetch_add(25 * HOUR, Ordering::Relaxed);
        let second = book.keep(|entries| entries.open("a", "b", "c")).unwrap();
        assert_eq!((first, second), (0, 1));
        assert_eq!(events(&mut book).len(), 1);
        // The entry is gone; the count is kept all the same.
        grant(&mut book, "a", first, Grant::Inference).unwrap();
        assert_eq!(book.keep(|entries| entries.list()).unwrap()[0].all_answers, 1);
    }

    #[test]
    fn addresses_of_long_ago_are_forgotten_and_names_are_not() {
        let (mut book, now) = book(9);
        for client in ["192.0.2.1", "2001:db8::/64", "ward-1", "192.0.2.2"] {
            grant(&mut book, client, 0, Grant::Inference).unwrap();
        }
        book.keep(|entries| {
            entries.set(
                "192.0.2.2",
                Some(&Exception { reveal: Some(RevealPolicy::Label), ..Exception::default() }),
            )
        })
        .unwrap();
        now.fetch_add(STRANGER + 1, Ordering::Relaxed);
        grant(&mut book, "192.0.2.3", 0, Grant::Inference).unwrap();
        let left: Vec<_> = book.keep(|entries| entries.list()).unwrap();
        let left: Vec<_> = left.iter().map(|standing| standing.client.as_str()).collect();
        assert_eq!(left, ["192.0.2.2", "192.0.2.3", "ward-1"]);
    }

    #[test]
    fn what_fails_is_not_kept() {
        let (mut book, _) = book(9);
        let failed = book.keep(|entries| {
            entries.grant("a", 0, Grant::Inference)?.unwrap();
            Err::<(), _>(StoreError::InUse("x".into()))
        });
        assert!(failed.is_err());
        assert!(book.keep(|entries| entries.list()).unwrap().is_empty());
    }
}
