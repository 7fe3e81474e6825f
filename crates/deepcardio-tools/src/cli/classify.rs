//! `deepcardio classify`: recordings through the integer network, in the clear.

use std::fmt::Write;
use std::path::{Path, PathBuf};

use deepcardio::Model;
use deepcardio::architecture::Level;
use deepcardio::scores::{Label, argmax, probabilities};
use deepcardio_tools::fast::FastModel;
use ecg::{EcgError, Hints, Reading, Unit};
use serde::Serialize;

use super::outcome::Outcome;

/// Classify recordings in the clear.
#[derive(clap::Args)]
pub(super) struct Arguments {
    /// Recordings. `-` is standard input.
    #[arg(required = true)]
    files: Vec<PathBuf>,
    /// Model file.
    #[arg(long)]
    model: PathBuf,
    /// Print JSON, one object per file, each on its own line.
    #[arg(long)]
    json: bool,
    /// Sampling rate in Hz, if the file does not say.
    #[arg(long, value_name = "HZ")]
    rate: Option<f64>,
    /// Unit of the samples (mv, uv or v), if the file does not say.
    #[arg(long, value_name = "UNIT")]
    unit: Option<Unit>,
    /// Lead or column to read: its name, or its number counted from 1.
    #[arg(long, value_name = "NAME")]
    lead: Option<String>,
}

/// The result of one file.
#[derive(Serialize)]
struct Report {
    file: String,
    label: String,
    segments: Vec<SegmentReport>,
}

/// The result of one segment.
#[derive(Serialize)]
struct SegmentReport {
    label: String,
    /// How sure the label is; null if that was not measured for the model.
    confidence: Option<&'static str>,
    scores: Vec<i64>,
    probabilities: Vec<f64>,
}

pub(super) fn run(arguments: &Arguments) -> Outcome {
    let model = Model::load(&arguments.model)?;
    let fast = FastModel::new(&model);
    let mut reports = Vec::with_capacity(arguments.files.len());
    for file in &arguments.files {
        reports.push(classify(&model, &fast, file, arguments)?);
    }
    if arguments.json {
        let lines = reports.iter().map(serde_json::to_string).collect::<Result<Vec<_>, _>>()?;
        return Ok(lines.join("\n") + "\n");
    }
    Ok(reports.iter().map(print).collect())
}

fn classify(
    model: &Model,
    fast: &FastModel<'_>,
    file: &Path,
    arguments: &Arguments,
) -> Result<Report, Box<dyn std::error::Error>> {
    let architecture = model.architecture();
    let label = |scores: &[i64]| architecture.classes().get(argmax(scores)).cloned().unwrap_or_default();
    let hints = Hints { rate_hz: arguments.rate, unit: arguments.unit, lead: arguments.lead.clone() };
    let reading = read(file, &hints).map_err(|error| format!("{}: {error}", file.display()))?;
    let recording = reading.recording;
    let mut total = vec![0; architecture.classes().len()];
    let mut segments = Vec::new();
    for segment in ecg::segments(&recording, architecture.signal())? {
        let scores = fast.scores(&segment)?;
        total.iter_mut().zip(&scores).for_each(|(total, score)| *total += score);
        let confidence = Label::of(architecture, &scores).level.map(Level::name);
        let probabilities = probabilities(architecture, &scores);
        segments.push(SegmentReport { label: label(&scores), confidence, scores, probabilities });
    }
    Ok(Report { file: file.display().to_string(), label: label(&total), segments })
}

/// `-` is standard input.
fn read(file: &Path, hints: &Hints) -> Result<Reading, EcgError> {
    if file == Path::new("-") {
        ecg::read(std::io::stdin().lock(), file, hints)
    } else {
        ecg::open(file, hints)
    }
}

fn print(report: &Report) -> String {
    let mut text = String::new();
    let _ = writeln!(text, "{}: {}", report.file, report.label);
    for (index, segment) in report.segments.iter().enumerate() {
        let probabilities: Vec<String> = segment.probabilities.iter().map(|p| format!("{p:.3}")).collect();
        let _ = writeln!(
            text,
            "  segment {index}: {:<7} confidence {} scores {:?} probabilities {}",
            segment.label,
            segment.confidence.unwrap_or("unknown"),
            segment.scores,
            probabilities.join(" ")
        );
    }
    text
}
