//! Reading a recording from a CSV file, without guessing.
//!
//! Two kinds of file are understood:
//! - A header that names columns with their units: one of `ecg_mv`, `ecg_uv`, `ecg_v` (or `ecg`
//!   with a unit given), and `time_s` or `time_ms` if there is a time column. Other columns are
//!   ignored. The rate comes from the time column, which must be regular. Without one the rate must
//!   be given.
//! - One column of numbers without a header. Rate and unit must be given.
//!
//! The separator is the comma, semicolon or tab that the first line uses. Numbers have a decimal
//! point. Whatever is unclear is an error that names the line or the flag (`--rate`, `--unit`) that
//! settles it.

mod columns;
mod lines;
mod timing;

use std::io::BufRead;
use std::path::Path;

use zeroize::Zeroizing;

use self::columns::Columns;
use self::lines::Lines;
use self::timing::TimeColumn;
use super::format::Format;
use super::hints::Hints;
use super::reading::{Reading, Source, Understood};
use super::samples::push_wiping;
use crate::error::{EcgError, LineProblem};
use crate::limits::{MAX_MILLIVOLTS, MAX_SAMPLES, MAX_SECONDS};
use crate::recording::{Recording, check_rate};

/// Reads a recording from the bytes of a CSV file. `hints` supplies what the file does not say, and
/// may not contradict it.
///
/// ```
/// use ecg::files::csv::parse;
/// use ecg::{Hints, Unit};
/// let text: String = (0..250).map(|i| format!("{}\n", i % 7)).collect();
/// let hints = Hints { rate_hz: Some(125.0), unit: Some(Unit::Microvolt), ..Hints::default() };
/// let recording = parse(text.as_bytes(), &hints).unwrap().recording;
/// assert_eq!(recording.seconds(), 2.0);
/// assert_eq!(recording.millivolts()[5], 0.005);
/// ```
///
/// # Errors
/// [`EcgError::Line`] with the number of the offending line; [`EcgError::RateMissing`],
/// [`EcgError::UnitMissing`], [`EcgError::UnitContradiction`], [`EcgError::TimeTooCoarse`] and
/// [`EcgError::RateContradiction`]; and as [`Recording::new`].
pub fn parse(text: &[u8], hints: &Hints) -> Result<Reading, EcgError> {
    read(text, Path::new(""), hints)
}

/// As [`parse`], from a reader. `path` is named when reading fails.
pub(super) fn read(reader: impl BufRead, path: &Path, hints: &Hints) -> Result<Reading, EcgError> {
    hints.rate_hz.map_or(Ok(()), check_rate)?;
    let mut lines = Lines::new(reader, path);
    let Some(first) = lines.next()? else { return Err(EcgError::TooShort { samples: 0, needed: 1 }) };
    let columns = Columns::from_first_line(first, hints.unit)?;
    let mut rows = Rows::new(columns, if columns.header { 2 } else { 1 });
    if !columns.header {
        rows.push(first.text, first.number)?;
    }
    // The rate is asked for before a long file is read.
    if rows.time.is_none() && hints.rate_hz.is_none() {
        return Err(EcgError::RateMissing);
    }
    while let Some(line) = lines.next()? {
        rows.push(line.text, line.number)?;
    }
    rows.finish(hints)
}

/// The columns of interest as they are read.
struct Rows {
    columns: Columns,
    millivolts: Zeroizing<Vec<f64>>,
    time: Option<TimeColumn>,
}

impl Rows {
    fn new(columns: Columns, first_line: usize) -> Self {
        let time = columns.time.map(|_| TimeColumn::new(first_line));
        Self { columns, millivolts: Zeroizing::new(Vec::new()), time }
    }

    fn push(&mut self, line: &str, number: usize) -> Result<(), EcgError> {
        if self.millivolts.len() == MAX_SAMPLES {
            return Err(EcgError::TooLong { max_seconds: MAX_SECONDS, max_samples: MAX_SAMPLES });
        }
        self.push_cells(line).map_err(|problem| problem.at(number))
    }

    fn push_cells(&mut self, line: &str) -> Result<(), LineProblem> {
        let columns = self.columns;
        let found = columns.cells(line).count();
        if found != columns.count {
            return Err(LineProblem::CellCount { found, expected: columns.count });
        }
        let cell = |index: usize| columns.cells(line).nth(index).unwrap_or_default();
        let value = columns.unit.to_millivolts(number(cell(columns.signal), columns.signal)?);
        if value.abs() > MAX_MILLIVOLTS {
            return Err(LineProblem::Implausible(columns.signal + 1));
        }
        if let (Some(time), Some(column)) = (&mut self.time, columns.time) {
            let text = cell(column.index);
            time.push(number(text, column.index)?, text, column.per_second);
        }
        push_wiping(&mut self.millivolts, value);
        Ok(())
    }

    fn finish(mut self, hints: &Hints) -> Result<Reading, EcgError> {
        let rate_hz = match &self.time {
            Some(time) => time.rate_hz(hints.rate_hz)?,
            None => hints.rate_hz.ok_or(EcgError::RateMissing)?,
        };
        let recording = Recording::new(rate_hz, std::mem::take(&mut *self.millivolts))?;
        let clock = self.columns.time.map(|time| Source::Clock(format!("column {}", time.index + 1)));
        let understood = Understood {
            format: Format::Csv,
            lead: None,
            leads: Vec::new(),
            unit: self.columns.unit,
            unit_from: if hints.unit.is_some() { Source::Flag } else { Source::File },
            rate_hz,
            rate_from: clock.unwrap_or(Source::Flag),
            seconds: recording.seconds(),
            gaps: Understood::gaps_of(&recording),
            notes: Vec::new(),
        };
        Ok(Reading { recording, understood })
    }
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
