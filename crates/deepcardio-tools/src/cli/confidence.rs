//! `deepcardio confidence`: measures how sure a model's labels are, and writes it into the file.

use std::path::PathBuf;

use deepcardio::Model;
use deepcardio_tools::confidence::{self, Answer};
use deepcardio_tools::fast::FastModel;
use rayon::iter::{IntoParallelRefIterator, ParallelIterator};

use super::outcome::Outcome;
use super::records::Records;
use super::selection::Selection;
use super::table;

/// Measure a model's levels of confidence on labelled records, and write them into its file.
///
/// A record counts once, by its first segment of 30 s. Use records that the network was not trained
/// on.
#[derive(clap::Args)]
pub(super) struct Arguments {
    /// Labelled records: arrays samples, offsets, record, label, fs, gain_adu_per_mv.
    #[arg(long, value_name = "NPZ")]
    data: PathBuf,
    /// Model file; its weights stay as they are.
    #[arg(long)]
    model: PathBuf,
    /// Record numbers and ranges such as `17,100-250`, or `@FILE` that lists them. All if not
    /// given.
    #[arg(long)]
    records: Option<Selection>,
    /// Model file to write, in place of the one read.
    #[arg(short, long)]
    output: Option<PathBuf>,
}

pub(super) fn run(arguments: &Arguments) -> Outcome {
    let model = Model::load(&arguments.model)?;
    let records = Records::open(&arguments.data)?;
    let chosen = records.chosen(arguments.records.as_ref());
    let fast = FastModel::new(&model);
    let answers: Vec<Answer> =
        chosen.par_iter().map(|&index| answer(&model, &fast, &records, index)).collect::<Result<_, _>>()?;
    let measured = confidence::measure(model.architecture(), &answers)?;
    let model = model.with_confidence(Some(measured))?;
    std::fs::write(arguments.output.as_ref().unwrap_or(&arguments.model), model.to_bytes())?;
    Ok(table::confidence(model.architecture()))
}

/// Scores of the first segment of a record.
fn answer(model: &Model, fast: &FastModel<'_>, records: &Records, index: usize) -> Result<Answer, String> {
    let failed = |error: &dyn std::fmt::Display| {
        format!("record {}: {error}", records.number(index).unwrap_or_default())
    };
    let architecture = model.architecture();
    let truth = records.label(index).filter(|&label| label < architecture.classes().len());
    let truth = truth.ok_or_else(|| failed(&"its label is none of the model's classes"))?;
    let recording = records.recording(index).map_err(|error| failed(&error))?;
    let segments = ecg::segments(&recording, architecture.signal()).map_err(|error| failed(&error))?;
    let first = segments.first().ok_or_else(|| failed(&"it has no segment"))?;
    let scores = fast.scores(first).map_err(|error| failed(&error))?;
    Ok(Answer { scores, truth })
}
