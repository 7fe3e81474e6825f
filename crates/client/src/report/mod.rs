//! What a run says: data on standard output, progress on standard error.

mod file;
mod human;
mod input;
mod json;
mod profile;
pub mod progress;

use std::io::{self, Write};

pub use file::{FileReport, Overall, Seconds};

/// Prints what is to be said of one file.
///
/// # Errors
/// If standard output cannot be written.
pub fn print(report: &FileReport<'_>, json: bool, profile: bool) -> io::Result<()> {
    let text = if json { json::render(report, profile)? } else { human::render(report, profile) };
    let mut out = io::stdout().lock();
    out.write_all(text.as_bytes())?;
    out.flush()
}
