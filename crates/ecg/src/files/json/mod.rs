//! Reading a recording from JSON: what applications for watches and hand-held devices export.
//!
//! The reader goes by structure and by the keys that are documented:
//! - Fitbit: `waveformSamples` are divided by `scalingFactor` to give millivolts, at
//!   `samplingFrequencyHz` ("Get ECG Log List", Fitbit Web API reference).
//! - HealthKit: `voltageMeasurements` as pairs of seconds and volts (react-native-health,
//!   `getElectrocardiogramSamples`), or as objects with `voltage` and `units` (Health Auto Export),
//!   at `samplingFrequency`.
//! - AliveCor: `samples` with `leadI` and more, at `frequency`, in steps of `amplitudeResolution`
//!   nanovolts (Kardia API, recordings as JSON).
//! - Others: a list of numbers under a key such as `ecg`, beside `fs` and `unit`.
//!
//! Everything else in the document is dropped while it is read.

mod find;
mod tree;

use std::io::Read;
use std::path::Path;

use zeroize::Zeroizing;

use self::find::{Context, Finder, Signal};
use self::tree::Node;
use super::format::Format;
use super::gapped::spread;
use super::hints::{Hints, Unit};
use super::names::{Name, lead};
use super::note::Note;
use super::reading::{Reading, Source, Understood};
use super::timing::{TimeColumn, Timeline};
use crate::error::EcgError;
use crate::limits::MAX_JSON_BYTES;
use crate::recording::{Recording, check_rate};

/// Reads a recording from JSON. `hints` supplies what the document does not say, and may not
/// contradict it.
///
/// # Errors
/// [`EcgError::FileTooLarge`] beyond [`MAX_JSON_BYTES`]; [`EcgError::Content`] for what is no JSON
/// or holds no signal; [`EcgError::SeveralSignals`], [`EcgError::LeadMissing`]; and the errors of
/// rate, unit and clock as for a table ([`super::csv::parse`]).
pub fn parse(bytes: &[u8], hints: &Hints) -> Result<Reading, EcgError> {
    read(bytes, Path::new(""), hints)
}

/// As [`parse`], from a reader. `path` is named when reading fails.
pub(super) fn read(reader: impl Read, path: &Path, hints: &Hints) -> Result<Reading, EcgError> {
    hints.rate_hz.map_or(Ok(()), check_rate)?;
    let mut bytes = Zeroizing::new(Vec::new());
    let read = reader.take(MAX_JSON_BYTES + 1).read_to_end(&mut bytes);
    read.map_err(|source| EcgError::Io { path: path.to_owned(), source })?;
    if bytes.len() as u64 > MAX_JSON_BYTES {
        return Err(EcgError::FileTooLarge { bytes: bytes.len() as u64, limit: MAX_JSON_BYTES });
    }
    let text = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(&bytes);
    let node = Node::parse(text).map_err(|error| match error.line() {
        0 => content("it is no JSON"),
        line => EcgError::Line { line, problem: crate::error::LineProblem::NotJson },
    })?;
    let mut finder = Finder::default();
    finder.visit("samples", node, Context::default(), 0);
    let signals = finder.signals;
    let (index, leads) = choose(&signals, hints)?;
    let mut signals = signals;
    reading(signals.swap_remove(index), leads, hints)
}

fn content(problem: &'static str) -> EcgError {
    EcgError::Content { format: Format::Json, problem }
}

/// The signal to read, and the names of the leads beside it.
fn choose(signals: &[Signal], hints: &Hints) -> Result<(usize, Vec<String>), EcgError> {
    let names: Vec<String> = signals.iter().enumerate().map(|(index, signal)| name(index, signal)).collect();
    let found = || {
        let numbered = names.iter().enumerate().map(|(index, name)| format!("{} \"{name}\"", index + 1));
        numbered.take(24).collect::<Vec<_>>().join(", ")
    };
    if let Some(wanted) = &hints.lead {
        let is = |signal: &&Signal| {
            lead_of(signal).is_some_and(|lead| lead.eq_ignore_ascii_case(wanted)) || signal.key == *wanted
        };
        let mut matches = signals.iter().enumerate().filter(|(_, signal)| is(signal)).map(|(index, _)| index);
        let only = matches.next().filter(|_| matches.next().is_none());
        let number = wanted.trim().parse::<usize>().ok().and_then(|number| number.checked_sub(1));
        let index = only.or(number.filter(|index| *index < signals.len()));
        return index
            .map(|index| (index, names.clone()))
            .ok_or_else(|| EcgError::LeadMissing { found: found() });
    }
    let Some(first) = signals.first() else {
        return Err(content("it holds no list of numbers under a name for an ECG"));
    };
    let leads = signals.iter().all(|signal| signal.group == first.group && lead_of(signal).is_some());
    if signals.len() > 1 && !leads {
        return Err(EcgError::SeveralSignals { found: found() });
    }
    let index = signals.iter().position(|signal| lead_of(signal) == Some("I")).unwrap_or(0);
    Ok((index, names))
}

/// The lead of a signal, by its key or by its format.
fn lead_of(signal: &Signal) -> Option<&'static str> {
    let of_key = signal.key.strip_prefix("lead").and_then(lead).or_else(|| Name::parse(&signal.key).lead);
    // Fitbit's and Apple's watches record between the arms.
    of_key.or_else(|| matches!(format(signal), Format::Fitbit | Format::HealthKit).then_some("I"))
}

fn name(index: usize, signal: &Signal) -> String {
    let named = Name::parse(&signal.key);
    let shown = lead_of(signal).or_else(|| named.shown());
    shown.map_or_else(|| format!("list {}", index + 1), str::to_owned)
}

fn format(signal: &Signal) -> Format {
    match signal.key.as_str() {
        "waveformSamples" => Format::Fitbit,
        "voltageMeasurements" => Format::HealthKit,
        _ if signal.context.mains => Format::AliveCor,
        _ => Format::Json,
    }
}

fn reading(mut signal: Signal, leads: Vec<String>, hints: &Hints) -> Result<Reading, EcgError> {
    let format = format(&signal);
    let (unit, factor, unit_from) = scale(&signal, format, hints)?;
    let mut notes = vec![Note::OtherFieldsUnused];
    let expected = signal.context.count.filter(|count| *count != signal.values.len() as f64);
    notes.extend(
        expected.map(|of| Note::Truncated { have: signal.values.len() as u64, of: of.max(0.0) as u64 }),
    );
    let (timeline, rate_from) = timeline(&signal, hints)?;
    notes.extend(timeline.note.clone());
    let mut empty = Vec::new();
    for (index, value) in signal.values.iter_mut().enumerate() {
        if value.is_nan() {
            empty.push(index..index + 1);
        }
        *value = unit.to_millivolts(*value * factor);
    }
    if !empty.is_empty() {
        notes.push(Note::ValuesMissing { samples: empty.len() });
    }
    notes.extend(Note::about_lead(lead_of(&signal), leads.len()));
    let lead = lead_of(&signal).map(str::to_owned);
    let values = std::mem::take(&mut *signal.values);
    let (millivolts, gaps) = spread(values, empty, &timeline.missing)?;
    let recording = Recording::with_gaps(timeline.rate_hz, millivolts, gaps)?;
    let understood = Understood {
        format,
        lead,
        leads,
        unit,
        unit_from,
        rate_hz: timeline.rate_hz,
        rate_from,
        seconds: recording.seconds(),
        gaps: Understood::gaps_of(&recording),
        notes,
    };
    Ok(Reading { recording, understood })
}

/// The unit of the scaled values, what the values are scaled by, and where both came from.
fn scale(signal: &Signal, format: Format, hints: &Hints) -> Result<(Unit, f64, Source), EcgError> {
    let context = &signal.context;
    let usable = |value: f64| value.is_finite() && value > 0.0;
    let (unit, factor, source) = match (context.steps_per_mv, context.nanovolts, context.unit) {
        (Some(steps), _, _) if usable(steps) => {
            (Unit::Millivolt, 1.0 / steps, Source::Scale(format!("{steps} steps in 1 mV")))
        }
        (None, Some(nanovolts), _) if usable(nanovolts) => {
            (Unit::Millivolt, nanovolts * 1e-6, Source::Scale(format!("steps of {nanovolts} nV")))
        }
        (None, None, Some(unit)) => (unit, 1.0, Source::File),
        (None, None, None) if format == Format::HealthKit && signal.times.is_some() => {
            (Unit::Volt, 1.0, Source::Format)
        }
        (None, None, None) => {
            let unit = hints.unit.ok_or(EcgError::UnitMissing { column: "the signal".to_owned() })?;
            return Ok((unit, 1.0, Source::Flag));
        }
        _ => return Err(content("its scale is not a positive number")),
    };
    match hints.unit {
        Some(given) if given != unit || factor != 1.0 => Err(EcgError::UnitContradiction),
        _ => Ok((unit, factor, source)),
    }
}

/// Rate and gaps, and where the rate came from.
fn timeline(signal: &Signal, hints: &Hints) -> Result<(Timeline, Source), EcgError> {
    let stated = signal.context.rate_hz;
    if let (Some(given_hz), Some(measured_hz)) = (hints.rate_hz, stated)
        && (given_hz / measured_hz - 1.0).abs() > 1e-3
    {
        return Err(EcgError::RateContradiction { line: 1, measured_hz, given_hz });
    }
    let source = if hints.rate_hz.is_some() { Source::Flag } else { Source::File };
    let given = hints.rate_hz.or(stated);
    given.map_or(Ok(()), check_rate)?;
    let Some(times) = &signal.times else {
        let rate_hz = given.ok_or_else(|| EcgError::RateMissing { found: "the signal alone".to_owned() })?;
        return Ok((Timeline { rate_hz, missing: Vec::new(), note: None }, source));
    };
    let mut column = TimeColumn::new(1);
    // Applications round dates to whole seconds.
    let resolution = if times.iter().all(|time| time.fract() == 0.0) { 1.0 } else { 0.0 };
    times.iter().for_each(|time| column.push(*time, resolution));
    let timeline = column.timeline(given)?;
    Ok((
        timeline,
        if given.is_some() { source } else { Source::Clock("the times of the samples".to_owned()) },
    ))
}
