//! The table and the figure: sessions of every backend over loopback TCP, written to
//! `benches/results`.
//!
//! Takes the command line of a criterion bench, so that `cargo bench` with any options runs it too.
//! A filter that does not occur in `report` skips it; with `--test` one session is run and the
//! files go to the build directory.

use std::path::Path;

use benches::Result;
use benches::report::{measure, write};

/// Sessions of each backend.
const SESSIONS: usize = 5;

/// Options of criterion that mean: measure nothing now.
const IDLE: [&str; 3] = ["--list", "--load-baseline", "--profile-time"];

/// Options of criterion that take a value, which is no filter.
const WITH_VALUE: [&str; 17] = [
    "--baseline",
    "--baseline-lenient",
    "--color",
    "--confidence-level",
    "--format",
    "--load-baseline",
    "--measurement-time",
    "--noise-threshold",
    "--nresamples",
    "--output-format",
    "--plotting-backend",
    "--profile-time",
    "--sample-size",
    "--save-baseline",
    "--significance-level",
    "--warm-up-time",
    "-c",
];

fn main() -> Result<()> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    if !is_wanted(&arguments) {
        return Ok(());
    }
    let test = arguments.iter().any(|argument| argument == "--test");
    let directory = if test {
        Path::new(env!("CARGO_TARGET_TMPDIR")).join("report")
    } else {
        Path::new(env!("CARGO_MANIFEST_DIR")).join("results")
    };
    let report = measure::measure(if test { 1 } else { SESSIONS }, test)?;
    for path in write(&report, &directory)? {
        println!("report: wrote {}", path.display());
    }
    Ok(())
}

fn is_wanted(arguments: &[String]) -> bool {
    if arguments.iter().any(|argument| IDLE.contains(&argument.as_str())) {
        return false;
    }
    let mut filters = Vec::new();
    let mut rest = arguments.iter();
    while let Some(argument) = rest.next() {
        if WITH_VALUE.contains(&argument.as_str()) {
            rest.next();
        } else if !argument.starts_with('-') {
            filters.push(argument);
        }
    }
    filters.is_empty() || filters.iter().any(|filter| "report".contains(filter.as_str()))
}
