//! Reading a WFDB record: a header (`.hea`) and the files of signals that it names (`.dat`,
//! `.mat`).

mod header;
mod samples;

use std::fs::File;
use std::io::{BufReader, Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};

pub(super) use self::header::is_header;
use self::header::{Header, Signal, content};
use self::samples::{Frames, Samples, no_value};
use super::channels::{Channel, choose, label, leads, unit};
use super::format::Format;
use super::hints::{Hints, Unit};
use super::names::{Name, voltage};
use super::note::Note;
use super::reading::{Reading, Source, Understood};
use crate::error::EcgError;
use crate::limits::{MAX_FILE_BYTES, MAX_WFDB_HEADER_BYTES};
use crate::recording::{Recording, check_rate};

/// Rate of a record whose header names none, in hertz ("header(5)").
const DEFAULT_RATE_HZ: f64 = 250.0;
/// Steps in a millivolt of a signal whose gain is not known ("header(5)").
const DEFAULT_GAIN: f64 = 200.0;

/// Reads the record whose header is the file at `path`. The files that it names lie beside it.
///
/// Formats 8, 16, 24, 32, 61, 80 and 212 are read, with an offset such as that of `.mat` files. A
/// sample with the code for "no value" is a gap.
///
/// # Errors
/// [`EcgError::Io`]; [`EcgError::PartMissing`] with the name of a file that is not there;
/// [`EcgError::Content`] for a header that makes no sense, several segments or another format;
/// [`EcgError::SignalMissing`], [`EcgError::SeveralSignals`] and [`EcgError::LeadMissing`];
/// [`EcgError::UnitMissing`], [`EcgError::UnitContradiction`] and [`EcgError::RateContradiction`];
/// and as [`Recording::new`].
pub fn open(path: &Path, hints: &Hints) -> Result<Reading, EcgError> {
    record(&read_header(path)?, |signal| open_part(path, signal), hints)
}

/// As [`open`], from the text of a header and the bytes of the one file that it names.
///
/// # Errors
/// As [`open`].
pub fn parse(header: &str, signals: &[u8], hints: &Hints) -> Result<Reading, EcgError> {
    let part = |signal: &Signal| {
        let offset = usize::try_from(signal.offset).unwrap_or(usize::MAX);
        Ok(signals.get(offset..).unwrap_or_default())
    };
    record(&Header::parse(header)?, part, hints)
}

/// Reads a record. `part` opens the file of a signal at its first sample.
fn record<R: Read>(
    header: &Header,
    part: impl FnOnce(&Signal) -> Result<R, EcgError>,
    hints: &Hints,
) -> Result<Reading, EcgError> {
    let channels: Vec<Channel> = header.signals.iter().map(channel).collect();
    let chosen = choose(&channels, hints.lead.as_deref())?;
    let signal = &header.signals[chosen];
    let of_file: Vec<&Signal> = header.signals.iter().filter(|other| other.file == signal.file).collect();
    let wanted = header.signals[..chosen].iter().filter(|other| other.file == signal.file).count();
    if of_file.iter().any(|other| (other.format, other.offset) != (signal.format, signal.offset)) {
        return Err(content("signals of one file have different formats"));
    }
    let frames = Frames { signals: &of_file, wanted, frames: header.frames.unwrap_or(u64::MAX) };
    let samples = frames.read(part(signal)?)?;
    reading(header, &channels, chosen, samples, hints)
}

/// The header beside a file of signals, if it names that file.
pub(super) fn header_of(path: &Path) -> Option<PathBuf> {
    let header = path.with_extension("hea");
    let parsed = read_header(&header).ok()?;
    let name = path.file_name()?.to_str()?;
    parsed.signals.iter().any(|signal| signal.file == name).then_some(header)
}

/// The name of the header that belongs to a file of signals.
pub(super) fn header_name(path: &Path) -> String {
    path.with_extension("hea")
        .file_name()
        .map_or_else(String::new, |name| name.to_string_lossy().into_owned())
}

fn read_header(path: &Path) -> Result<Header, EcgError> {
    let io_error = |source| EcgError::Io { path: path.to_owned(), source };
    let mut bytes = Vec::new();
    File::open(path)
        .map_err(io_error)?
        .take(MAX_WFDB_HEADER_BYTES + 1)
        .read_to_end(&mut bytes)
        .map_err(io_error)?;
    if bytes.len() as u64 > MAX_WFDB_HEADER_BYTES {
        return Err(content("the header is too long"));
    }
    Header::parse(&String::from_utf8_lossy(&bytes))
}

/// The file of a signal, at its first sample.
fn open_part(header: &Path, signal: &Signal) -> Result<impl Read + use<>, EcgError> {
    let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '.');
    if signal.file.len() > 64 || signal.file.starts_with('.') || !signal.file.chars().all(plain) {
        return Err(content("the header names a file that cannot lie beside it"));
    }
    let path = header.with_file_name(&signal.file);
    let io_error = |source| EcgError::Io { path: path.clone(), source };
    let mut file = match File::open(&path) {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
            return Err(EcgError::PartMissing { name: signal.file.clone() });
        }
        result => result.map_err(io_error)?,
    };
    let bytes = file.metadata().map_err(io_error)?.len();
    if bytes > MAX_FILE_BYTES {
        return Err(EcgError::FileTooLarge { bytes, limit: MAX_FILE_BYTES });
    }
    file.seek(SeekFrom::Start(signal.offset)).map_err(io_error)?;
    Ok(BufReader::with_capacity(1 << 16, file.take(MAX_FILE_BYTES)))
}

fn channel(signal: &Signal) -> Channel {
    Channel { name: Name::parse(&signal.description), unit: voltage(&signal.units.to_lowercase()) }
}

fn reading(
    header: &Header,
    channels: &[Channel],
    chosen: usize,
    samples: Samples,
    hints: &Hints,
) -> Result<Reading, EcgError> {
    let signal = &header.signals[chosen];
    let unit = unit(channels, chosen, hints.unit)?;
    let calibrated = signal.gain != 0.0;
    let gain = if calibrated { signal.gain } else { DEFAULT_GAIN };
    let notes = notes(header, channels, chosen, &samples);
    let (rate_hz, rate_from) = rate(header, signal, hints)?;
    let mut steps = samples.steps;
    let mut gaps = Vec::new();
    for (index, value) in steps.iter_mut().enumerate() {
        if value.is_nan() {
            gaps.push(index..index + 1);
        } else {
            *value = unit.to_millivolts((*value - signal.baseline) / gain);
        }
    }
    let recording = Recording::with_gaps(rate_hz, std::mem::take(&mut *steps), gaps)?;
    let leads = leads(channels);
    let named = channels[chosen].name.lead.is_some() || channels[chosen].name.shown().is_some();
    let understood = Understood {
        format: Format::Wfdb,
        lead: named.then(|| label(channels, chosen)),
        leads: leads.iter().map(|index| label(channels, *index)).collect(),
        unit,
        unit_from: source(signal, unit, gain),
        rate_hz,
        rate_from,
        seconds: recording.seconds(),
        gaps: Understood::gaps_of(&recording),
        notes,
    };
    Ok(Reading { recording, understood })
}

fn source(signal: &Signal, unit: Unit, gain: f64) -> Source {
    Source::Scale(format!("{gain} steps in 1 {unit}, zero at {}", signal.baseline))
}

/// The rate of a signal, and where it came from.
fn rate(header: &Header, signal: &Signal, hints: &Hints) -> Result<(f64, Source), EcgError> {
    let frames = header.rate_hz.unwrap_or(DEFAULT_RATE_HZ);
    let stated = frames * signal.per_frame as f64;
    match (header.rate_hz, hints.rate_hz) {
        (Some(_), Some(given_hz)) if (given_hz / stated - 1.0).abs() > 1e-3 => {
            Err(EcgError::RateContradiction { line: 1, measured_hz: stated, given_hz })
        }
        (Some(_), _) => check_rate(stated).map(|()| (stated, Source::File)),
        (None, Some(given_hz)) => check_rate(given_hz).map(|()| (given_hz, Source::Flag)),
        (None, None) => check_rate(stated).map(|()| (stated, Source::Format)),
    }
}

fn notes(header: &Header, channels: &[Channel], chosen: usize, samples: &Samples) -> Vec<Note> {
    let signal = &header.signals[chosen];
    let mut notes: Vec<Note> = (0..channels.len())
        .filter(|index| *index != chosen)
        .map(|index| Note::ColumnUnused(label(channels, index)))
        .collect();
    if header.unused > 0 {
        notes.push(Note::HeaderLinesUnused { lines: header.unused });
    }
    let have = samples.steps.len() as u64;
    let of = header.frames.map(|frames| frames.saturating_mul(signal.per_frame as u64));
    match of {
        Some(of) if have < of => notes.push(Note::Truncated { have, of }),
        Some(of) => {
            if signal.checksum.is_some_and(|checksum| checksum & 0xffff != samples.checksum) {
                notes.push(Note::ChecksumWrong);
            }
            if !samples.ended {
                notes.push(Note::LongerThanStated { of });
            }
        }
        None => {}
    }
    if signal.gain == 0.0 {
        notes.push(Note::Uncalibrated);
    }
    if let Some(code) = no_value(signal.format).filter(|_| samples.invalid > 0) {
        notes.push(Note::NoValueCode { code: i64::from(code), samples: samples.invalid });
    }
    notes.extend(Note::about_lead(channels[chosen].name.lead, leads(channels).len()));
    notes
}
