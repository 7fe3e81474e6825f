//! What a program says outside of its log, to whoever may have stopped listening.
//!
//! The standard macros end a program whose output is closed, as by `| head`.

use std::io::{self, Write};
use std::sync::mpsc;
use std::thread;
use std::time::Duration;

/// How long a line may take that is said at the end.
const MOMENT: Duration = Duration::from_secs(1);

/// Writes a line on standard error, if that still takes any.
pub fn say(line: &str) {
    // Whoever closed it does not want to hear.
    let _closed = writeln!(io::stderr(), "{line}");
}

/// As [`say`], but waits a moment at most: who reads no further keeps no server from its end.
pub fn try_to_say(line: String) {
    let (said, end) = mpsc::channel();
    let saying = move || {
        say(&line);
        // Nobody waits any more if it took too long.
        let _late = said.send(());
    };
    if thread::Builder::new().spawn(saying).is_ok() {
        // Said, or given up.
        let _late = end.recv_timeout(MOMENT);
    }
}

/// Writes a text on standard output, if that still takes any.
pub fn print(text: &str) {
    // Likewise.
    let _closed = io::stdout().write_all(text.as_bytes()).and_then(|()| io::stdout().flush());
}
