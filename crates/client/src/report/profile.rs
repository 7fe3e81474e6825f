//! Seconds, bytes and round trips by phase, layer and part. The rows add up to what the socket
//! carried.

use std::fmt::Write as _;

use deepcardio::architecture::{Architecture, Stage};
use protocol::meter::{Entry, Ledger, Scope};
use serde::Serialize;

/// One line of the table.
#[derive(Serialize)]
pub(super) struct Row {
    phase: &'static str,
    layer: Option<String>,
    part: &'static str,
    seconds: f64,
    up: u64,
    down: u64,
    round_trips: f64,
}

pub(super) fn rows(architecture: &Architecture, ledger: &Ledger) -> Vec<Row> {
    ledger.entries().map(|(scope, entry)| row(architecture, scope, entry)).collect()
}

fn row(architecture: &Architecture, scope: Scope, entry: Entry) -> Row {
    let name = |layer| architecture.stages().get(layer).map(|stage: &Stage| stage.name.clone());
    Row {
        phase: scope.phase.name(),
        layer: scope.layer.and_then(name),
        part: scope.part.name(),
        seconds: entry.time.as_secs_f64(),
        up: entry.sent,
        down: entry.received,
        round_trips: entry.one_way_trips as f64 / 2.0,
    }
}

pub(super) fn table(architecture: &Architecture, ledger: &Ledger) -> String {
    let mut out = format!(
        "{:<8} {:<8} {:<10} {:>9} {:>13} {:>13} {:>7}\n",
        "phase", "layer", "part", "seconds", "bytes up", "bytes down", "trips"
    );
    let total = ledger.total(|_| true);
    let sum = Row {
        phase: "total",
        layer: None,
        part: "",
        seconds: total.time.as_secs_f64(),
        up: total.sent,
        down: total.received,
        round_trips: total.one_way_trips as f64 / 2.0,
    };
    for row in rows(architecture, ledger).into_iter().chain([sum]) {
        let layer = row.layer.as_deref().unwrap_or("");
        // Writing into a `String` cannot fail.
        let _infallible = writeln!(
            out,
            "{:<8} {:<8} {:<10} {:>9.3} {:>13} {:>13} {:>7.1}",
            row.phase, layer, row.part, row.seconds, row.up, row.down, row.round_trips
        );
    }
    out
}
