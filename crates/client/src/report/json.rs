//! The report for programs: one JSON object a file, on one line.

use deepcardio::architecture::{self, Architecture, Level};
use serde::Serialize;

use super::file::{FileReport, Verdict};
use super::input::Input;
use super::profile;

/// The stable schema: that of `deepcardio classify --json`, with `traffic` and `seconds`.
#[derive(Serialize)]
struct File<'a> {
    file: String,
    /// How the file was understood.
    input: Input<'a>,
    segments: Vec<Segment<'a>>,
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
    label: &'a str,
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
struct Traffic {
    /// Bytes from client to server.
    up: u64,
    /// Bytes from server to client.
    down: u64,
    round_trips: u64,
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
    let file = File {
        file: report.path.display().to_string(),
        input: Input::of(&report.reading.understood),
        segments: report
            .verdicts()
            .into_iter()
            .map(|verdict| segment(report.architecture, verdict))
            .collect(),
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
        profile: with_profile.then(|| profile::rows(report.architecture, report.ledger)),
    };
    Ok(serde_json::to_string(&file)? + "\n")
}

fn segment(architecture: &Architecture, verdict: Verdict) -> Segment<'_> {
    Segment {
        label: verdict.name(architecture),
        confidence: verdict.label.level.map(Level::name),
        accuracy: verdict.accuracy(architecture).map(|(_, accuracy)| accuracy.into()),
        probabilities: verdict.probabilities(architecture),
        scores: verdict.scores,
    }
}
