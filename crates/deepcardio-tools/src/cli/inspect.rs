//! `deepcardio inspect`: what a model file holds, except the weights.

use std::path::PathBuf;

use deepcardio::Model;

use super::outcome::Outcome;
use super::table;

/// Show what a model file holds.
#[derive(clap::Args)]
pub(super) struct Arguments {
    /// Model file.
    model: PathBuf,
}

pub(super) fn run(arguments: &Arguments) -> Outcome {
    Ok(table::describe(&Model::load(&arguments.model)?))
}
