//! Files that hold a recording. [`open`] is the one way in, whatever the format.
//!
//! The format is told by the first bytes (`sniff`), never by the name of a file. Tables in text
//! ([`csv`]), [`json`], WFDB records ([`wfdb`]) and [`edf`] are read. Other known kinds are named,
//! with what converts them ([`Foreign`]).

mod channels;
mod clock;
pub mod csv;
pub mod edf;
mod foreign;
mod format;
mod gapped;
mod hints;
pub mod json;
mod lines;
mod names;
mod note;
mod reading;
mod samples;
mod sniff;
mod steps;
mod timing;
pub mod wfdb;

use std::fs::File;
use std::io::{BufRead, BufReader, Read};
use std::path::Path;

use zeroize::Zeroizing;

pub use self::foreign::Foreign;
pub use self::format::Format;
pub use self::hints::{Hints, Unit};
pub use self::note::Note;
pub use self::reading::{Gap, Reading, Source, Understood};
use self::sniff::Kind;
use crate::error::EcgError;
use crate::limits::MAX_FILE_BYTES;

/// Bytes of a file of unknown kind that are looked at for annotations.
const LOOK: u64 = 1 << 22;

/// Reads the recording in the file at `path`. `hints` supplies what the file does not say, and may
/// not contradict it.
///
/// # Errors
/// [`EcgError::Io`], [`EcgError::FileTooLarge`] (from its size, before reading),
/// [`EcgError::Foreign`] for a known kind that is not read, [`EcgError::Unknown`] for an unknown
/// one, and as [`csv::parse`], [`json::parse`], [`wfdb::open`] and [`edf::read`].
pub fn open(path: &Path, hints: &Hints) -> Result<Reading, EcgError> {
    let io_error = |source| EcgError::Io { path: path.to_owned(), source };
    let file = File::open(path).map_err(io_error)?;
    let bytes = file.metadata().map_err(io_error)?.len();
    if bytes > MAX_FILE_BYTES {
        return Err(EcgError::FileTooLarge { bytes, limit: MAX_FILE_BYTES });
    }
    dispatch(file, path, hints, true)
}

/// As [`open`], from `reader`: standard input, for one. `name` is named in errors. A WFDB record is
/// several files and cannot be read so.
///
/// # Errors
/// As [`open`].
pub fn read(reader: impl Read, name: &Path, hints: &Hints) -> Result<Reading, EcgError> {
    dispatch(reader, name, hints, false)
}

/// Reads what `reader` holds by its kind. `beside` says whether `path` has files beside it.
fn dispatch(reader: impl Read, path: &Path, hints: &Hints, beside: bool) -> Result<Reading, EcgError> {
    // A pipe has no size, and a file may grow meanwhile: the reader itself is bounded too.
    let mut reader = reader.take(MAX_FILE_BYTES);
    let io_error = |source| EcgError::Io { path: path.to_owned(), source };
    let mut head = Zeroizing::new(Vec::with_capacity(sniff::HEAD));
    reader.by_ref().take(sniff::HEAD as u64).read_to_end(&mut head).map_err(io_error)?;
    let kind = sniff::kind(&head);
    let whole = BufReader::with_capacity(1 << 16, std::io::Cursor::new(&head[..]).chain(reader));
    match kind {
        Kind::Foreign(foreign) => Err(EcgError::Foreign(foreign)),
        Kind::Json => json::read(whole, path, hints),
        Kind::Text => csv::read(whole, path, hints),
        Kind::Edf => edf::read(whole, path, hints),
        Kind::WfdbHeader if beside => wfdb::open(path, hints),
        Kind::WfdbHeader | Kind::Matlab4 if !beside => Err(EcgError::RecordOfFiles),
        Kind::WfdbHeader | Kind::Matlab4 | Kind::Binary => binary(whole, path, hints, beside),
    }
}

/// The signals of a WFDB record, if its header lies beside them.
fn binary(reader: impl BufRead, path: &Path, hints: &Hints, beside: bool) -> Result<Reading, EcgError> {
    if beside && let Some(header) = wfdb::header_of(path) {
        return wfdb::open(&header, hints);
    }
    let mut bytes = Vec::new();
    let io_error = |source| EcgError::Io { path: path.to_owned(), source };
    reader.take(LOOK).read_to_end(&mut bytes).map_err(io_error)?;
    if Foreign::annotations(&bytes) {
        return Err(EcgError::Foreign(Foreign::WfdbAnnotations));
    }
    if matches!(sniff::kind(&bytes[..bytes.len().min(sniff::HEAD)]), Kind::Matlab4) {
        return Err(EcgError::PartMissing { name: wfdb::header_name(path) });
    }
    Err(EcgError::Unknown { header: wfdb::header_name(path) })
}
