//! What a run says: data on standard output, progress on standard error.

mod episodes;
mod file;
mod human;
mod input;
mod json;
mod profile;
pub mod progress;

use std::io::{self, Write};

use crate::failure::Failure;

pub use file::{FileReport, Overall, Seconds};

/// A failure for programs: one JSON object, on one line.
#[must_use]
pub fn error(failure: &Failure) -> String {
    let error = serde_json::json!({ "exit_code": failure.code(), "message": failure.to_string() });
    format!("{}\n", serde_json::json!({ "schema_version": json::SCHEMA_VERSION, "error": error }))
}

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
