//! The lines of a table, one by one: the signal and the clock.

use std::ops::Range;

use zeroize::Zeroizing;

use super::cells::{Cell, Style};
use super::columns::Clock;
use super::layout;
use super::plan::Plan;
use super::scale::Scale;
use crate::error::{EcgError, LineProblem};
use crate::files::clock;
use crate::files::lines::Owned;
use crate::files::samples::push_wiping;
use crate::files::timing::TimeColumn;
use crate::limits::{MAX_MILLIVOLTS, MAX_SAMPLES, MAX_SECONDS};

/// The least numbers of 16, 24 and 32 bits: devices write them where they have no value.
const NO_VALUE: [f64; 3] = [-32_768.0, -8_388_608.0, -2_147_483_648.0];
/// Half a day: a time of day that falls by more has passed midnight.
const HALF_DAY: f64 = 43_200.0;

/// Reads lines.
pub(super) struct Rows {
    style: Style,
    columns: usize,
    /// Fewest cells on a line: those at the end that are empty may be missing.
    least: usize,
    signal: usize,
    scale: Scale,
    clock: Option<ClockReader>,
    blank: Option<usize>,
    cells: Vec<Range<usize>>,
    read: Read,
}

/// What was read.
pub(super) struct Read {
    pub(super) millivolts: Zeroizing<Vec<f64>>,
    pub(super) times: Option<TimeColumn>,
    /// Samples without a value.
    pub(super) missing: Vec<Range<usize>>,
    /// Samples that hold a code for "no value", and the code.
    pub(super) codes: usize,
    pub(super) code: f64,
    /// Lines of comment within the table.
    pub(super) comments: usize,
}

struct ClockReader {
    clock: Clock,
    column: TimeColumn,
    last: Option<f64>,
    /// What was added to the times for midnights, or to the numbers of samples for new starts.
    added: f64,
    /// After how many samples their number starts again.
    modulus: Option<f64>,
}

impl Rows {
    pub(super) fn new(plan: &Plan, head: &[Owned]) -> Self {
        let layout = &plan.layout;
        let first_line = head.get(layout.body).map_or(1, |line| line.number);
        let used = plan.chosen.signal.max(plan.chosen.clock.map_or(0, |clock| clock.index));
        let named = layout.names.iter().rposition(|name| !name.is_empty()).unwrap_or(layout.columns - 1);
        let clock = plan.chosen.clock.map(|clock| ClockReader {
            clock,
            column: TimeColumn::new(first_line),
            last: None,
            added: 0.0,
            modulus: clock.counter.then(|| plan.columns[clock.index].modulus()).flatten(),
        });
        let read = Read {
            millivolts: Zeroizing::new(Vec::new()),
            times: None,
            missing: Vec::new(),
            codes: 0,
            code: 0.0,
            comments: 0,
        };
        Self {
            style: layout.style,
            columns: layout.columns,
            least: used.max(named) + 1,
            signal: plan.chosen.signal,
            scale: plan.scale,
            clock,
            blank: None,
            cells: Vec::new(),
            read,
        }
    }

    /// Reads one line, with its number.
    pub(super) fn push(&mut self, line: &str, number: usize) -> Result<(), EcgError> {
        if line.trim().is_empty() {
            self.blank.get_or_insert(number);
            return Ok(());
        }
        if layout::is_comment(line) {
            self.read.comments += 1;
            return Ok(());
        }
        if let Some(line) = self.blank {
            return Err(LineProblem::Blank.at(line));
        }
        if self.read.millivolts.len() == MAX_SAMPLES {
            return Err(EcgError::TooLong { max_seconds: MAX_SECONDS, max_samples: MAX_SAMPLES });
        }
        self.push_cells(line).map_err(|problem| problem.at(number))
    }

    fn push_cells(&mut self, line: &str) -> Result<(), LineProblem> {
        self.style.split(line, &mut self.cells);
        let found = self.cells.len();
        if found < self.least || found > self.columns {
            return Err(LineProblem::CellCount { found, expected: self.columns });
        }
        if let Some(clock) = &mut self.clock {
            let index = clock.clock.index;
            clock.push(self.style, &line[self.cells[index].clone()], index + 1)?;
        }
        let column = self.signal + 1;
        match self.style.cell(&line[self.cells[self.signal].clone()]) {
            Cell::Number(value) if NO_VALUE.contains(&value) => {
                self.read.codes += 1;
                self.read.code = value;
                self.read.skip();
            }
            Cell::Number(value) => {
                let value = self.scale.millivolts(value);
                if value.abs() > MAX_MILLIVOLTS {
                    return Err(LineProblem::Implausible(column));
                }
                push_wiping(&mut self.read.millivolts, value);
            }
            Cell::Missing => self.read.skip(),
            Cell::Clock(_) | Cell::Text => return Err(LineProblem::NotANumber(column)),
        }
        Ok(())
    }

    /// What was read, once there are no more lines.
    pub(super) fn end(self) -> Read {
        Read { times: self.clock.map(|clock| clock.column), ..self.read }
    }
}

impl Read {
    /// Appends a sample without a value.
    fn skip(&mut self) {
        let index = self.millivolts.len();
        match self.missing.last_mut() {
            Some(last) if last.end == index => last.end += 1,
            _ => self.missing.push(index..index + 1),
        }
        push_wiping(&mut self.millivolts, 0.0);
    }
}

impl ClockReader {
    fn push(&mut self, style: Style, text: &str, column: usize) -> Result<(), LineProblem> {
        let (value, decimals) = match style.cell(text) {
            Cell::Number(value) => (value, decimals(text, style.decimal)),
            Cell::Clock(seconds) => (seconds, clock::decimals(text)),
            Cell::Missing => return Err(LineProblem::TimeMissing(column)),
            Cell::Text => return Err(LineProblem::NotANumber(column)),
        };
        let fell = self.last.map_or(0.0, |last| last - value);
        if fell > 0.0 {
            if let Some(modulus) = self.modulus {
                self.added += modulus;
            } else if fell > HALF_DAY && text.contains(':') {
                self.added += 2.0 * HALF_DAY;
            }
        }
        self.last = Some(value);
        let per_second = self.clock.per_second.filter(|_| !text.contains(':')).unwrap_or(1.0);
        self.column.push((value + self.added) / per_second, 10f64.powi(-decimals) / per_second);
        Ok(())
    }
}

/// Decimals that a number is written with. Negative if its last digit stands for tens or more.
fn decimals(text: &str, decimal: char) -> i32 {
    let (mantissa, exponent) = text.split_once(['e', 'E']).unwrap_or((text, "0"));
    let digits = mantissa.split_once(decimal).map_or(0, |(_, fraction)| fraction.len());
    let exponent: i32 = exponent.parse().unwrap_or(0);
    i32::try_from(digits).unwrap_or(i32::MAX).saturating_sub(exponent).clamp(-300, 300)
}
