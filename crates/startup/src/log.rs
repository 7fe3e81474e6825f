//! The log of a program, on standard error.

use tracing_subscriber::filter::{LevelFilter, ParseError, Targets};
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::SubscriberInitExt;

/// The environment variable that says what is logged.
const VARIABLE: &str = "RUST_LOG";

/// Opens the log: what `RUST_LOG` asks for, else everything from `level` on.
///
/// `RUST_LOG` is a level, or a list such as `warn,protocol=debug`. Where it says nothing that can
/// be understood, a line on standard error tells so, and `level` holds.
pub fn open(level: LevelFilter) {
    let asked = std::env::var(VARIABLE).unwrap_or_default();
    let filter = filter(&asked, level).unwrap_or_else(|error| {
        eprintln!("{VARIABLE} is ignored: {error}; write a level, or a list such as warn,protocol=debug");
        Targets::new().with_default(level)
    });
    let lines = tracing_subscriber::fmt::layer().with_writer(std::io::stderr);
    tracing_subscriber::registry().with(filter).with(lines).init();
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
