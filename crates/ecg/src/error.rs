//! What can be wrong with a recording, said so that the user knows which line or flag to change.
//!
//! No message repeats the content of a file: cells may hold names, dates of birth or samples.

use std::path::PathBuf;

use crate::files::{Foreign, Format};

/// Why a recording cannot be used.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum EcgError {
    /// The file cannot be opened or read.
    #[error("cannot read {}: {source}", path.display())]
    Io {
        /// The file.
        path: PathBuf,
        /// What the operating system said.
        source: std::io::Error,
    },
    /// The file is of a known kind that is not read.
    #[error("this is {0}")]
    Foreign(Foreign),
    /// The file is of no kind known here.
    #[error(
        "this is no kind of file that is read (CSV, JSON, EDF, BDF, WFDB); if it holds the signals of a \
         WFDB record, \
         its header {header} is missing beside it"
    )]
    Unknown {
        /// The name of the header that is missing.
        header: String,
    },
    /// A part of a record of several files is missing.
    #[error(
        "{name} is missing beside the file given: a WFDB record is a header (.hea) and the files that it \
         names"
    )]
    PartMissing {
        /// The name of the file that is missing.
        name: String,
    },
    /// A record of several files from standard input.
    #[error("a WFDB record is several files: give the path of its header (.hea) in place of -")]
    RecordOfFiles,
    /// The content of the file makes no sense.
    #[error("{format}: {problem}")]
    Content {
        /// The format.
        format: Format,
        /// What is wrong and what to do.
        problem: &'static str,
    },
    /// The file is larger than the reader accepts.
    #[error("the file has {bytes} bytes, more than the limit of {limit}")]
    FileTooLarge {
        /// Size of the file.
        bytes: u64,
        /// The limit.
        limit: u64,
    },
    /// A line of the file cannot be understood.
    #[error("line {line}: {problem}")]
    Line {
        /// Line number, from 1.
        line: usize,
        /// What is wrong with it and what to do.
        problem: LineProblem,
    },
    /// The file holds no numbers.
    #[error("no table of numbers was found: is this an ECG file?")]
    NoTable,
    /// No column is known to be an ECG.
    #[error(
        "no column is known to be an ECG: choose one with --lead NAME or --lead NUMBER. Columns: {found}"
    )]
    SignalMissing {
        /// The columns found.
        found: String,
    },
    /// Several columns may be the ECG.
    #[error("several columns may be the ECG: choose one with --lead NAME or --lead NUMBER. Columns: {found}")]
    SeveralSignals {
        /// The columns found.
        found: String,
    },
    /// `--lead` names nothing that is there.
    #[error("--lead names none of what the file holds, or several. Found: {found}")]
    LeadMissing {
        /// What was found.
        found: String,
    },
    /// The file says nothing about its sampling rate.
    #[error(
        "the file has no clock and states no rate: give the sampling rate with --rate HZ. Columns: {found}"
    )]
    RateMissing {
        /// The columns found.
        found: String,
    },
    /// The file says nothing about its unit.
    #[error("the file does not name the unit of {column}: give it with --unit mv, --unit uv or --unit v")]
    UnitMissing {
        /// The column of the signal.
        column: String,
    },
    /// `--unit` says another unit than the header.
    #[error("--unit contradicts the file: leave --unit out, or correct the file")]
    UnitContradiction,
    /// The time column cannot tell the rate well enough.
    #[error(
        "the clock is rounded too far to tell the rate or a missing sample; about {rate_hz} Hz fits: give \
         the rate \
         with --rate HZ"
    )]
    TimeTooCoarse {
        /// A rate that fits.
        rate_hz: f64,
    },
    /// The times are those of receipt.
    #[error(
        "the clock holds times of receipt, with many samples at one time; the mean is about {rate_hz} Hz: \
         give the \
         rate of the device with --rate HZ"
    )]
    TimeOfReceipt {
        /// The mean rate.
        rate_hz: f64,
    },
    /// The times jitter.
    #[error(
        "the clock is uneven from line {line} on; the mean is about {rate_hz} Hz: give the rate of the \
         device with \
         --rate HZ"
    )]
    TimeUneven {
        /// Where it begins.
        line: usize,
        /// The mean rate.
        rate_hz: f64,
    },
    /// A column counts by one, and may be samples or milliseconds.
    #[error("{column} counts by one, samples or milliseconds: give the sampling rate with --rate HZ")]
    ClockUnclear {
        /// The column.
        column: String,
    },
    /// The time column and `--rate` disagree.
    #[error(
        "line {line}: the file says {measured_hz:.3} Hz, --rate says {given_hz:.3} Hz: leave --rate out, \
         or correct it"
    )]
    RateContradiction {
        /// Where the two have drifted apart.
        line: usize,
        /// The rate of the time column.
        measured_hz: f64,
        /// The rate given.
        given_hz: f64,
    },
    /// The rate lies outside what the front end handles.
    #[error(
        "a sampling rate of {rate_hz} Hz is outside {min} to {max} Hz: is --rate or the time unit right?"
    )]
    RateOutOfRange {
        /// The rate.
        rate_hz: f64,
        /// Least rate accepted.
        min: f64,
        /// Greatest rate accepted.
        max: f64,
    },
    /// The band-pass does not fit below half the sampling rate.
    #[error("a sampling rate of {rate_hz} Hz is too low: the filter needs more than {needed_hz} Hz")]
    RateTooLow {
        /// The rate of the recording.
        rate_hz: f64,
        /// Twice the upper band edge.
        needed_hz: f64,
    },
    /// The recording is too long.
    #[error("the recording is longer than {} hours or {} samples: split it", max_seconds / 3600, max_samples)]
    TooLong {
        /// Greatest duration.
        max_seconds: u32,
        /// Greatest number of samples.
        max_samples: usize,
    },
    /// The recording is too short to be filtered.
    #[error("the recording has {samples} samples, too few: at least {needed} are needed")]
    TooShort {
        /// Samples present.
        samples: usize,
        /// Least number of samples.
        needed: usize,
    },
    /// All of the recording is a gap.
    #[error("the file holds no signal: every sample is missing")]
    NoSignal,
    /// A sample is not a finite number.
    #[error("sample {index} is not a finite number")]
    NotFinite {
        /// Index of the sample, from 0.
        index: usize,
    },
    /// A sample is larger than any ECG.
    #[error("sample {index} is beyond {limit_mv} mV: is --unit right?")]
    Implausible {
        /// Index of the sample, from 0.
        index: usize,
        /// The limit in millivolts.
        limit_mv: f64,
    },
    /// The model's preprocessing constants cannot be used.
    #[error("the model's signal constants are unusable: {0}")]
    Signal(&'static str),
}

/// What is wrong with one line of a CSV file.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum LineProblem {
    /// Not text.
    #[error("not UTF-8 text: save the file as UTF-8, for instance `iconv -f LATIN1 -t UTF-8 IN > OUT`")]
    NotText,
    /// No JSON.
    #[error("not valid JSON: is the file complete?")]
    NotJson,
    /// Longer than any sensible line.
    #[error("longer than {} bytes: is this a CSV file?", crate::limits::MAX_LINE_BYTES)]
    TooLong,
    /// Nothing on it, though data follow.
    #[error("empty, with data after it: a gap is not skipped; remove the line or cut the file here")]
    Blank,
    /// Another number of cells than the first line.
    #[error("{found} cells, {expected} expected (numbers with decimal commas need ; or a tab between them)")]
    CellCount {
        /// Cells on this line.
        found: usize,
        /// Cells on the first line.
        expected: usize,
    },
    /// Commas may be decimal signs or separators.
    #[error(
        "commas may be decimal signs or stand between columns: write decimal points, or a line of names \
         above, such \
         as time_s,ecg_mv or ecg_mv"
    )]
    CommasUnclear,
    /// Two lines of names.
    #[error("more than one line of names above the numbers: keep one")]
    HeaderUnclear,
    /// A clock that says nothing.
    #[error("column {0}, the clock, is empty")]
    TimeMissing(usize),
    /// Not a number.
    #[error("column {0} is not a number")]
    NotANumber(usize),
    /// Larger than any ECG.
    #[error("column {0} is beyond {limit} mV: is --unit right?", limit = crate::limits::MAX_MILLIVOLTS)]
    Implausible(usize),
    /// Time stands still or runs backwards.
    #[error("time does not increase: sort the lines by time, or cut the file here")]
    TimeNotIncreasing,
    /// The time steps vary.
    #[error("the time steps are irregular here: give the rate with --rate HZ, or cut the file here")]
    Jitter,
}

impl LineProblem {
    /// The error that this problem makes of line `line`, counted from 1.
    pub(crate) fn at(self, line: usize) -> EcgError {
        EcgError::Line { line, problem: self }
    }
}
