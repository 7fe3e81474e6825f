//! The report as CSV, JSON and Markdown.

use std::fmt::Write as _;

use super::Report;
use super::accounts::{Account, Column, Cost, Kind};
use super::scaling::{Point, Scaling};
use crate::Result;

/// One line for each backend, column and kind of work.
#[must_use]
pub fn csv(report: &Report) -> String {
    let mut out = String::from("backend,column,kind,seconds,milliseconds_per_window,bytes_up,bytes_down\n");
    for account in &report.accounts {
        for column in &account.columns {
            for (kind, Cost { seconds, up, down }) in column.stack() {
                let (backend, column) = (&account.backend, &column.name);
                let kind = kind.name().replace(", ", "-").replace(' ', "-");
                let milliseconds = 1e3 * seconds / report.windows as f64;
                // Writing into a `String` cannot fail.
                let _infallible =
                    writeln!(out, "{backend},{column},{kind},{seconds:.6},{milliseconds:.4},{up},{down}");
            }
        }
    }
    out
}

/// Everything.
///
/// # Errors
/// None that could occur with these types.
pub fn json(report: &Report) -> Result<String> {
    Ok(serde_json::to_string_pretty(report)?)
}

/// For people.
#[must_use]
pub fn markdown(report: &Report) -> String {
    let mut out = format!(
        "# Time and traffic of one classification of {} windows\n\n{}. Loopback TCP; the session of median time of {}.\n",
        report.windows,
        report.machine.line(),
        report.sessions
    );
    for account in &report.accounts {
        out += &section(report, account);
    }
    out += &summary(report);
    out += &scaling(&report.scaling);
    out
}

fn section(report: &Report, account: &Account) -> String {
    let heads: Vec<String> = Kind::ALL.iter().map(|kind| format!("{} ms", kind.name())).collect();
    let mut out = format!(
        "\n## Backend `{}`, per layer and window\n\n| layer | {} | kB up | kB down |\n|---{}|\n",
        account.backend,
        heads.join(" | "),
        "|---".repeat(heads.len() + 2)
    );
    for column in &account.columns {
        out += &line(column, report.windows as f64);
    }
    out
}

fn line(column: &Column, windows: f64) -> String {
    let times: Vec<String> =
        column.costs.iter().map(|cost| format!("{:.3}", 1e3 * cost.seconds / windows)).collect();
    let kilobytes = |bytes: u64| bytes as f64 / 1e3 / windows;
    let up: u64 = column.costs.iter().map(|cost| cost.up).sum();
    let down: u64 = column.costs.iter().map(|cost| cost.down).sum();
    format!("| {} | {} | {:.1} | {:.1} |\n", column.name, times.join(" | "), kilobytes(up), kilobytes(down))
}

fn summary(report: &Report) -> String {
    let mut out = String::from(
        "\n## Per classification\n\n| | set-up s | offline s | online s | all s | per window s | MB | online round trips |\n|---|---|---|---|---|---|---|---|\n",
    );
    for account in &report.accounts {
        let total = account.total();
        let _infallible = writeln!(
            out,
            "| `{}` | {:.3} | {:.3} | {:.3} | {:.3} | {:.4} | {:.1} | {} |",
            account.backend,
            account.setup.seconds,
            account.offline.seconds,
            account.online.seconds,
            total.seconds,
            total.seconds / report.windows as f64,
            total.bytes() as f64 / 1e6,
            account.online_round_trips
        );
    }
    let published = report.published;
    let _infallible = writeln!(
        out,
        "| published (Chervet et al.), other machines | | | | ~{} | ~{} | | |",
        published.seconds_per_classification, published.seconds_per_window
    );
    out
}

fn scaling(scaling: &Scaling) -> String {
    let mut out = String::from("\n## How cost grows (`ot`)\n\n");
    out += "| windows | non-linear results | s | MB | microseconds a result |\n|---|---|---|---|---|\n";
    for point in &scaling.windows {
        let results = point.results.unwrap_or(0);
        let each = 1e6 * point.seconds / results.max(1) as f64;
        let _infallible = writeln!(
            out,
            "| {} | {results} | {:.3} | {} | {each:.2} |",
            point.size,
            point.seconds,
            megabytes(point)
        );
    }
    out += "\n| segments in one session | s | MB | s a segment |\n|---|---|---|---|\n";
    for point in &scaling.segments {
        let each = point.seconds / point.size as f64;
        let _infallible =
            writeln!(out, "| {} | {:.3} | {} | {each:.3} |", point.size, point.seconds, megabytes(point));
    }
    out += "\n| sessions at once | classifications | s | classifications a second |\n|---|---|---|---|\n";
    for point in &scaling.sessions {
        let all = point.size * scaling.segments_side_by_side;
        let rate = all as f64 / point.seconds;
        let _infallible = writeln!(out, "| {} | {all} | {:.3} | {rate:.2} |", point.size, point.seconds);
    }
    out
}

fn megabytes(point: &Point) -> String {
    point.bytes.map_or_else(String::new, |bytes| format!("{:.2}", bytes as f64 / 1e6))
}
