//! Reading one signal of an EDF, EDF+, BDF or BDF+ file. Gaps between data records are honoured.

mod header;
mod records;

use std::io::Read;
use std::path::Path;

use self::header::{FIRST, Header, Signal};
use self::records::{Read as Records, Reader};
use super::channels::{Channel, choose, label, leads, unit};
use super::format::Format;
use super::gapped::spread;
use super::hints::Hints;
use super::names::{Name, voltage};
use super::note::Note;
use super::reading::{Reading, Source, Understood};
use crate::error::EcgError;
use crate::recording::{Recording, check_rate};

/// Reads a recording from the bytes of a file. `path` is named when reading fails.
///
/// The ECG is the signal whose label says so, or the only one in volts. The start times of data
/// records in EDF+ and BDF+ show the gaps.
///
/// # Errors
/// [`EcgError::Io`]; [`EcgError::Content`] for a header that makes no sense, a file that holds
/// annotations alone, or records that overlap; [`EcgError::SignalMissing`],
/// [`EcgError::SeveralSignals`] and [`EcgError::LeadMissing`]; [`EcgError::UnitMissing`],
/// [`EcgError::UnitContradiction`] and [`EcgError::RateContradiction`]; and as [`Recording::new`].
pub fn read(mut reader: impl Read, path: &Path, hints: &Hints) -> Result<Reading, EcgError> {
    let header = read_header(&mut reader, path)?;
    let content = |problem| EcgError::Content { format: header.format, problem };
    let is_signal = |signal: &&Signal| !signal.is_annotations();
    if !header.signals.iter().any(|signal| !signal.is_annotations()) {
        return Err(content("it holds annotations alone, no signal: give the file that holds the recording"));
    }
    let signals: Vec<&Signal> = header.signals.iter().filter(is_signal).collect();
    let channels: Vec<Channel> = signals.iter().map(|signal| channel(signal)).collect();
    let chosen = choose(&channels, hints.lead.as_deref())?;
    let signal = signals[chosen];
    let unit = unit(&channels, chosen, hints.unit)?;
    let rate_hz = rate(&header, signal, hints)?;
    let (low, high) = signal.digital;
    if low >= high || signal.physical.0 == signal.physical.1 {
        return Err(content("the scale of the signal is empty"));
    }
    let wanted = header.signals.iter().position(|other| std::ptr::eq(other, signal)).unwrap_or_default();
    let read = Reader::new(&header, wanted, rate_hz).read(reader, path)?;
    let factor = (signal.physical.1 - signal.physical.0) / (high - low);
    let notes = notes(&header, &channels, chosen, &read);
    let mut steps = read.steps;
    steps.iter_mut().for_each(|value| {
        *value = unit.to_millivolts((*value - low) * factor + signal.physical.0);
    });
    let (millivolts, gaps) = spread(std::mem::take(&mut *steps), Vec::new(), &read.missing)?;
    let recording = Recording::with_gaps(rate_hz, millivolts, gaps)?;
    let named = channels[chosen].name.lead.is_some() || channels[chosen].name.shown().is_some();
    let understood = Understood {
        format: header.format,
        lead: named.then(|| label(&channels, chosen)),
        leads: leads(&channels).iter().map(|index| label(&channels, *index)).collect(),
        unit,
        unit_from: Source::Scale(format!(
            "{low} to {high} is {} to {} {unit}",
            signal.physical.0, signal.physical.1
        )),
        rate_hz,
        rate_from: Source::File,
        seconds: recording.seconds(),
        gaps: Understood::gaps_of(&recording),
        notes,
    };
    Ok(Reading { recording, understood })
}

fn read_header(reader: &mut impl Read, path: &Path) -> Result<Header, EcgError> {
    let failed = |source: std::io::Error| match source.kind() {
        std::io::ErrorKind::UnexpectedEof => {
            EcgError::Content { format: Format::Edf, problem: "the file ends within its header" }
        }
        _ => EcgError::Io { path: path.to_owned(), source },
    };
    let mut first = [0; FIRST];
    reader.read_exact(&mut first).map_err(failed)?;
    let (mut header, count) = Header::first(&first)?;
    let mut rest = vec![0; FIRST * count];
    reader.read_exact(&mut rest).map_err(failed)?;
    header.read_signals(&rest, count)?;
    Ok(header)
}

fn channel(signal: &Signal) -> Channel {
    Channel { name: Name::parse(&signal.label), unit: voltage(&signal.dimension.to_lowercase()) }
}

/// The rate of a signal. The user may not contradict it.
fn rate(header: &Header, signal: &Signal, hints: &Hints) -> Result<f64, EcgError> {
    let measured_hz = signal.per_record as f64 / header.seconds;
    check_rate(measured_hz)?;
    match hints.rate_hz {
        Some(given_hz) if (given_hz / measured_hz - 1.0).abs() > 1e-3 => {
            Err(EcgError::RateContradiction { line: 1, measured_hz, given_hz })
        }
        _ => Ok(measured_hz),
    }
}

fn notes(header: &Header, channels: &[Channel], chosen: usize, read: &Records) -> Vec<Note> {
    let mut notes: Vec<Note> = (0..channels.len())
        .filter(|index| *index != chosen)
        .map(|index| Note::ColumnUnused(label(channels, index)))
        .collect();
    notes.push(Note::OtherFieldsUnused);
    let per_record = read.steps.len() as u64 / read.records.max(1);
    if let Some(of) = header.records {
        if read.records < of {
            notes.push(Note::Truncated { have: read.steps.len() as u64, of: of.saturating_mul(per_record) });
        } else if !read.ended {
            notes.push(Note::LongerThanStated { of: of.saturating_mul(per_record) });
        }
    }
    if read.partial {
        notes.push(Note::LastRecordIncomplete);
    }
    notes.extend(Note::about_lead(channels[chosen].name.lead, leads(channels).len()));
    notes
}
