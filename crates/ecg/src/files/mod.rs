//! Files that hold a recording. [`open`] is the one way in, whatever the format.
//!
//! Today a file is CSV ([`csv`]).

pub mod csv;
mod format;
mod hints;
mod note;
mod reading;
mod samples;

use std::fs::File;
use std::io::{BufReader, Read};
use std::path::Path;

pub use self::format::Format;
pub use self::hints::{Hints, Unit};
pub use self::note::Note;
pub use self::reading::{Gap, Reading, Source, Understood};
use crate::error::EcgError;
use crate::limits::MAX_FILE_BYTES;

/// Reads the recording in the file at `path`. `hints` supplies what the file does not say, and may
/// not contradict it.
///
/// # Errors
/// [`EcgError::Io`], [`EcgError::FileTooLarge`] (from its size, before reading), and as
/// [`csv::parse`].
pub fn open(path: &Path, hints: &Hints) -> Result<Reading, EcgError> {
    let io_error = |source| EcgError::Io { path: path.to_owned(), source };
    let file = File::open(path).map_err(io_error)?;
    let bytes = file.metadata().map_err(io_error)?.len();
    if bytes > MAX_FILE_BYTES {
        return Err(EcgError::FileTooLarge { bytes, limit: MAX_FILE_BYTES });
    }
    read(file, path, hints)
}

/// As [`open`], from `reader`: standard input, for one. `name` is named in errors.
///
/// # Errors
/// As [`open`].
pub fn read(reader: impl Read, name: &Path, hints: &Hints) -> Result<Reading, EcgError> {
    // A pipe has no size, and a file may grow meanwhile: the reader itself is bounded too.
    csv::read(BufReader::new(reader.take(MAX_FILE_BYTES)), name, hints)
}
