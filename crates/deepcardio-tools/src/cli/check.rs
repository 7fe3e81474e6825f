//! `deepcardio check`: the signal check on a file of labelled records.

use std::fmt::Write;

use ecg::quality::{Examination, Severity, examine};
use rayon::iter::{IntoParallelRefIterator, ParallelIterator};

use super::labelled::Labelled;
use super::outcome::Outcome;

/// Print what the signal check says of labelled records: counts by class, or a line for each.
///
/// A record counts once, by its first 30 s.
#[derive(clap::Args)]
pub(super) struct Arguments {
    #[command(flatten)]
    labelled: Labelled,
    /// A line for each record, cells by tabs: number, label, heart rate, findings.
    #[arg(long)]
    rows: bool,
}

/// Seconds of each record that are examined.
const SECONDS: f64 = 30.0;

pub(super) fn run(arguments: &Arguments) -> Outcome {
    let (records, chosen) = arguments.labelled.open()?;
    let examined: Vec<(u32, usize, Examination)> = chosen
        .par_iter()
        .map(|&index| {
            let recording = records.recording(index).map_err(|error| records.failed(index, &error))?;
            let end = (SECONDS * recording.rate_hz()) as usize;
            let (number, label) = (records.number(index), records.label(index));
            Ok((number.unwrap_or_default(), label.unwrap_or_default(), examine(&recording, 0..end)))
        })
        .collect::<Result<_, String>>()?;
    Ok(if arguments.rows { rows(&examined) } else { table(&examined) })
}

fn rows(examined: &[(u32, usize, Examination)]) -> String {
    let mut text = String::new();
    for (number, label, examination) in examined {
        let findings: Vec<String> = examination
            .findings
            .iter()
            .map(|finding| {
                format!("{}:{}:{:.4}", finding.severity.name(), finding.kind.name(), finding.measure)
            })
            .collect();
        let heart_rate = examination.heart_rate.unwrap_or(f64::NAN);
        let _ = writeln!(text, "{number}\t{label}\t{heart_rate:.3}\t{}", findings.join(" "));
    }
    text
}

fn table(examined: &[(u32, usize, Examination)]) -> String {
    let classes = examined.iter().map(|(_, label, _)| label + 1).max().unwrap_or(0);
    let mut text = format!("{:<8} {:>8} {:>12} {:>12}\n", "label", "records", "unreadable", "in doubt");
    for class in 0..classes {
        let of: Vec<&Examination> = examined
            .iter()
            .filter(|(_, label, _)| *label == class)
            .map(|(_, _, examination)| examination)
            .collect();
        let share = |count: usize| 100.0 * count as f64 / of.len().max(1) as f64;
        let unreadable = of.iter().filter(|examination| examination.unreadable().is_some()).count();
        let doubted = of.iter().filter(|examination| examination.doubts().next().is_some()).count();
        let _ = writeln!(
            text,
            "{class:<8} {:>8} {unreadable:>5} {:>5.2}% {doubted:>5} {:>5.2}%  {}",
            of.len(),
            share(unreadable),
            share(doubted),
            kinds(&of)
        );
    }
    text
}

/// How many records have each finding, notes left out.
fn kinds(of: &[&Examination]) -> String {
    let mut counts = std::collections::BTreeMap::new();
    for examination in of {
        for finding in examination.findings.iter().filter(|finding| finding.severity > Severity::Note) {
            *counts.entry(finding.kind).or_insert(0u32) += 1;
        }
    }
    counts.iter().map(|(kind, count)| format!("{} {count}", kind.name())).collect::<Vec<_>>().join(", ")
}
