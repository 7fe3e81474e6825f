//! The figure: stacked bars per layer, time above and bytes below, one column of panels for each
//! backend, totals beside.

use plotters::backend::SVGBackend;
use plotters::drawing::IntoDrawingArea;
use plotters::element::{Rectangle, Text};
use plotters::style::text_anchor::{HPos, VPos};
use plotters::style::{Color, RGBColor, WHITE};

use super::Report;
use super::accounts::{Account, Kind};
use crate::Result;
use panel::{Bar, Stacks, Totals};
use style::{Area, colour, digits, text};

mod panel;
mod style;

const PANEL_WIDTH: u32 = 620;
const TOTALS_WIDTH: u32 = 520;
const PANEL_HEIGHT: u32 = 440;
const HEAD_HEIGHT: u32 = 124;
const FOOT_HEIGHT: u32 = 88;
const MARGIN: i32 = 24;

const PUBLISHED_COLOUR: RGBColor = RGBColor(60, 60, 60);
const ALL_COLOUR: RGBColor = RGBColor(0, 128, 96);
const ONLINE_COLOUR: RGBColor = RGBColor(140, 205, 180);

/// Draws the figure.
///
/// # Errors
/// None that could occur when drawing into a string.
pub fn svg(report: &Report) -> Result<String> {
    let backends = u32::try_from(report.accounts.len())?;
    let size = (
        PANEL_WIDTH * backends + TOTALS_WIDTH + 2 * MARGIN.unsigned_abs(),
        HEAD_HEIGHT + 2 * PANEL_HEIGHT + FOOT_HEIGHT,
    );
    let mut out = String::new();
    {
        let root = SVGBackend::with_string(&mut out, size).into_drawing_area();
        root.fill(&WHITE)?;
        let (head, body) = root.split_vertically(HEAD_HEIGHT);
        let (body, foot) = body.split_vertically(2 * PANEL_HEIGHT);
        heading(&head, report)?;
        panels(&body.margin(0, 0, MARGIN, MARGIN), report)?;
        footing(&foot, report)?;
        root.present()?;
    }
    Ok(out)
}

fn heading(area: &Area<'_>, report: &Report) -> Result<()> {
    let title = format!(
        "Private DeepCardio inference: time and traffic per layer and window (of {})",
        report.windows
    );
    area.draw(&Text::new(title, (MARGIN, 18), text(26, HPos::Left, VPos::Top)))?;
    let caption = "Each bar is one layer's share of a classification divided by the number of windows; \
                   both parties over loopback TCP on one machine.";
    area.draw(&Text::new(caption, (MARGIN, 54), text(15, HPos::Left, VPos::Top)))?;
    for (place, kind) in (0..).zip(Kind::ALL) {
        let x = MARGIN + place * 215;
        area.draw(&Rectangle::new([(x, 88), (x + 20, 104)], colour(kind).filled()))?;
        area.draw(&Text::new(kind.name(), (x + 28, 96), text(16, HPos::Left, VPos::Center)))?;
    }
    Ok(())
}

fn panels(area: &Area<'_>, report: &Report) -> Result<()> {
    let (mut times, mut bytes) = area.split_vertically(PANEL_HEIGHT);
    let windows = report.windows as f64;
    let stacks: Vec<[Stacks; 2]> = report.accounts.iter().map(|account| stacks(account, windows)).collect();
    let longest = stacks.iter().map(|[time, _]| time.highest()).fold(0.0, f64::max);
    for [time, traffic] in &stacks {
        let (left, right) = times.split_horizontally(PANEL_WIDTH);
        time.draw(&left, longest)?;
        times = right;
        let (left, right) = bytes.split_horizontally(PANEL_WIDTH);
        traffic.draw(&left, traffic.highest())?;
        bytes = right;
    }
    total_times(report).draw(&times)?;
    total_bytes(report).draw(&bytes)
}

fn stacks(account: &Account, windows: f64) -> [Stacks; 2] {
    let values = |value: &dyn Fn(&super::accounts::Cost) -> f64| {
        account
            .columns
            .iter()
            .map(|column| (column.name.clone(), column.costs.each_ref().map(value)))
            .collect()
    };
    let backend = match account.backend.as_str() {
        "gc" => "garbled circuits (gc)",
        "ot" => "oblivious transfer (ot)",
        other => other,
    };
    [
        Stacks {
            title: format!("Time, {backend}"),
            unit: "ms per window",
            columns: values(&|cost| 1e3 * cost.seconds / windows),
        },
        Stacks {
            title: format!("Traffic, {backend}"),
            unit: "kB per window, both directions",
            columns: values(&|cost| cost.bytes() as f64 / 1e3 / windows),
        },
    ]
}

fn total_times(report: &Report) -> Totals {
    let windows = report.windows as f64;
    let published = report.published;
    let mut bars = vec![Bar {
        names: ["published".into(), String::new()],
        value: published.seconds_per_window,
        labels: [
            format!("~{} s", published.seconds_per_window),
            format!("~{} s", published.seconds_per_classification),
        ],
        colour: PUBLISHED_COLOUR,
    }];
    for account in &report.accounts {
        let all = (account.total().seconds, "all phases", ALL_COLOUR);
        let online = (account.online.seconds, "online", ONLINE_COLOUR);
        for (seconds, phases, colour) in [all, online] {
            bars.push(Bar {
                names: [account.backend.clone(), phases.into()],
                value: seconds / windows,
                labels: [format!("{} s", digits(seconds / windows)), format!("{} s", digits(seconds))],
                colour,
            });
        }
    }
    Totals {
        title: "Time in all, log scale",
        unit: "s per window",
        below: "upper label: per window, lower: per classification",
        bars,
    }
}

fn total_bytes(report: &Report) -> Totals {
    let windows = report.windows as f64;
    let mut bars = Vec::new();
    for account in &report.accounts {
        let all = (account.total(), "all phases", ALL_COLOUR);
        let online = (account.online, "online", ONLINE_COLOUR);
        for (cost, phases, colour) in [all, online] {
            let megabytes = cost.bytes() as f64 / 1e6;
            bars.push(Bar {
                names: [account.backend.clone(), phases.into()],
                value: megabytes / windows,
                labels: [format!("{} MB", digits(megabytes / windows)), format!("{} MB", digits(megabytes))],
                colour,
            });
        }
    }
    Totals {
        title: "Traffic in all, log scale",
        unit: "MB per window",
        below: "labels as above; no traffic was published",
        bars,
    }
}

fn footing(area: &Area<'_>, report: &Report) -> Result<()> {
    let lines = [
        report.machine.line(),
        format!(
            "Session of median time of {} for each backend. Published: Chervet et al., text to \
             figure 2, a laptop and a workstation.",
            report.sessions
        ),
        "head: the layers on the sequence of windows, and the scores; shared: handshake, keys, base \
         OTs, requests. The OT extension of `ot`, made for all layers at once, is split by the \
         correlated OTs that each layer consumes."
            .into(),
    ];
    for (place, line) in (0..).zip(lines) {
        area.draw(&Text::new(line, (MARGIN, 12 + 22 * place), text(14, HPos::Left, VPos::Top)))?;
    }
    Ok(())
}
