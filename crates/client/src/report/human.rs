//! The report for people.

use std::fmt::Write as _;

use super::file::{FileReport, Verdict};
use super::profile;

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
    let recording = report.recording;
    line!(out, "{}: {:.1} s at {} Hz", report.path.display(), recording.seconds(), recording.rate_hz());
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
    if let Some(probabilities) = verdict.probabilities(report.architecture) {
        for (class, probability) in report.architecture.classes().iter().zip(probabilities) {
            line!(out, "    {:<20} {:5.1} %", rhythm(class), 100.0 * probability);
        }
    }
}

fn segments(out: &mut String, report: &FileReport<'_>, verdicts: &[Verdict]) {
    for (index, segment) in verdicts.iter().enumerate() {
        let certainty = segment
            .probabilities(report.architecture)
            .and_then(|p| p.get(segment.label).copied())
            .map_or(String::new(), |p| format!(" ({:.1} %)", 100.0 * p));
        let name = rhythm(segment.name(report.architecture));
        line!(out, "  Segment {} of {}: {name}{certainty}", index + 1, verdicts.len());
    }
    line!(out, "  Whole record: {}", rhythm(report.overall().name(report.architecture)));
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
