//! `deepcardio confidence`: measures how sure a model's labels are, and writes it into the file.

use std::path::PathBuf;

use deepcardio::Model;
use deepcardio_tools::confidence::{self, Answer};
use deepcardio_tools::fast::FastModel;
use rayon::iter::{IntoParallelRefIterator, ParallelIterator};

use super::labelled::Labelled;
use super::outcome::Outcome;
use super::records::Records;
use super::table;

/// Measure a model's levels of confidence on labelled records, and write them into its file.
///
/// A record counts once, by its first segment of 30 s. Use records that the network was not trained
/// on.
#[derive(clap::Args)]
pub(super) struct Arguments {
    #[command(flatten)]
    labelled: Labelled,
    /// Model file; its weights stay as they are.
    #[arg(long)]
    model: PathBuf,
    /// Model file to write, in place of the one read.
    #[arg(short, long)]
    output: Option<PathBuf>,
}

pub(super) fn run(arguments: &Arguments) -> Outcome {
    let model = Model::load(&arguments.model)?;
    let (records, chosen) = arguments.labelled.open()?;
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
    let (truth, segments) = records.labelled(index, model.architecture())?;
    let first = segments.first().ok_or_else(|| records.failed(index, &"it has no segment"))?;
    let scores = fast.scores(first).map_err(|error| records.failed(index, &error))?;
    Ok(Answer { scores, truth })
}
