//! Reading a file of labelled records: a zip of npy arrays `samples`, `offsets`, `record`, `label`,
//! `fs` and `gain_adu_per_mv`. Samples are read once.

use std::fs::File;
use std::io::BufReader;
use std::path::Path;

use deepcardio::architecture::Architecture;
use ecg::{EcgError, Recording, Segment};
use npyz::{Deserialize, NpyFile};
use zip::ZipArchive;
use zip::result::ZipError;

use super::selection::Selection;

/// Values of one array.
const MAX_VALUES: u64 = 1 << 28;

/// Labelled records of one data set.
pub(super) struct Records {
    samples: Vec<i16>,
    offsets: Vec<usize>,
    numbers: Vec<u32>,
    labels: Vec<u8>,
    rate_hz: f64,
    gain: f64,
}

impl Records {
    /// Reads and checks the file.
    pub(super) fn open(path: &Path) -> Result<Self, Box<dyn std::error::Error>> {
        let file = File::open(path).map_err(|error| format!("{}: {error}", path.display()))?;
        let mut archive = ZipArchive::new(BufReader::new(file))?;
        let offsets: Vec<i64> = read(&mut archive, "offsets")?;
        let offsets = offsets.into_iter().map(usize::try_from).collect::<Result<Vec<_>, _>>()?;
        let records = Self {
            samples: read(&mut archive, "samples")?,
            offsets,
            numbers: read(&mut archive, "record")?,
            labels: read(&mut archive, "label")?,
            rate_hz: scalar(&read::<u32>(&mut archive, "fs")?)?,
            gain: scalar(&read::<u32>(&mut archive, "gain_adu_per_mv")?)?,
        };
        records.check()?;
        Ok(records)
    }
}

impl Records {
    fn check(&self) -> Result<(), String> {
        let count = self.labels.len();
        if self.numbers.len() != count || self.offsets.len() != count + 1 {
            return Err("`record`, `label` and `offsets` do not have matching lengths".into());
        }
        if !self.offsets.is_sorted() || self.offsets.last().is_some_and(|&end| end > self.samples.len()) {
            return Err("`offsets` do not ascend within `samples`".into());
        }
        if self.gain <= 0.0 {
            return Err("`gain_adu_per_mv` is not positive".into());
        }
        Ok(())
    }

    /// Indices of the selected records, all without a selection.
    pub(super) fn chosen(&self, selection: Option<&Selection>) -> Vec<usize> {
        let is_chosen = |&index: &usize| match (selection, self.number(index)) {
            (Some(selection), Some(number)) => selection.contains(number),
            _ => true,
        };
        (0..self.len()).filter(is_chosen).collect()
    }

    /// The true class of a record, one of the model's, and its segments.
    pub(super) fn labelled(
        &self,
        index: usize,
        architecture: &Architecture,
    ) -> Result<(usize, Vec<Segment>), String> {
        let failed = |error: &dyn std::fmt::Display| self.failed(index, error);
        let truth = self.label(index).filter(|&label| label < architecture.classes().len());
        let truth = truth.ok_or_else(|| failed(&"its label is none of the model's classes"))?;
        let recording = self.recording(index).map_err(|error| failed(&error))?;
        let segments = ecg::segments(&recording, architecture.signal()).map_err(|error| failed(&error))?;
        Ok((truth, segments))
    }

    /// Says which record an error is about.
    pub(super) fn failed(&self, index: usize, error: &dyn std::fmt::Display) -> String {
        format!("record {}: {error}", self.number(index).unwrap_or_default())
    }

    /// Number of records.
    pub(super) fn len(&self) -> usize {
        self.labels.len()
    }

    /// Number of the record at `index`.
    pub(super) fn number(&self, index: usize) -> Option<u32> {
        self.numbers.get(index).copied()
    }

    /// Label of the record at `index`.
    pub(super) fn label(&self, index: usize) -> Option<usize> {
        self.labels.get(index).copied().map(usize::from)
    }

    /// The record at `index` in millivolts. One that does not exist is an error as an empty one is.
    pub(super) fn recording(&self, index: usize) -> Result<Recording, EcgError> {
        let range = match (self.offsets.get(index), self.offsets.get(index + 1)) {
            (Some(&start), Some(&end)) => start..end,
            _ => 0..0,
        };
        let samples = self.samples.get(range).unwrap_or_default();
        let millivolts = samples.iter().map(|&sample| f64::from(sample) / self.gain).collect();
        Recording::new(self.rate_hz, millivolts)
    }
}

fn read<T: Deserialize>(
    archive: &mut ZipArchive<BufReader<File>>,
    name: &str,
) -> Result<Vec<T>, Box<dyn std::error::Error>> {
    let entry = archive.by_name(&format!("{name}.npy")).map_err(|error| match error {
        ZipError::FileNotFound => format!("the file has no array `{name}`"),
        error => format!("array `{name}`: {error}"),
    })?;
    let array = NpyFile::new(entry)?;
    if array.len() > MAX_VALUES {
        return Err(
            format!("array `{name}` has {} values, at most {MAX_VALUES} are read", array.len()).into()
        );
    }
    let values = array.data::<T>().map_err(|error| format!("array `{name}`: {error}"))?;
    Ok(values.collect::<Result<_, _>>()?)
}

fn scalar(values: &[u32]) -> Result<f64, String> {
    match values {
        [value] => Ok(f64::from(*value)),
        _ => Err("`fs` and `gain_adu_per_mv` must hold one value each".into()),
    }
}
