//! What can be wrong with a recording, said so that the user knows which line or flag to change.
//!
//! No message repeats the content of a file: cells may hold names, dates of birth or samples.

use std::path::PathBuf;

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
    /// The file says nothing about its sampling rate.
    #[error("the file has no time column: give the sampling rate with --rate HZ")]
    RateMissing,
    /// The file says nothing about its unit.
    #[error("the file does not name its unit: give it with --unit mv, --unit uv or --unit v")]
    UnitMissing,
    /// `--unit` says another unit than the header.
    #[error("--unit contradicts the header: leave --unit out, or correct the header")]
    UnitContradiction,
    /// The time column cannot tell the rate well enough.
    #[error(
        "the time column is too coarse to tell the rate or a missing sample: give the rate with --rate HZ"
    )]
    TimeTooCoarse,
    /// The time column and `--rate` disagree.
    #[error(
        "line {line}: the time column runs at {measured_hz:.3} Hz, --rate says {given_hz:.3} Hz: leave --rate out, \
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
    #[error("not UTF-8 text: save the file as UTF-8 CSV")]
    NotText,
    /// Longer than any sensible line.
    #[error("longer than {} bytes: is this a CSV file?", crate::limits::MAX_LINE_BYTES)]
    TooLong,
    /// Nothing on it, though data follow.
    #[error("empty, with data after it: a gap is not skipped")]
    Blank,
    /// More than one separator in use.
    #[error("more than one of comma, semicolon and tab: use one separator, and a decimal point")]
    SeparatorUnclear,
    /// Another number of cells than the first line.
    #[error("{found} cells, {expected} expected (numbers need a decimal point, not a comma)")]
    CellCount {
        /// Cells on this line.
        found: usize,
        /// Cells on the first line.
        expected: usize,
    },
    /// Several columns and no header.
    #[error(
        "several columns without a header: add one such as time_s,ecg_mv (or, if these are decimal commas, \
         write decimal points)"
    )]
    HeaderMissing,
    /// Header and numbers on one line.
    #[error("names and numbers on one line: the first line must be a header or data")]
    HeaderUnclear,
    /// No signal column.
    #[error("no column is named ecg_mv, ecg_uv or ecg_v (or ecg, with --unit)")]
    SignalMissing,
    /// Several signal columns.
    #[error("several ECG columns: keep one of them")]
    SeveralSignals,
    /// Several time columns.
    #[error("several time columns: keep one of them, time_s or time_ms")]
    SeveralTimes,
    /// A time column without unit.
    #[error("a time column must be named time_s or time_ms; or remove it and give --rate HZ")]
    TimeUnitMissing,
    /// An empty cell.
    #[error("column {0} is empty: a gap is not filled")]
    EmptyCell(usize),
    /// A decimal comma.
    #[error("column {0} has a decimal comma: write decimal points")]
    DecimalComma(usize),
    /// Not a number.
    #[error("column {0} is not a number")]
    NotANumber(usize),
    /// NaN or infinite.
    #[error("column {0} is not a finite number: a gap is not filled")]
    NotFinite(usize),
    /// Larger than any ECG.
    #[error("column {0} is beyond {limit} mV: is --unit right?", limit = crate::limits::MAX_MILLIVOLTS)]
    Implausible(usize),
    /// Time stands still or runs backwards.
    #[error("time does not increase")]
    TimeNotIncreasing,
    /// Samples are missing.
    #[error("a gap in time before this line: a gap is not filled; use the longest part without one")]
    Gap,
    /// The time steps vary.
    #[error("the time steps are irregular here: the samples must be evenly spaced")]
    Jitter,
}

impl LineProblem {
    /// The error that this problem makes of line `line`, counted from 1.
    pub(crate) fn at(self, line: usize) -> EcgError {
        EcgError::Line { line, problem: self }
    }
}
