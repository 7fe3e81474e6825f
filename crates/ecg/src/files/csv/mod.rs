//! Reading a recording from a table in text, without guessing.
//!
//! A table is the longest run of lines with equally many cells. Its separator is a comma, a
//! semicolon, a tab, a bar or blanks; its decimal sign a point or a comma. Numbers may be quoted.
//! What stands above it is looked at for a rate, a unit and a lead, and dropped: it may name the
//! patient.
//!
//! The ECG is the column whose name says so (`ecg_mv`, `ECG [uV]`, `MLII`), or the only one. The
//! clock is the column whose name says so, or whose values rise evenly. It gives the rate, and the
//! gaps. What is unclear is an error that names the columns found and the flag (`--rate`, `--unit`,
//! `--lead`) that settles it.
//!
//! So exports of watches, chest straps and laboratory devices are read, whatever the language of
//! the device: Apple Watch, Polar Sensor Logger, OpenSignals (BITalino), Shimmer, `rdsamp`.

mod cells;
mod columns;
mod finish;
mod layout;
mod opensignals;
mod plan;
mod preamble;
mod rows;
mod scale;

use std::io::BufRead;
use std::path::Path;

use self::plan::Plan;
use self::rows::Rows;
use super::hints::Hints;
use super::lines::Lines;
use super::reading::Reading;
use crate::error::EcgError;
use crate::recording::check_rate;

/// Lines looked at before the table is read, at most.
const HEAD_LINES: usize = 400;
/// Bytes looked at before the table is read, about.
const HEAD_BYTES: usize = 1 << 18;

/// Reads a recording from the bytes of a table in text. `hints` supplies what the file does not
/// say, and may not contradict it.
///
/// ```
/// use ecg::files::csv::parse;
/// use ecg::{Hints, Unit};
/// let text: String = (0..250).map(|i| format!("{}\n", i * i % 7)).collect();
/// let hints = Hints { rate_hz: Some(125.0), unit: Some(Unit::Microvolt), ..Hints::default() };
/// let recording = parse(text.as_bytes(), &hints).unwrap().recording;
/// assert_eq!(recording.seconds(), 2.0);
/// assert_eq!(recording.millivolts()[5], 0.004);
/// ```
///
/// # Errors
/// [`EcgError::Line`] with the number of the offending line; [`EcgError::NoTable`];
/// [`EcgError::SignalMissing`], [`EcgError::SeveralSignals`] and [`EcgError::LeadMissing`] with the
/// columns found; [`EcgError::RateMissing`], [`EcgError::UnitMissing`],
/// [`EcgError::UnitContradiction`] and [`EcgError::RateContradiction`]; the errors of an uneven
/// clock ([`EcgError::TimeTooCoarse`], [`EcgError::TimeOfReceipt`], [`EcgError::TimeUneven`],
/// [`EcgError::ClockUnclear`]); and as [`Recording::new`](crate::Recording::new).
pub fn parse(text: &[u8], hints: &Hints) -> Result<Reading, EcgError> {
    read(text, Path::new(""), hints)
}

/// As [`parse`], from a reader. `path` is named when reading fails.
pub(super) fn read(reader: impl BufRead, path: &Path, hints: &Hints) -> Result<Reading, EcgError> {
    hints.rate_hz.map_or(Ok(()), check_rate)?;
    let mut lines = Lines::new(reader, path);
    let head = Vec::from(lines.head(HEAD_LINES, HEAD_BYTES)?);
    let plan = Plan::make(&head, hints)?;
    // The rate is asked for before a long file is read.
    if plan.chosen.clock.is_none_or(|clock| clock.counter) && plan.stated_rate(hints).is_none() {
        return Err(EcgError::RateMissing { found: columns::listed(&plan.columns) });
    }
    let mut rows = Rows::new(&plan, &head);
    for line in &head[plan.layout.body..] {
        rows.push(&line.text, line.number)?;
    }
    while let Some(line) = lines.next()? {
        rows.push(line.text, line.number)?;
    }
    let read = rows.end();
    finish::reading(&plan, read, hints)
}
