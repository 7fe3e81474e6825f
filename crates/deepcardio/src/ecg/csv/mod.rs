//! Reading a recording from a CSV file, without guessing.
//!
//! Two layouts are understood:
//! - A header that names columns with their units: one of `ecg_mv`, `ecg_uv`, `ecg_v` (or `ecg` with a unit
//!   given), and `time_s` or `time_ms` if there is a time column. Other columns are ignored. The rate comes from
//!   the time column, which must be regular; without one the rate must be given.
//! - One column of numbers without a header; rate and unit must be given.
//!
//! The separator is the comma, semicolon or tab that the first line uses; numbers have a decimal point.
//! Whatever is unclear is an error that names the line or the flag (`--rate`, `--unit`) that settles it.

mod layout;
mod lines;
mod timing;

use std::fs::File;
use std::io::{BufRead, BufReader, Read};
use std::path::Path;
use std::str::FromStr;

use zeroize::Zeroizing;

use self::layout::Layout;
use self::lines::Lines;
use self::timing::TimeColumn;
use super::{EcgError, LineProblem, MAX_MILLIVOLTS, MAX_SAMPLES, MAX_SECONDS, Recording};

/// Greatest size of a file, in bytes.
pub const MAX_FILE_BYTES: u64 = 2 << 30;
/// Greatest length of a line, in bytes.
pub const MAX_LINE_BYTES: usize = 4096;

/// Unit of the samples in a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unit {
    /// Thousandths of a volt.
    Millivolt,
    /// Millionths of a volt.
    Microvolt,
    /// Volts.
    Volt,
}

impl Unit {
    fn to_millivolts(self, value: f64) -> f64 {
        match self {
            Self::Millivolt => value,
            Self::Microvolt => value / 1000.0,
            Self::Volt => value * 1000.0,
        }
    }
}

impl FromStr for Unit {
    type Err = &'static str;

    /// Reads `mv`, `uv` (or `µv`) or `v`, in any case.
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text.to_lowercase().as_str() {
            "mv" => Ok(Self::Millivolt),
            // The micro sign and the Greek letter look alike.
            "uv" | "\u{b5}v" | "\u{3bc}v" => Ok(Self::Microvolt),
            "v" => Ok(Self::Volt),
            _ => Err("the unit is not mv, uv or v"),
        }
    }
}

/// Reads a recording from the file at `path`. `rate_hz` and `unit` supply what the file does not say, and may
/// not contradict it.
///
/// # Errors
/// [`EcgError::Io`], [`EcgError::FileTooLarge`] (from its size, before reading), and as [`parse`].
pub fn read(path: &Path, rate_hz: Option<f64>, unit: Option<Unit>) -> Result<Recording, EcgError> {
    let io_error = |source| EcgError::Io { path: path.to_owned(), source };
    let file = File::open(path).map_err(io_error)?;
    let bytes = file.metadata().map_err(io_error)?.len();
    if bytes > MAX_FILE_BYTES {
        return Err(EcgError::FileTooLarge { bytes, limit: MAX_FILE_BYTES });
    }
    // A pipe has no size, and a file may grow meanwhile: the reader itself is bounded too.
    parse_lines(Lines::new(BufReader::new(file.take(MAX_FILE_BYTES)), path), rate_hz, unit)
}

/// Reads a recording from the bytes of a CSV file, see [`read`].
///
/// ```
/// use deepcardio::ecg::csv::{Unit, parse};
/// let text: String = (0..250).map(|i| format!("{}\n", i % 7)).collect();
/// let recording = parse(text.as_bytes(), Some(125.0), Some(Unit::Microvolt)).unwrap();
/// assert_eq!(recording.seconds(), 2.0);
/// assert_eq!(recording.millivolts()[5], 0.005);
/// ```
///
/// # Errors
/// [`EcgError::Line`] with the number of the offending line; [`EcgError::RateMissing`],
/// [`EcgError::UnitMissing`], [`EcgError::UnitContradiction`], [`EcgError::TimeTooCoarse`] and
/// [`EcgError::RateContradiction`]; and as [`Recording::new`].
pub fn parse(text: &[u8], rate_hz: Option<f64>, unit: Option<Unit>) -> Result<Recording, EcgError> {
    parse_lines(Lines::new(text, Path::new("")), rate_hz, unit)
}

fn parse_lines(
    mut lines: Lines<impl BufRead>,
    rate_hz: Option<f64>,
    unit: Option<Unit>,
) -> Result<Recording, EcgError> {
    rate_hz.map_or(Ok(()), super::recording::check_rate)?;
    let Some(first) = lines.next()? else { return Err(EcgError::TooShort { samples: 0, needed: 1 }) };
    let layout = Layout::from_first_line(first, unit)?;
    let mut rows = Rows::new(layout, if layout.header { 2 } else { 1 });
    if !layout.header {
        rows.push(first.text, first.number)?;
    }
    // The rate is asked for before a long file is read.
    if rows.time.is_none() && rate_hz.is_none() {
        return Err(EcgError::RateMissing);
    }
    while let Some(line) = lines.next()? {
        rows.push(line.text, line.number)?;
    }
    rows.finish(rate_hz)
}

/// The columns of interest as they are read.
struct Rows {
    layout: Layout,
    millivolts: Zeroizing<Vec<f64>>,
    time: Option<TimeColumn>,
}

impl Rows {
    fn new(layout: Layout, first_line: usize) -> Self {
        let time = layout.time.map(|_| TimeColumn::new(first_line));
        Self { layout, millivolts: Zeroizing::new(Vec::new()), time }
    }

    fn push(&mut self, line: &str, number: usize) -> Result<(), EcgError> {
        if self.millivolts.len() == MAX_SAMPLES {
            return Err(EcgError::TooLong { max_seconds: MAX_SECONDS, max_samples: MAX_SAMPLES });
        }
        self.push_cells(line).map_err(|problem| problem.at(number))
    }

    fn push_cells(&mut self, line: &str) -> Result<(), LineProblem> {
        let layout = self.layout;
        let found = layout.cells(line).count();
        if found != layout.columns {
            return Err(LineProblem::CellCount { found, expected: layout.columns });
        }
        let cell = |index: usize| layout.cells(line).nth(index).unwrap_or_default();
        let value = layout.unit.to_millivolts(number(cell(layout.signal), layout.signal)?);
        if value.abs() > MAX_MILLIVOLTS {
            return Err(LineProblem::Implausible(layout.signal + 1));
        }
        if let (Some(time), Some(column)) = (&mut self.time, layout.time) {
            let text = cell(column.index);
            time.push(number(text, column.index)?, text, column.per_second);
        }
        push_wiping(&mut self.millivolts, value);
        Ok(())
    }

    fn finish(mut self, rate_hz: Option<f64>) -> Result<Recording, EcgError> {
        let rate_hz = match &self.time {
            Some(time) => time.rate_hz(rate_hz)?,
            None => rate_hz.ok_or(EcgError::RateMissing)?,
        };
        Recording::new(rate_hz, std::mem::take(&mut *self.millivolts))
    }
}

/// Appends a sample; when the buffer must move, the old one is wiped.
fn push_wiping(samples: &mut Zeroizing<Vec<f64>>, value: f64) {
    if samples.len() == samples.capacity() {
        let mut larger = Zeroizing::new(Vec::with_capacity((2 * samples.len()).max(8192)));
        larger.extend_from_slice(samples);
        *samples = larger;
    }
    samples.push(value);
}

/// Reads one cell of column `index`, counted from 0.
fn number(cell: &str, index: usize) -> Result<f64, LineProblem> {
    let column = index + 1;
    if cell.is_empty() {
        return Err(LineProblem::EmptyCell(column));
    }
    match cell.parse::<f64>() {
        Ok(value) if value.is_finite() => Ok(value),
        Ok(_) => Err(LineProblem::NotFinite(column)),
        Err(_) if cell.replacen(',', ".", 1).parse::<f64>().is_ok() => Err(LineProblem::DecimalComma(column)),
        Err(_) => Err(LineProblem::NotANumber(column)),
    }
}
