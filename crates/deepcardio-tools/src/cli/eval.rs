//! `deepcardio eval`: a model on a file of labelled records.

use std::fmt::Write;
use std::path::PathBuf;

use deepcardio::Model;
use deepcardio::scores::argmax;
use deepcardio_tools::fast::FastModel;
use deepcardio_tools::float::Twin;
use deepcardio_tools::import;
use ecg::{Segment, Signal};
use rayon::iter::{IntoParallelRefIterator, ParallelIterator};
use serde::Serialize;

use super::labelled::Labelled;
use super::metrics::{ClassFigures, Confusion};
use super::outcome::Outcome;
use super::records::Records;

/// Evaluate a model on labelled records.
#[derive(clap::Args)]
pub(super) struct Arguments {
    #[command(flatten)]
    labelled: Labelled,
    /// Model file.
    #[arg(long)]
    model: PathBuf,
    /// The float network in HDF5, to compare with.
    #[arg(long, value_name = "H5")]
    float: Option<PathBuf>,
    /// Print JSON.
    #[arg(long)]
    json: bool,
}

/// What `--json` prints. `agreement` and `float_*` are null without `--float`.
#[derive(Serialize)]
struct Report {
    records: u64,
    accuracy: f64,
    challenge_score: f64,
    agreement: Option<f64>,
    float_accuracy: Option<f64>,
    float_challenge_score: Option<f64>,
    classes: Vec<String>,
    /// `[true class][predicted class]`.
    confusion: Confusion,
    per_class: Vec<ClassFigures>,
}

/// Labels of one record.
struct Verdict {
    truth: usize,
    integer: usize,
    float: Option<usize>,
}

pub(super) fn run(arguments: &Arguments) -> Outcome {
    let model = Model::load(&arguments.model)?;
    let imported = arguments.float.as_deref().map(import::read).transpose()?;
    let twin = imported.as_ref().map(|imported| Twin::new(&imported.network));
    if imported.as_ref().is_some_and(|imported| imported.network.input() != model.architecture().input()) {
        return Err("the float network takes windows of another shape than the model".into());
    }
    let (records, chosen) = arguments.labelled.open()?;
    let fast = FastModel::new(&model);
    let verdicts: Vec<Verdict> = chosen
        .par_iter()
        .map(|&index| judge(&model, &fast, twin.as_ref(), &records, index))
        .collect::<Result<_, _>>()?;
    let report = report(&verdicts, model.architecture().classes());
    Ok(if arguments.json { serde_json::to_string_pretty(&report)? + "\n" } else { print(&report) })
}

/// Classifies one record: its scores are the sum over its segments.
fn judge(
    model: &Model,
    fast: &FastModel<'_>,
    twin: Option<&Twin<'_>>,
    records: &Records,
    index: usize,
) -> Result<Verdict, String> {
    let (truth, segments) = records.labelled(index, model.architecture())?;
    let (signal, classes) = (model.architecture().signal(), model.architecture().classes().len());
    let mut integer = vec![0; classes];
    let mut float = vec![0.0; classes];
    for segment in &segments {
        let scores = fast.scores(segment).map_err(|error| records.failed(index, &error))?;
        integer.iter_mut().zip(scores).for_each(|(total, score)| *total += score);
        if let Some(twin) = twin {
            let scores = twin.scores(&millivolts(segment, signal));
            float.iter_mut().zip(scores).for_each(|(total, score)| *total += score);
        }
    }
    Ok(Verdict { truth, integer: argmax(&integer), float: twin.map(|_| argmax(&float)) })
}

/// What the float network reads: the quantised samples in millivolts.
fn millivolts(segment: &Segment, signal: &Signal) -> Vec<f32> {
    segment.windows(signal).flatten().map(|&sample| (f64::from(sample) / signal.input_scale) as f32).collect()
}

fn report(verdicts: &[Verdict], classes: &[String]) -> Report {
    let mut confusion = Confusion::new(classes.len());
    let mut float = Confusion::new(classes.len());
    let mut agreeing = 0u32;
    for verdict in verdicts {
        confusion.add(verdict.truth, verdict.integer);
        if let Some(label) = verdict.float {
            float.add(verdict.truth, label);
            agreeing += u32::from(label == verdict.integer);
        }
    }
    let compared = float.total() > 0;
    Report {
        records: confusion.total(),
        accuracy: confusion.accuracy(),
        challenge_score: confusion.challenge_score(),
        agreement: compared.then(|| f64::from(agreeing) / float.total() as f64),
        float_accuracy: compared.then(|| float.accuracy()),
        float_challenge_score: compared.then(|| float.challenge_score()),
        classes: classes.to_vec(),
        per_class: confusion.figures(classes),
        confusion,
    }
}

fn print(report: &Report) -> String {
    let mut text = format!("{} records; rows: true class, columns: predicted\n{:<10}", report.records, "");
    for class in &report.classes {
        let _ = write!(text, " {class:>8}");
    }
    for (class, row) in report.classes.iter().zip(report.confusion.rows()) {
        let _ = write!(text, "\n{class:<10}");
        for count in row {
            let _ = write!(text, " {count:>8}");
        }
    }
    let _ = writeln!(text, "\n\n{:<10} {:>11} {:>11} {:>8}", "class", "sensitivity", "specificity", "F1");
    for figures in &report.per_class {
        let ClassFigures { class, sensitivity, specificity, f1, .. } = figures;
        let _ = writeln!(text, "{class:<10} {sensitivity:>11.4} {specificity:>11.4} {f1:>8.4}");
    }
    let _ = writeln!(text, "\naccuracy         {:.4}", report.accuracy);
    let _ = writeln!(text, "challenge score  {:.4}", report.challenge_score);
    if let (Some(agreement), Some(accuracy), Some(score)) =
        (report.agreement, report.float_accuracy, report.float_challenge_score)
    {
        let _ = writeln!(text, "float            {accuracy:.4} accuracy, {score:.4} challenge score");
        let _ = writeln!(text, "agreement        {agreement:.4} of the labels, float against integer");
    }
    text
}
