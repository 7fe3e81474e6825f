//! The log of a program, on standard error.
//!
//! Whoever logs hands its line to a thread that writes, and never waits for it. Where the target is
//! slow, full or closed, lines are lost and the program goes on. When the log ends it says how many
//! were.

use std::io::{self, IsTerminal};

use tracing_appender::non_blocking::{ErrorCounter, NonBlockingBuilder, WorkerGuard};
use tracing_subscriber::filter::{LevelFilter, ParseError, Targets};
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::SubscriberInitExt;

use crate::output::say;

/// The environment variable that says what is logged.
const VARIABLE: &str = "RUST_LOG";

/// Lines that wait for a slow target; later ones are lost.
const WAITING_LINES: usize = 4096;

/// The open log. Dropped, it writes what still waits, for a moment at most.
pub struct Log {
    lost: ErrorCounter,
    writer: Option<WorkerGuard>,
}

impl Drop for Log {
    fn drop(&mut self) {
        drop(self.writer.take());
        let lost = self.lost.dropped_lines();
        if lost > 0 {
            say(&format!("the log lost {lost} lines, because its target was too slow"));
        }
    }
}

/// Opens the log: what `RUST_LOG` asks for, else everything from `level` on.
///
/// `RUST_LOG` is a level, or a list such as `warn,protocol=debug`. Where it says nothing that can
/// be understood, a line on standard error tells so, and `level` holds. There are colours on a
/// terminal alone.
#[must_use = "the log ends when this is dropped"]
pub fn open(level: LevelFilter) -> Log {
    let asked = std::env::var(VARIABLE).unwrap_or_default();
    let filter = filter(&asked, level).unwrap_or_else(|error| {
        say(&format!("{VARIABLE} is ignored: {error}; write a level, or a list such as warn,protocol=debug"));
        Targets::new().with_default(level)
    });
    let builder = NonBlockingBuilder::default().lossy(true).buffered_lines_limit(WAITING_LINES);
    let (writer, guard) = builder.finish(io::stderr());
    let lost = writer.error_counter();
    let lines = tracing_subscriber::fmt::layer().with_writer(writer).with_ansi(io::stderr().is_terminal());
    tracing_subscriber::registry().with(filter).with(lines).init();
    Log { lost, writer: Some(guard) }
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
