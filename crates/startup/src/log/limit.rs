//! As many lines of a kind as anybody reads.
//!
//! Whoever connects again and again could fill a disk with lines, or push out those that matter. A
//! kind is what one place in the code says.

use std::collections::HashMap;
use std::fmt::{self, Write};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use tracing::callsite::Identifier;
use tracing::field::{Field, Visit};
use tracing::{Event, Level, Metadata, Subscriber};
use tracing_subscriber::layer::{Context, Filter};

/// Lines of one kind that are written in a second.
const MOST: u32 = 20;
const SECOND: Duration = Duration::from_secs(1);

/// Counts the lines of each kind.
#[derive(Default)]
pub(super) struct Limit {
    kinds: Mutex<HashMap<Identifier, Kind>>,
    left_out: AtomicU64,
}

struct Kind {
    /// Since when lines are counted.
    since: Instant,
    written: u32,
    /// Left out and not said yet.
    left_out: u64,
    /// What such a line says.
    like: String,
}

/// The limit as a filter of lines.
pub(super) struct Shared(pub(super) Arc<Limit>);

impl Limit {
    /// How many lines were left out in all.
    pub(super) fn left_out(&self) -> u64 {
        self.left_out.load(Ordering::Relaxed)
    }

    /// What was left out since the last time: what such lines say, and how many.
    pub(super) fn take(&self) -> Vec<(String, u64)> {
        let mut kinds = self.kinds();
        let left_out = kinds.values_mut().filter(|kind| kind.left_out > 0);
        left_out.map(|kind| (kind.like.clone(), std::mem::take(&mut kind.left_out))).collect()
    }

    /// Whether a line of this kind is written at `now`; `like` gives what it says.
    fn admits(&self, kind: Identifier, now: Instant, like: impl FnOnce() -> String) -> bool {
        let mut kinds = self.kinds();
        let new = || Kind { since: now, written: 0, left_out: 0, like: String::new() };
        let kind = kinds.entry(kind).or_insert_with(new);
        if now.duration_since(kind.since) >= SECOND {
            (kind.since, kind.written) = (now, 0);
        }
        if kind.written < MOST {
            kind.written += 1;
            return true;
        }
        if kind.like.is_empty() {
            kind.like = like();
        }
        kind.left_out += 1;
        self.left_out.fetch_add(1, Ordering::Relaxed);
        false
    }

    fn kinds(&self) -> MutexGuard<'_, HashMap<Identifier, Kind>> {
        self.kinds.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<S: Subscriber> Filter<S> for Shared {
    fn enabled(&self, _metadata: &Metadata<'_>, _context: &Context<'_, S>) -> bool {
        true
    }

    /// Whoever asks for details gets them all.
    fn event_enabled(&self, event: &Event<'_>, _context: &Context<'_, S>) -> bool {
        let metadata = event.metadata();
        *metadata.level() > Level::INFO
            || self.0.admits(metadata.callsite(), Instant::now(), || Message::of(event))
    }
}

/// The text of a line without its fields.
#[derive(Default)]
struct Message(String);

impl Message {
    fn of(event: &Event<'_>) -> String {
        let mut message = Self::default();
        event.record(&mut message);
        message.0
    }
}

impl Visit for Message {
    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        if field.name() == "message" {
            // Writing to a string does not fail.
            let _written = write!(self.0, "{value:?}");
        }
    }
}

#[cfg(test)]
mod tests {
    use std::io;

    use tracing_subscriber::layer::SubscriberExt;
    use tracing_subscriber::{Layer, fmt as lines};

    use super::*;

    /// A log in memory.
    #[derive(Clone, Default)]
    struct Written(Arc<Mutex<Vec<u8>>>);

    impl io::Write for Written {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0.lock().unwrap().write(bytes)
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    /// What a log with a limit writes while `work` runs.
    fn logged(limit: &Arc<Limit>, work: impl FnOnce()) -> String {
        let written = Written::default();
        let target = written.clone();
        let layer = lines::layer().with_ansi(false).with_writer(move || target.clone());
        let subscriber = tracing_subscriber::registry().with(layer.with_filter(Shared(Arc::clone(limit))));
        tracing::subscriber::with_default(subscriber, work);
        String::from_utf8(written.0.lock().unwrap().clone()).unwrap()
    }

    #[test]
    fn too_many_lines_of_a_kind_are_counted_and_others_are_written() {
        let limit = Arc::new(Limit::default());
        let log = logged(&limit, || {
            for number in 0..70 {
                tracing::warn!(number, "a client failed");
            }
            tracing::info!("the server goes on");
            (0..70).for_each(|_| tracing::debug!("a detail"));
        });
        assert_eq!(log.matches("a client failed").count(), 20);
        assert!(log.contains("the server goes on"));
        assert_eq!(log.matches("a detail").count(), 70, "details are asked for");
        assert_eq!(limit.take(), [("a client failed".to_owned(), 50)]);
        assert_eq!((limit.take(), limit.left_out()), (Vec::new(), 50));
    }

    #[test]
    fn after_a_second_lines_are_written_again() {
        let limit = Limit::default();
        let now = Instant::now();
        let kind = tracing::callsite!(name: "kind", kind: tracing::metadata::Kind::EVENT, fields: message);
        let kind = || tracing::callsite::Callsite::metadata(kind).callsite();
        let written = |at: Instant| (0..50).filter(|_| limit.admits(kind(), at, String::new)).count();
        assert_eq!(written(now), 20);
        assert_eq!(written(now + SECOND), 20);
    }
}
