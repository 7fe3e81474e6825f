//! Which column of a table is the ECG and which is the clock.

use super::cells::Cell;
use super::layout::Layout;
use crate::error::EcgError;
use crate::files::lines::Owned;
use crate::files::names::{Name, Role, per_second, voltage};

/// A column as its header and its first cells show it.
#[derive(Clone, Debug)]
pub(super) struct Column {
    pub(super) name: Name,
    /// The first cells that hold a number or a time.
    sample: Vec<f64>,
    /// Whether cells are times of day.
    is_clock: bool,
    /// How many cells are text.
    texts: usize,
}

/// What counts the samples: time, or their number.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Clock {
    /// Index of the column.
    pub(super) index: usize,
    /// Time units in a second; `None` if the file does not say.
    pub(super) per_second: Option<f64>,
    /// A number of the sample, which says nothing of time.
    pub(super) counter: bool,
}

/// The columns in use.
#[derive(Debug)]
pub(super) struct Chosen {
    pub(super) signal: usize,
    pub(super) clock: Option<Clock>,
    /// Every column that holds an ECG.
    pub(super) leads: Vec<usize>,
}

impl Column {
    /// Reads the columns off the first lines.
    pub(super) fn all(layout: &Layout, head: &[Owned]) -> Vec<Self> {
        let name = |index: usize| layout.names.get(index).map_or("", String::as_str);
        let mut columns: Vec<Self> = (0..layout.columns)
            .map(|index| {
                let mut name = Name::parse(name(index));
                let unit = layout.units.get(index).map(|unit| unit.to_lowercase());
                let unit = unit.as_deref().map(|unit| unit.trim_matches(|c: char| "[]()* ".contains(c)));
                name.unit = name.unit.or_else(|| unit.and_then(voltage));
                name.per_second = name.per_second.or_else(|| unit.and_then(per_second));
                Self { name, sample: Vec::new(), is_clock: false, texts: 0 }
            })
            .collect();
        for line in head[layout.body..].iter().filter(|line| !line.text.trim().is_empty()) {
            for (column, text) in columns.iter_mut().zip(layout.style.texts(&line.text)) {
                match layout.style.cell(text) {
                    Cell::Number(value) => column.sample.push(value),
                    Cell::Clock(seconds) => {
                        column.sample.push(seconds);
                        column.is_clock = true;
                    }
                    Cell::Missing => {}
                    Cell::Text => column.texts += 1,
                }
            }
        }
        columns
    }

    /// Whether the column holds words rather than numbers with a bad cell among them.
    pub(super) fn is_text(&self) -> bool {
        self.texts > self.sample.len()
    }

    fn steps(&self) -> impl Iterator<Item = f64> {
        self.sample.windows(2).map(|pair| pair[1] - pair[0])
    }

    /// Whether the values rise, all but evenly.
    fn rises(&self) -> bool {
        let count = self.sample.len();
        let (Some(first), Some(last)) = (self.sample.first(), self.sample.last()) else { return false };
        let span = last - first;
        if count < 8 || span <= 0.0 || self.steps().any(|step| step < 0.0) {
            return false;
        }
        let even = |(index, value): (usize, &f64)| {
            let expected = first + span * index as f64 / (count - 1) as f64;
            (value - expected).abs() <= 0.2 * span
        };
        self.sample.iter().enumerate().all(even)
    }

    /// Whether the values count up by one, perhaps from zero again.
    fn counts(&self) -> bool {
        let wraps = |step: f64| step == 1.0 || (step < 0.0 && step.fract() == 0.0);
        let ones = self.steps().filter(|step| *step == 1.0).count();
        self.sample.len() >= 8
            && self.sample.iter().all(|value| value.fract() == 0.0 && *value >= 0.0)
            && ones * 10 >= self.sample.len() * 8
            && self.steps().filter(|step| !wraps(*step)).count() * 10 <= self.sample.len()
    }

    /// After how many samples their number starts again, if it does so in the first lines.
    pub(super) fn modulus(&self) -> Option<f64> {
        let wraps = self.steps().any(|step| step < 0.0);
        wraps.then(|| self.sample.iter().fold(0.0f64, |most, value| most.max(*value)) + 1.0)
    }

    fn is_constant(&self) -> bool {
        self.steps().all(|step| step == 0.0)
    }

    pub(super) fn is_empty(&self) -> bool {
        self.sample.is_empty()
    }

    fn may_be_clock(&self) -> bool {
        !self.is_text() && !matches!(self.name.role, Role::Ecg | Role::Another)
    }
}

/// Names a column for the user: its place, and its name if that may be repeated.
pub(super) fn label(columns: &[Column], index: usize) -> String {
    let shown = columns.get(index).and_then(|column| column.name.shown());
    shown.map_or_else(|| format!("column {}", index + 1), |name| format!("column {} \"{name}\"", index + 1))
}

/// All columns for an error message.
pub(super) fn listed(columns: &[Column]) -> String {
    const MOST: usize = 24;
    let mut labels: Vec<String> =
        (0..columns.len().min(MOST)).map(|index| label(columns, index).replacen("column ", "", 1)).collect();
    if columns.len() > MOST {
        labels.push(format!("and {} more", columns.len() - MOST));
    }
    labels.join(", ")
}

impl Chosen {
    /// Chooses among `columns`. `wanted` is what the user wants to have read.
    pub(super) fn among(columns: &[Column], wanted: Option<&str>) -> Result<Self, EcgError> {
        let clock = clock(columns);
        let leads: Vec<usize> = (0..columns.len())
            .filter(|index| columns[*index].name.role == Role::Ecg && !columns[*index].is_text())
            .collect();
        let signal = match wanted {
            Some(wanted) => named(columns, wanted)?,
            None => unnamed(columns, &leads, clock)?,
        };
        let clock = clock.filter(|clock| clock.index != signal);
        let leads = if leads.contains(&signal) { leads } else { vec![signal] };
        Ok(Self { signal, clock, leads })
    }
}

/// The column that the user names, or numbers from 1.
fn named(columns: &[Column], wanted: &str) -> Result<usize, EcgError> {
    let mut matches = (0..columns.len()).filter(|index| columns[*index].name.is(wanted));
    if let (Some(only), None) = (matches.next(), matches.next()) {
        return Ok(only);
    }
    let number = wanted.trim().parse::<usize>().ok().and_then(|number| number.checked_sub(1));
    number
        .filter(|index| *index < columns.len() && !columns[*index].is_text() && !columns[*index].is_empty())
        .ok_or_else(|| EcgError::LeadMissing { found: listed(columns) })
}

/// The one column that is an ECG, or the first of several named leads.
fn unnamed(columns: &[Column], leads: &[usize], clock: Option<Clock>) -> Result<usize, EcgError> {
    match leads {
        [only] => return Ok(*only),
        [] => {}
        [first, ..] => {
            let lead = |index: &usize| columns[*index].name.lead;
            let first_lead = leads.iter().find(|index| lead(index) == Some("I"));
            if leads.iter().all(|index| lead(index).is_some()) {
                return Ok(*first_lead.unwrap_or(first));
            }
            return Err(EcgError::SeveralSignals { found: listed(columns) });
        }
    }
    let header = columns.iter().any(|column| !column.name.raw.is_empty());
    let possible = |index: &usize| {
        let column = &columns[*index];
        let role = column.name.role;
        let named = role == Role::Neutral || (role == Role::Unknown && (!header || columns.len() == 1));
        let is_clock = clock.is_some_and(|clock| clock.index == *index);
        let another_clock = column.is_clock || (!header && (column.counts() || column.rises()));
        named
            && !is_clock
            && !another_clock
            && !column.is_text()
            && !column.is_empty()
            && (header || columns.len() == 1 || column.sample.len() < 8 || !column.is_constant())
    };
    let possible: Vec<usize> = (0..columns.len()).filter(possible).collect();
    match possible.as_slice() {
        [only] => Ok(*only),
        [] => Err(EcgError::SignalMissing { found: listed(columns) }),
        _ => Err(EcgError::SeveralSignals { found: listed(columns) }),
    }
}

/// The clock: a column whose name or cells say so, or one that rises evenly. Of several, the one
/// with the finest steps whose unit is known; a number of the sample only without a clock.
fn clock(columns: &[Column]) -> Option<Clock> {
    let mut best: Option<(u32, Clock)> = None;
    for (index, column) in columns.iter().enumerate() {
        if !column.may_be_clock()
            || column.is_empty()
            || column.is_constant() && column.name.role != Role::Time
        {
            continue;
        }
        let time = column.name.role == Role::Time || column.is_clock;
        let counter = !time && column.counts();
        if !(time || counter || (column.rises() && columns.len() > 1)) {
            continue;
        }
        let per_second =
            if column.is_clock { Some(1.0) } else { column.name.per_second.filter(|_| !counter) };
        let rank = rank(column, time, counter, per_second);
        if best.is_none_or(|(other, _)| rank > other) {
            best = Some((rank, Clock { index, per_second, counter }));
        }
    }
    best.map(|(_, clock)| clock)
}

/// How good a clock is: whether its unit is known, whether it is a number and not a time of day,
/// how many different times it shows.
fn rank(column: &Column, time: bool, counter: bool, per_second: Option<f64>) -> u32 {
    let distinct = column.steps().filter(|step| *step > 0.0).count();
    let even = distinct * 10 >= column.sample.len() * 9;
    8 * u32::from(!counter)
        + 4 * u32::from(per_second.is_some())
        + 2 * u32::from(even)
        + u32::from(time && !column.is_clock)
}
