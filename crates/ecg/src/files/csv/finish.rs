//! From the lines of a table to a recording: rate, gaps, and what there is to say.

use super::columns::{label, listed};
use super::plan::Plan;
use super::rows::Read;
use crate::error::EcgError;
use crate::files::format::Format;
use crate::files::gapped::spread;
use crate::files::hints::Hints;
use crate::files::names::Role;
use crate::files::note::Note;
use crate::files::reading::{Reading, Source, Understood};
use crate::files::timing::{TimeColumn, Timeline};
use crate::limits::{MAX_RATE_HZ, MIN_RATE_HZ};
use crate::recording::Recording;

/// Makes the recording.
pub(super) fn reading(plan: &Plan, mut read: Read, hints: &Hints) -> Result<Reading, EcgError> {
    let mut notes = Vec::new();
    let times = read.times.take();
    let (timeline, rate_from) = timeline(plan, times, hints)?;
    notes.extend(timeline.note.clone());
    about_values(&read, &mut notes);
    about_columns(plan, &mut notes);
    let samples = std::mem::take(&mut *read.millivolts);
    let (millivolts, gaps) = spread(samples, read.missing, &timeline.missing)?;
    let recording = Recording::with_gaps(timeline.rate_hz, millivolts, gaps)?;
    let understood = Understood {
        format: format(plan),
        lead: lead(plan),
        leads: leads(plan),
        unit: plan.scale.unit,
        unit_from: plan.unit_from.clone(),
        rate_hz: timeline.rate_hz,
        rate_from,
        seconds: recording.seconds(),
        gaps: Understood::gaps_of(&recording),
        notes,
    };
    Ok(Reading { recording, understood })
}

/// Rate and gaps, and where the rate came from.
fn timeline(plan: &Plan, times: Option<TimeColumn>, hints: &Hints) -> Result<(Timeline, Source), EcgError> {
    let given = plan.stated_rate(hints);
    let stated = if hints.rate_hz.is_some() { Source::Flag } else { Source::File };
    if let (Some(given_hz), Some(measured_hz)) = (hints.rate_hz, plan.preamble.rate_hz)
        && (given_hz / measured_hz - 1.0).abs() > 1e-3
    {
        let line = plan.preamble.rate_line;
        return Err(EcgError::RateContradiction { line, measured_hz, given_hz });
    }
    let missing_rate = || EcgError::RateMissing { found: listed(&plan.columns) };
    let (Some(clock), Some(times)) = (plan.chosen.clock, times) else {
        let rate_hz = given.ok_or_else(missing_rate)?;
        return Ok((Timeline { rate_hz, missing: Vec::new(), note: None }, stated));
    };
    let column = label(&plan.columns, clock.index);
    let counts = clock.per_second.is_none() && times.counts();
    if clock.counter || (counts && given.is_some_and(|rate| rate != 1000.0)) {
        let rate_hz = given.ok_or_else(missing_rate)?;
        let mut timeline = times.timeline(Some(1.0))?;
        timeline.rate_hz = rate_hz;
        return Ok((timeline, stated));
    }
    if counts && given.is_none() {
        return Err(EcgError::ClockUnclear { column });
    }
    let (times, column) = match clock.per_second {
        Some(_) => (times, column),
        None => in_seconds(times, column)?,
    };
    let timeline = times.timeline(given)?;
    Ok((timeline, if hints.rate_hz.is_some() { Source::Flag } else { Source::Clock(column) }))
}

/// A clock without a unit: only one unit gives a rate that is accepted.
fn in_seconds(times: TimeColumn, column: String) -> Result<(TimeColumn, String), EcgError> {
    let Some(step) = times.typical_step() else { return Ok((times, column)) };
    for (unit, per_second) in [("s", 1.0), ("ms", 1e3), ("us", 1e6), ("ns", 1e9)] {
        if (MIN_RATE_HZ..=MAX_RATE_HZ).contains(&(per_second / step)) {
            return Ok((times.scaled(per_second), format!("{column}, read in {unit}")));
        }
    }
    Ok((times, column))
}

fn about_values(read: &Read, notes: &mut Vec<Note>) {
    if read.codes > 0 {
        notes.push(Note::NoValueCode { code: read.code as i64, samples: read.codes });
    }
    let missing: usize = read.missing.iter().map(ExactSizeIterator::len).sum();
    if missing > read.codes {
        notes.push(Note::ValuesMissing { samples: missing - read.codes });
    }
    if read.comments > 0 {
        notes.push(Note::CommentsUnused { lines: read.comments });
    }
}

fn about_columns(plan: &Plan, notes: &mut Vec<Note>) {
    let used = |index: usize| {
        index == plan.chosen.signal || plan.chosen.clock.is_some_and(|clock| clock.index == index)
    };
    for (index, column) in plan.columns.iter().enumerate().filter(|(index, _)| !used(*index)) {
        let label = label(&plan.columns, index);
        let empty = column.is_empty() && column.name.raw.is_empty();
        let unread = column.name.role == Role::Time && plan.chosen.clock.is_none();
        notes.push(match (empty, unread) {
            (true, _) => Note::ColumnEmpty(label),
            (false, true) => Note::ClockUnread(label),
            (false, false) => Note::ColumnUnused(label),
        });
    }
    if plan.preamble.unused > 0 {
        notes.push(Note::HeaderLinesUnused { lines: plan.preamble.unused });
    }
    notes.extend(Note::about_lead(lead_of(plan), plan.chosen.leads.len()));
}

fn lead_of(plan: &Plan) -> Option<&'static str> {
    plan.columns[plan.chosen.signal].name.lead.or(plan.preamble.lead)
}

fn lead(plan: &Plan) -> Option<String> {
    let signal = plan.chosen.signal;
    let named = !plan.columns[signal].name.raw.is_empty();
    lead_of(plan).map(str::to_owned).or_else(|| named.then(|| lead_name(plan, signal)))
}

/// All leads found, by name; none for a lone column without one.
fn leads(plan: &Plan) -> Vec<String> {
    match plan.chosen.leads.as_slice() {
        [_] => lead(plan).into_iter().collect(),
        several => several.iter().map(|index| lead_name(plan, *index)).collect(),
    }
}

fn lead_name(plan: &Plan, index: usize) -> String {
    let name = &plan.columns[index].name;
    let shown = name.lead.or_else(|| name.shown());
    shown.map_or_else(|| format!("column {}", index + 1), str::to_owned)
}

/// What program the table looks like.
fn format(plan: &Plan) -> Format {
    let names = &plan.layout.names;
    let any = |start: &str| names.iter().any(|name| name.to_lowercase().starts_with(start));
    let watch = plan.preamble.rate_hz.is_some() && plan.preamble.unit.is_some() && names.is_empty();
    if plan.opensignals.is_some() {
        Format::OpenSignals
    } else if any("sensor timestamp") {
        Format::PolarSensorLogger
    } else if any("shimmer") {
        Format::Shimmer
    } else if watch && plan.layout.columns == 1 {
        Format::AppleWatch
    } else {
        Format::Csv
    }
}
