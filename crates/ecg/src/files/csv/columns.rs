//! What the first line says about a file: separator, header or not, and which columns matter.

use super::lines::Line;
use crate::error::{EcgError, LineProblem};
use crate::files::hints::Unit;

/// Where a file keeps what.
#[derive(Clone, Copy, Debug)]
pub(super) struct Columns {
    /// Whether the first line is a header.
    pub(super) header: bool,
    /// Cells on every line.
    pub(super) count: usize,
    /// Index of the signal column.
    pub(super) signal: usize,
    /// Unit of the signal column.
    pub(super) unit: Unit,
    /// The time column, if there is one.
    pub(super) time: Option<TimeIndex>,
    /// `None` for a single column.
    separator: Option<char>,
}

/// Which column holds the time, and in which unit.
#[derive(Clone, Copy, Debug)]
pub(super) struct TimeIndex {
    /// Index of the column.
    pub(super) index: usize,
    /// Time units in a second.
    pub(super) per_second: f64,
}

impl Columns {
    /// Reads the columns off the first line. `unit` is the one the user gave.
    pub(super) fn from_first_line(line: Line<'_>, unit: Option<Unit>) -> Result<Self, EcgError> {
        let at = |problem: LineProblem| problem.at(line.number);
        let separator = separator(line.text).map_err(at)?;
        let cells: Vec<&str> = cells(line.text, separator).collect();
        let numbers = cells.iter().filter(|cell| cell.parse::<f64>().is_ok()).count();
        if numbers == 0 {
            return Self::from_header(&cells, separator, line.number, unit);
        }
        if numbers < cells.len() {
            return Err(at(LineProblem::HeaderUnclear));
        }
        if cells.len() > 1 {
            return Err(at(LineProblem::HeaderMissing));
        }
        let unit = unit.ok_or(EcgError::UnitMissing)?;
        Ok(Self { header: false, count: 1, signal: 0, unit, time: None, separator })
    }

    fn from_header(
        cells: &[&str],
        separator: Option<char>,
        line: usize,
        unit: Option<Unit>,
    ) -> Result<Self, EcgError> {
        let names: Vec<Name> = cells.iter().map(|cell| Name::parse(cell)).collect();
        let (signal, named) = signal(&names).map_err(|problem| problem.at(line))?;
        let time = time(&names).map_err(|problem| problem.at(line))?;
        let unit = match (named, unit) {
            (Some(named), Some(given)) if named != given => return Err(EcgError::UnitContradiction),
            (named, given) => named.or(given).ok_or(EcgError::UnitMissing)?,
        };
        Ok(Self { header: true, count: names.len(), signal, unit, time, separator })
    }

    /// The cells of a line, without blanks around them.
    pub(super) fn cells<'a>(&self, line: &'a str) -> impl Iterator<Item = &'a str> {
        cells(line, self.separator)
    }
}

fn cells(line: &str, separator: Option<char>) -> impl Iterator<Item = &str> {
    // No line holds a line feed, so this one separates nothing.
    line.split(separator.unwrap_or('\n')).map(str::trim)
}

/// The one separator in use, `None` if there is no separator at all.
fn separator(line: &str) -> Result<Option<char>, LineProblem> {
    let mut present = [',', ';', '\t'].into_iter().filter(|separator| line.contains(*separator));
    match (present.next(), present.next()) {
        (_, Some(_)) => Err(LineProblem::SeparatorUnclear),
        (only, None) => Ok(only),
    }
}

/// What the name of a column means.
enum Name {
    /// An ECG, in the unit named.
    Signal(Option<Unit>),
    /// A time, with its units in a second.
    Time(f64),
    /// A time in no unit known here.
    TimeWithoutUnit,
    /// An ECG of another name: it competes with the others.
    AnotherSignal,
    /// Anything else.
    Other,
}

impl Name {
    fn parse(cell: &str) -> Self {
        let quoted = cell.strip_prefix('"').and_then(|rest| rest.strip_suffix('"'));
        let name = quoted.unwrap_or(cell).trim().to_lowercase();
        match name.as_str() {
            "ecg" => Self::Signal(None),
            "time_s" => Self::Time(1.0),
            "time_ms" => Self::Time(1000.0),
            _ => Self::parse_prefix(&name),
        }
    }

    fn parse_prefix(name: &str) -> Self {
        if let Some(Ok(unit)) = name.strip_prefix("ecg_").map(str::parse) {
            return Self::Signal(Some(unit));
        }
        if name.starts_with("ecg") || name.starts_with("ekg") {
            return Self::AnotherSignal;
        }
        if name.starts_with("time") { Self::TimeWithoutUnit } else { Self::Other }
    }
}

fn signal(names: &[Name]) -> Result<(usize, Option<Unit>), LineProblem> {
    let candidates =
        names.iter().filter(|name| matches!(name, Name::Signal(_) | Name::AnotherSignal)).count();
    let known = names.iter().enumerate().find_map(|(index, name)| match name {
        Name::Signal(unit) => Some((index, *unit)),
        Name::Time(_) | Name::TimeWithoutUnit | Name::AnotherSignal | Name::Other => None,
    });
    match known {
        Some(_) if candidates > 1 => Err(LineProblem::SeveralSignals),
        Some(column) => Ok(column),
        None => Err(LineProblem::SignalMissing),
    }
}

fn time(names: &[Name]) -> Result<Option<TimeIndex>, LineProblem> {
    let mut found = None;
    for (index, name) in names.iter().enumerate() {
        match name {
            Name::TimeWithoutUnit => return Err(LineProblem::TimeUnitMissing),
            Name::Time(_) if found.is_some() => return Err(LineProblem::SeveralTimes),
            Name::Time(per_second) => found = Some(TimeIndex { index, per_second: *per_second }),
            Name::Signal(_) | Name::AnotherSignal | Name::Other => {}
        }
    }
    Ok(found)
}
