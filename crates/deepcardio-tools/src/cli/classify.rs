//! `deepcardio classify`: recordings through the integer network, in the clear.

use std::fmt::Write;
use std::path::{Path, PathBuf};

use deepcardio::Model;
use deepcardio::architecture::Level;
use deepcardio::scores::{Label, argmax, probabilities};
use deepcardio_tools::fast::FastModel;
use ecg::quality::{Examination, Finding};
use ecg::{EcgError, Hints, Reading, Unit};
use serde::Serialize;

use super::judgement::Judgement;
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
    /// The class with the greatest sum of scores over the segments that can be read, or
    /// `unreadable`.
    label: String,
    segments: Vec<SegmentReport>,
}

/// The result of one segment.
#[derive(Serialize)]
struct SegmentReport {
    /// A class, or `unreadable`.
    label: String,
    /// Beats a minute; null where too few were found.
    heart_rate: Option<f64>,
    /// What the signal check found.
    findings: Vec<String>,
    /// How sure the label is; null if that was not measured for the model.
    confidence: Option<&'static str>,
    /// Null if the segment is unreadable, as is the next.
    scores: Option<Vec<i64>>,
    probabilities: Option<Vec<f64>>,
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
    let hints = Hints { rate_hz: arguments.rate, unit: arguments.unit, lead: arguments.lead.clone() };
    let reading = read(file, &hints).map_err(|error| format!("{}: {error}", file.display()))?;
    let recording = reading.recording;
    let judgement = Judgement::of(model, fast, &recording)?;
    let name = |class: Option<usize>| {
        class.map_or("unreadable".to_owned(), |class| {
            architecture.classes().get(class).cloned().unwrap_or_default()
        })
    };
    let segment = |(examination, scores): (&Examination, &Option<Vec<i64>>)| SegmentReport {
        label: name(scores.as_deref().map(argmax)),
        heart_rate: examination.heart_rate,
        findings: examination.findings.iter().map(words).collect(),
        confidence: scores
            .as_deref()
            .and_then(|scores| Label::of(architecture, scores).level)
            .map(Level::name),
        probabilities: scores.as_deref().map(|scores| probabilities(architecture, scores)),
        scores: scores.clone(),
    };
    let segments = judgement.examinations.iter().zip(&judgement.scores).map(segment).collect();
    let label = name(judgement.class());
    Ok(Report { file: file.display().to_string(), label, segments })
}

/// `-` is standard input.
fn read(file: &Path, hints: &Hints) -> Result<Reading, EcgError> {
    if file == Path::new("-") {
        ecg::read(std::io::stdin().lock(), file, hints)
    } else {
        ecg::open(file, hints)
    }
}

fn words(finding: &Finding) -> String {
    format!("{}: {finding}", finding.severity.name())
}

fn print(report: &Report) -> String {
    let mut text = String::new();
    let _ = writeln!(text, "{}: {}", report.file, report.label);
    for (index, segment) in report.segments.iter().enumerate() {
        let probabilities: Vec<String> =
            segment.probabilities.iter().flatten().map(|p| format!("{p:.3}")).collect();
        let _ = writeln!(
            text,
            "  segment {index}: {:<7} confidence {} scores {:?} probabilities {}",
            segment.label,
            segment.confidence.unwrap_or("unknown"),
            segment.scores.as_deref().unwrap_or_default(),
            probabilities.join(" ")
        );
        segment.findings.iter().for_each(|finding| text.push_str(&format!("    {finding}\n")));
    }
    text
}
