//! The report for people.

use std::fmt::Write as _;

use deepcardio::architecture::Architecture;

use super::file::{FileReport, Verdict};
use super::{input, profile};

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
    out.push_str(&input::lines(&report.reading.understood));
    let verdicts = report.verdicts();
    if let [only] = verdicts.as_slice() {
        verdict(&mut out, report, only);
    } else {
        segments(&mut out, report, &verdicts);
    }
    footer(&mut out, report);
    if with_profile {
        out.push('\n');
        out.push_str(&profile::table(report.architecture, report.ledger));
    }
    out
}

fn verdict(out: &mut String, report: &FileReport<'_>, verdict: &Verdict) {
    line!(out, "  Rhythm: {}", rhythm(verdict.name(report.architecture)));
    if let Some((level, accuracy)) = verdict.accuracy(report.architecture) {
        let (low, high) = accuracy.interval();
        line!(
            out,
            "  Confidence: {level}. Of {} validation records with it {:.0} % were right ({:.0} to {:.0} %).",
            accuracy.of,
            100.0 * accuracy.share(),
            100.0 * low,
            100.0 * high
        );
    }
    if let Some(probabilities) = verdict.probabilities(report.architecture) {
        line!(out, "  Probabilities by the model{}:", calibrated(report.architecture));
        for (class, probability) in report.architecture.classes().iter().zip(probabilities) {
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

fn segments(out: &mut String, report: &FileReport<'_>, verdicts: &[Verdict]) {
    for (index, segment) in verdicts.iter().enumerate() {
        let name = rhythm(segment.name(report.architecture));
        let certainty = certainty(report.architecture, segment);
        line!(out, "  Segment {} of {}: {name}{certainty}", index + 1, verdicts.len());
    }
    match report.overall() {
        Some(class) => {
            line!(out, "  Whole record: {}", rhythm(class));
        }
        None => {
            line!(
                out,
                "  Whole record: not revealed. The server's operator can allow it (pp-server --reveal record-label)."
            );
        }
    }
}

/// What is known of a segment beside its class: the model's probability, the level of confidence
/// and how often answers of that level were right.
fn certainty(architecture: &Architecture, segment: &Verdict) -> String {
    let probability = segment
        .probabilities(architecture)
        .and_then(|p| p.get(segment.label.class).copied())
        .map(|p| format!("probability {:.1} %", 100.0 * p));
    let level = segment.accuracy(architecture).map(|(level, accuracy)| {
        let (low, high) = accuracy.interval();
        format!("confidence {level}: {:.0} to {:.0} % right", 100.0 * low, 100.0 * high)
    });
    let parts: Vec<String> = probability.into_iter().chain(level).collect();
    if parts.is_empty() { String::new() } else { format!(" ({})", parts.join(", ")) }
}

fn footer(out: &mut String, report: &FileReport<'_>) {
    let total = report.ledger.total(|_| true);
    line!(
        out,
        "  Sent {:.2} MB, received {:.2} MB, {} round trips, {:.2} s (preparation {:.2} s, classification {:.2} s).",
        total.sent as f64 / 1e6,
        total.received as f64 / 1e6,
        total.one_way_trips.div_ceil(2),
        report.seconds.total.as_secs_f64(),
        (report.seconds.setup + report.seconds.offline).as_secs_f64(),
        report.seconds.online.as_secs_f64(),
    );
    if report.verified {
        line!(out, "  Verified: equal to the network in the clear.");
    }
}
