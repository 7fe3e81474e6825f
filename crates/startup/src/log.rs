//! The log of a program, on standard error.
//!
//! Whoever logs hands its line to a thread that writes, and never waits for it. Where the target is
//! slow, full or closed, lines are lost and the program goes on. Of each kind of line, as many as
//! anybody reads in a second are written. What is lost or left out is counted, and said.

mod limit;

use std::io::{self, IsTerminal};
use std::sync::Arc;
use std::sync::mpsc::{self, RecvTimeoutError, Sender};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use clap::ValueEnum;
use serde::{Deserialize, Serialize};
use tracing::{Subscriber, warn};
use tracing_appender::non_blocking::{ErrorCounter, NonBlocking, NonBlockingBuilder, WorkerGuard};
use tracing_subscriber::Layer;
use tracing_subscriber::filter::{LevelFilter, ParseError, Targets};
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::registry::LookupSpan;
use tracing_subscriber::util::SubscriberInitExt;

use crate::output::{say, try_to_say};
use limit::{Limit, Shared};

/// The environment variable that says what is logged.
const VARIABLE: &str = "RUST_LOG";

/// Lines that wait for a slow target; later ones are lost.
const WAITING_LINES: usize = 4096;

/// How often the log says what it did not write.
const SAYING: Duration = Duration::from_secs(1);

/// How a line is written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, Serialize, ValueEnum)]
#[serde(rename_all = "kebab-case")]
pub enum Format {
    /// For people.
    #[default]
    Text,
    /// An object of JSON, for programs.
    Json,
}

/// How many lines were not written so far.
#[derive(Clone)]
pub struct Counts {
    lost: ErrorCounter,
    limit: Arc<Limit>,
}

/// The open log. Dropped, it writes what still waits, for a moment at most.
pub struct Log {
    counts: Counts,
    writer: Option<WorkerGuard>,
    /// Says what was not written, until the sender is dropped.
    sayer: Option<(Sender<()>, JoinHandle<()>)>,
}

impl Counts {
    /// Lines lost because the target was too slow.
    #[must_use]
    pub fn lost(&self) -> u64 {
        u64::try_from(self.lost.dropped_lines()).unwrap_or(u64::MAX)
    }

    /// Lines left out because there were too many of their kind.
    #[must_use]
    pub fn left_out(&self) -> u64 {
        self.limit.left_out()
    }

    /// Says in the log what it has left out since the last time, and that lines were lost if these
    /// are more than `said`. Gives how many these are.
    fn say(&self, said: u64) -> u64 {
        for (like, lines) in self.limit.take() {
            warn!(lines, like, "left out of the log: too many in a second");
        }
        let lost = self.lost();
        if lost > said {
            warn!(lines = lost - said, "lost by the log: its target was too slow");
        }
        lost
    }
}

impl Log {
    /// What it did not write.
    #[must_use]
    pub fn counts(&self) -> Counts {
        self.counts.clone()
    }
}

impl Drop for Log {
    fn drop(&mut self) {
        if let Some((stop, sayer)) = self.sayer.take() {
            drop(stop);
            // It never panics; if it did, the log still ends.
            let _ended = sayer.join();
        }
        drop(self.writer.take());
        let lost = self.counts.lost();
        if lost > 0 {
            try_to_say(format!("the log lost {lost} lines, because its target was too slow"));
        }
    }
}

/// Opens the log: what `RUST_LOG` asks for, else everything from `level` on.
///
/// `RUST_LOG` is a level, or a list such as `warn,protocol=debug`. Where it says nothing that can
/// be understood, a line on standard error tells so, and `level` holds. There are colours on a
/// terminal alone.
#[must_use = "the log ends when this is dropped"]
pub fn open(level: LevelFilter, format: Format) -> Log {
    let asked = std::env::var(VARIABLE).unwrap_or_default();
    let filter = filter(&asked, level).unwrap_or_else(|error| {
        say(&format!("{VARIABLE} is ignored: {error}; write a level, or a list such as warn,protocol=debug"));
        Targets::new().with_default(level)
    });
    let builder = NonBlockingBuilder::default().lossy(true).buffered_lines_limit(WAITING_LINES);
    let (writer, guard) = builder.finish(io::stderr());
    let counts = Counts { lost: writer.error_counter(), limit: Arc::default() };
    let lines = lines(format, writer).with_filter(Shared(Arc::clone(&counts.limit)));
    tracing_subscriber::registry().with(filter).with(lines).init();
    Log { sayer: sayer(counts.clone()), counts, writer: Some(guard) }
}

fn lines<S>(format: Format, writer: NonBlocking) -> Box<dyn Layer<S> + Send + Sync>
where
    S: Subscriber + for<'a> LookupSpan<'a>,
{
    let lines = tracing_subscriber::fmt::layer().with_writer(writer);
    match format {
        Format::Text => lines.with_ansi(io::stderr().is_terminal()).boxed(),
        Format::Json => lines.json().flatten_event(true).with_span_list(false).boxed(),
    }
}

/// Starts saying what is not written. Where no thread can be had it is said at the end alone.
fn sayer(counts: Counts) -> Option<(Sender<()>, JoinHandle<()>)> {
    let (stop, stopped) = mpsc::channel();
    let run = move || {
        let mut said = 0;
        while stopped.recv_timeout(SAYING) == Err(RecvTimeoutError::Timeout) {
            said = counts.say(said);
        }
        counts.say(said);
    };
    let thread = thread::Builder::new().name("log".into()).spawn(run).ok()?;
    Some((stop, thread))
}

fn filter(asked: &str, level: LevelFilter) -> Result<Targets, ParseError> {
    if asked.is_empty() { Ok(Targets::new().with_default(level)) } else { asked.parse() }
}

#[cfg(test)]
mod tests {
    use tracing_subscriber::filter::LevelFilter;

    use super::filter;

    #[test]
    fn what_is_asked_for_comes_before_the_level_of_the_program() {
        let default = filter("", LevelFilter::INFO).unwrap();
        assert_eq!(default.default_level(), Some(LevelFilter::INFO));
        let asked = filter("warn,protocol=debug", LevelFilter::INFO).unwrap();
        assert_eq!(asked.default_level(), Some(LevelFilter::WARN));
        assert_eq!(asked.iter().next().unwrap(), ("protocol", LevelFilter::DEBUG));
        assert!(filter("protocol=loud", LevelFilter::INFO).is_err());
    }
}
