//! The report for programs: one JSON object a file, on one line.

use serde::Serialize;

use super::file::FileReport;
use super::profile;

/// The stable schema: that of `deepcardio classify --json`, with `traffic` and `seconds`.
#[derive(Serialize)]
struct File<'a> {
    file: String,
    segments: Vec<Segment<'a>>,
    /// Of the whole record: the class with the greatest sum of scores.
    label: &'a str,
    traffic: Traffic,
    seconds: Seconds,
    verified: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    profile: Option<Vec<profile::Row>>,
}

#[derive(Serialize)]
struct Segment<'a> {
    label: &'a str,
    scores: Option<Vec<i64>>,
    probabilities: Option<Vec<f64>>,
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
    let overall = report.overall();
    let file = File {
        file: report.path.display().to_string(),
        segments: report
            .verdicts()
            .into_iter()
            .map(|verdict| Segment {
                label: verdict.name(report.architecture),
                probabilities: verdict.probabilities(report.architecture),
                scores: verdict.scores,
            })
            .collect(),
        label: overall.name(report.architecture),
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
