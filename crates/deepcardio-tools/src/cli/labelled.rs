//! The flags that name labelled records, for the commands that measure on them.

use std::path::PathBuf;

use super::records::Records;
use super::selection::Selection;

/// Which labelled records a command takes.
#[derive(clap::Args)]
pub(super) struct Labelled {
    /// Labelled records: arrays samples, offsets, record, label, fs, gain_adu_per_mv.
    #[arg(long, value_name = "NPZ")]
    data: PathBuf,
    /// Record numbers and ranges such as `17,100-250`, or `@FILE` that lists them. All if not
    /// given.
    #[arg(long)]
    records: Option<Selection>,
}

impl Labelled {
    /// The data set, and the places of the records chosen.
    pub(super) fn open(&self) -> Result<(Records, Vec<usize>), Box<dyn std::error::Error>> {
        let records = Records::open(&self.data)?;
        let chosen = records.chosen(self.records.as_ref());
        Ok((records, chosen))
    }
}
