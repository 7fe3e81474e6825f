//! What a program says outside of its log, to whoever may have stopped listening.
//!
//! The standard macros end a program whose output is closed, as by `| head`.

use std::io::{self, Write};

/// Writes a line on standard error, if that still takes any.
pub fn say(line: &str) {
    // Whoever closed it does not want to hear.
    let _closed = writeln!(io::stderr(), "{line}");
}

/// Writes a text on standard output, if that still takes any.
pub fn print(text: &str) {
    // Likewise.
    let _closed = io::stdout().write_all(text.as_bytes()).and_then(|()| io::stdout().flush());
}
