//! The report for programs: one JSON object a file, on one line.

use deepcardio::architecture::{self, Level};
use serde::Serialize;

use super::episodes::{self, Episodes};
use super::file::{FileReport, Part, Verdict};
use super::input::Input;
use super::profile;

/// Version of the schema. It grows when a field changes its meaning or goes away.
pub(super) const SCHEMA_VERSION: u32 = 1;

/// The stable schema: that of `deepcardio classify --json`, with `traffic` and `seconds`.
#[derive(Serialize)]
struct File<'a> {
    schema_version: u32,
    file: String,
    /// How the file was understood.
    input: Input<'a>,
    /// The id of the server's weights; null if no server was called.
    model_id: Option<String>,
    segments: Vec<Segment<'a>>,
    /// What was found in which segments.
    episodes: Episodes<'a>,
    /// Of the whole record: the class with the greatest sum of scores; null if the server reveals
    /// labels of segments alone.
    label: Option<&'a str>,
    traffic: Traffic,
    seconds: Seconds,
    verified: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    profile: Option<Vec<profile::Row>>,
}

#[derive(Serialize)]
struct Segment<'a> {
    /// In seconds of the recording, as are all times.
    from_s: f64,
    to_s: f64,
    /// `rhythm`, `uncertain` (the two best classes are too near to tell) or `unreadable`.
    result: &'static str,
    /// Beats a minute; null where too few were found.
    heart_rate: Option<f64>,
    findings: Vec<Finding>,
    /// The likeliest class; null if the segment is unreadable, as are the next four.
    label: Option<&'a str>,
    /// How sure the label is: `uncertain`, `low`, `medium` or `high`; null if that was not measured
    /// for the model.
    confidence: Option<&'static str>,
    /// How often answers of this confidence were right.
    accuracy: Option<Accuracy>,
    scores: Option<Vec<i64>>,
    probabilities: Option<Vec<f64>>,
}

/// Counted on validation records.
#[derive(Serialize)]
struct Accuracy {
    /// The share of answers that were right.
    share: f64,
    /// Its 95 % interval, by Wilson.
    interval: [f64; 2],
    /// How many answers were counted.
    records: u32,
}

impl From<architecture::Accuracy> for Accuracy {
    fn from(counted: architecture::Accuracy) -> Self {
        Self { share: counted.share(), interval: counted.interval().into(), records: counted.of }
    }
}

#[derive(Serialize)]
struct Finding {
    kind: &'static str,
    severity: &'static str,
    from_s: f64,
    to_s: f64,
    measure: f64,
    text: String,
}

#[derive(Serialize)]
struct Traffic {
    /// Bytes from client to server.
    up: u64,
    /// Bytes from server to client.
    down: u64,
    round_trips: u64,
}

fn hexadecimal(id: [u8; 16]) -> String {
    id.iter().map(|byte| format!("{byte:02x}")).collect()
}

#[derive(Serialize)]
struct Seconds {
    setup: f64,
    offline: f64,
    online: f64,
    total: f64,
}

pub(super) fn render(report: &FileReport<'_>, with_profile: bool) -> serde_json::Result<String> {
    let total = report.ledger.total(|_| true);
    let seconds = report.seconds;
    let parts = report.parts();
    let file = File {
        schema_version: SCHEMA_VERSION,
        file: report.path.display().to_string(),
        input: Input::of(&report.reading.understood),
        model_id: report.model_id.map(hexadecimal),
        segments: parts.iter().map(segment).collect(),
        episodes: episodes::of(&parts),
        label: report.overall(),
        traffic: Traffic {
            up: total.sent,
            down: total.received,
            round_trips: total.one_way_trips.div_ceil(2),
        },
        seconds: Seconds {
            setup: seconds.setup.as_secs_f64(),
            offline: seconds.offline.as_secs_f64(),
            online: seconds.online.as_secs_f64(),
            total: seconds.total.as_secs_f64(),
        },
        verified: report.verified,
        profile: report
            .architecture
            .filter(|_| with_profile)
            .map(|network| profile::rows(network, report.ledger)),
    };
    Ok(serde_json::to_string(&file)? + "\n")
}

fn segment<'a>(part: &Part<'a>) -> Segment<'a> {
    let (checked, verdict) = (part.checked, part.verdict.as_ref());
    let findings = checked.examination.findings.iter().map(|finding| Finding {
        kind: finding.kind.name(),
        severity: finding.severity.name(),
        from_s: finding.from_s,
        to_s: finding.to_s,
        measure: finding.measure,
        text: finding.to_string(),
    });
    Segment {
        from_s: checked.from_s,
        to_s: checked.to_s,
        result: match verdict {
            None => "unreadable",
            Some(verdict) if verdict.is_uncertain() => "uncertain",
            Some(_) => "rhythm",
        },
        heart_rate: checked.examination.heart_rate,
        findings: findings.collect(),
        label: verdict.map(Verdict::name),
        confidence: verdict.and_then(|verdict| verdict.label.level).map(Level::name),
        accuracy: verdict.and_then(Verdict::accuracy).map(|(_, accuracy)| accuracy.into()),
        probabilities: verdict.and_then(Verdict::probabilities),
        scores: verdict.and_then(|verdict| verdict.scores.clone()),
    }
}
