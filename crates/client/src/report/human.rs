//! The report for people.

use std::fmt::Write as _;

use deepcardio::architecture::Architecture;

use ecg::quality::{Finding, Severity};

use super::file::{FileReport, Part, Verdict};
use super::{episodes, input, profile};
use crate::checked::Checked;

/// What a class code means to a person.
fn rhythm(code: &str) -> &str {
    match code {
        "normal" => "Normal sinus rhythm",
        "af" => "Atrial fibrillation",
        "other" => "Another rhythm",
        "noise" => "Too noisy to tell",
        other => other,
    }
}

/// Writing into a `String` cannot fail.
macro_rules! line {
    ($out:expr, $($arg:tt)*) => { let _infallible = writeln!($out, $($arg)*); };
}

pub(super) fn render(report: &FileReport<'_>, with_profile: bool) -> String {
    let mut out = String::new();
    let recording = &report.reading.recording;
    line!(out, "{}: {:.1} s at {} Hz", report.path.display(), recording.seconds(), recording.rate_hz());
    let parts = report.parts();
    if let [only] = parts.as_slice() {
        out.push_str(&input::lines(&report.reading.understood));
        single(&mut out, only);
    } else {
        out.push_str(&found(&parts));
        out.push_str(&input::lines(&report.reading.understood));
        segments(&mut out, report, &parts);
    }
    footer(&mut out, report);
    if let Some(network) = report.architecture.filter(|_| with_profile) {
        out.push('\n');
        out.push_str(&profile::table(network, report.ledger));
    }
    out
}

/// What was found in which segments: the first line of a record of several.
fn found(parts: &[Part<'_>]) -> String {
    let episodes = episodes::of(parts);
    let named = |label: &str, numbers: &[usize]| {
        format!("{label} in {} of {} segments ({})", numbers.len(), parts.len(), when(parts, numbers))
    };
    let mut said: Vec<String> =
        episodes.found.iter().map(|found| named(rhythm(found.label), &found.segments)).collect();
    for (label, numbers) in [("uncertain", &episodes.uncertain), ("unreadable", &episodes.unreadable)] {
        if !numbers.is_empty() {
            said.push(named(label, numbers));
        }
    }
    input::wrapped(&format!("Found: {}", said.join("; ")))
}

/// The times of segments; neighbours are put together, and after five stretches there are dots.
fn when(parts: &[Part<'_>], numbers: &[usize]) -> String {
    let mut stretches: Vec<(usize, usize)> = Vec::new();
    for &number in numbers {
        match stretches.last_mut() {
            Some((_, last)) if *last + 1 == number => *last = number,
            _ => stretches.push((number, number)),
        }
    }
    let at = |number: usize| parts.get(number - 1).map(|part| part.checked);
    let words = stretches
        .iter()
        .take(5)
        .filter_map(|&(first, last)| Some(format!("{:.0} to {:.0} s", at(first)?.from_s, at(last)?.to_s)));
    let dots = if stretches.len() > 5 { ", ..." } else { "" };
    words.collect::<Vec<_>>().join(", ") + dots
}

/// The findings of a segment, a paragraph each.
fn findings(part: &Part<'_>) -> String {
    let word = |finding: &Finding| match finding.severity {
        Severity::Unreadable => "Unreadable",
        Severity::Doubt => "Doubt",
        Severity::Note => "Note",
    };
    let findings = part.checked.examination.findings.iter();
    findings.map(|finding| input::wrapped(&format!("{}: {finding}", word(finding)))).collect()
}

/// A record of one segment.
fn single(out: &mut String, part: &Part<'_>) {
    let Some(verdict) = &part.verdict else {
        line!(out, "  Rhythm: unreadable. Nothing was sent for it.");
        out.push_str(&findings(part));
        return;
    };
    let name = rhythm(verdict.name());
    if verdict.is_uncertain() {
        line!(out, "  Rhythm: uncertain, most likely {name}");
    } else {
        line!(out, "  Rhythm: {name}");
    }
    if let Some(pace) = part.checked.examination.heart_rate {
        line!(out, "  Heart rate: {pace:.0} beats a minute");
    }
    out.push_str(&findings(part));
    if let Some((level, accuracy)) = verdict.accuracy() {
        let (low, high) = accuracy.interval();
        out.push_str(&input::wrapped(&format!(
            "Confidence: {level}. Of {} validation records with it {:.0} % were right ({:.0} to {:.0} %).",
            accuracy.of,
            100.0 * accuracy.share(),
            100.0 * low,
            100.0 * high
        )));
    }
    if let Some(probabilities) = verdict.probabilities() {
        line!(out, "  Probabilities by the model{}:", calibrated(verdict.architecture));
        for (class, probability) in verdict.architecture.classes().iter().zip(probabilities) {
            line!(out, "    {:<20} {:5.1} %", rhythm(class), 100.0 * probability);
        }
    }
}

/// Whether the model's probabilities were held against data.
fn calibrated(architecture: &Architecture) -> &'static str {
    if architecture.confidence().is_some() {
        ", calibrated on validation records"
    } else {
        ", not calibrated"
    }
}

fn segments(out: &mut String, report: &FileReport<'_>, parts: &[Part<'_>]) {
    for (index, part) in parts.iter().enumerate() {
        let Checked { from_s, to_s, examination } = part.checked;
        let place = format!("Segment {} of {}, {from_s:.1} to {to_s:.1} s", index + 1, parts.len());
        let pace = examination.heart_rate.map_or(String::new(), |pace| format!(", {pace:.0} beats a minute"));
        let said = part.verdict.as_ref().map_or("unreadable".into(), |verdict| {
            let uncertain = if verdict.is_uncertain() { "uncertain, most likely " } else { "" };
            format!("{uncertain}{}{pace}{}", rhythm(verdict.name()), certainty(verdict))
        });
        out.push_str(&input::wrapped(&format!("{place}: {said}")));
        out.push_str(&findings(part).replace("\n  ", "\n    ").replacen("  ", "    ", 1));
    }
    let record = match report.overall() {
        Some(class) => format!("Whole record, by the sum over readable segments: {}", rhythm(class)),
        None if report.outcomes.is_empty() => "Whole record: unreadable. Nothing was sent for it.".into(),
        None => "Whole record: not revealed. The server's operator can allow it (pp-server --reveal \
                 record-label)."
            .into(),
    };
    out.push_str(&input::wrapped(&record));
}

/// What is known of a segment beside its class: the model's probability, the level of confidence
/// and how often answers of that level were right.
fn certainty(segment: &Verdict<'_>) -> String {
    let probability = segment
        .probabilities()
        .and_then(|p| p.get(segment.label.class).copied())
        .map(|p| format!("probability {:.1} %", 100.0 * p));
    let level = segment.accuracy().map(|(level, accuracy)| {
        let (low, high) = accuracy.interval();
        format!("confidence {level}: {:.0} to {:.0} % right", 100.0 * low, 100.0 * high)
    });
    let parts: Vec<String> = probability.into_iter().chain(level).collect();
    if parts.is_empty() { String::new() } else { format!(" ({})", parts.join(", ")) }
}

fn footer(out: &mut String, report: &FileReport<'_>) {
    let total = report.ledger.total(|_| true);
    if report.architecture.is_none() || report.outcomes.is_empty() {
        return;
    }
    out.push_str(&input::wrapped(&format!(
        "Sent {:.2} MB, received {:.2} MB, {} round trips, {:.2} s (preparation {:.2} s, classification \
         {:.2} s).",
        total.sent as f64 / 1e6,
        total.received as f64 / 1e6,
        total.one_way_trips.div_ceil(2),
        report.seconds.total.as_secs_f64(),
        (report.seconds.setup + report.seconds.offline).as_secs_f64(),
        report.seconds.online.as_secs_f64(),
    )));
    if report.verified {
        line!(out, "  Verified: equal to the network in the clear.");
    }
}
