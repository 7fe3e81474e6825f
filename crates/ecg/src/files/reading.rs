//! What a reader gives: the recording, and what it understood of the file.

use std::fmt;

use super::format::Format;
use super::hints::Unit;
use super::note::Note;
use crate::recording::Recording;

/// A recording and how its file was understood.
#[derive(Clone, Debug)]
pub struct Reading {
    /// The recording.
    pub recording: Recording,
    /// How the file was understood.
    pub understood: Understood,
}

/// How a file was understood. It holds nothing personal: of the file's own words only names of
/// leads and columns that are made of known terms.
#[derive(Clone, Debug, PartialEq)]
pub struct Understood {
    /// What kind of file it is.
    pub format: Format,
    /// The lead or column that was read; `None` if the file has one and does not name it.
    pub lead: Option<String>,
    /// All leads found, the one read included.
    pub leads: Vec<String>,
    /// Unit of the samples in the file.
    pub unit: Unit,
    /// Where the unit came from.
    pub unit_from: Source,
    /// Samples per second.
    pub rate_hz: f64,
    /// Where the rate came from.
    pub rate_from: Source,
    /// Length in seconds, gaps included.
    pub seconds: f64,
    /// Stretches without a signal, in the order of time.
    pub gaps: Vec<Gap>,
    /// What was not used, and what there is to remark.
    pub notes: Vec<Note>,
}

/// A stretch of a recording without a signal.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Gap {
    /// Seconds from the beginning of the recording.
    pub start_s: f64,
    /// Its length in seconds.
    pub length_s: f64,
}

/// Where a fact about a recording came from.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum Source {
    /// The file states it, in its header or in the name of a column.
    File,
    /// A clock column.
    Clock(String),
    /// The user gave it.
    Flag,
    /// Every file of this format has it.
    Format,
    /// Given by a scale in the file's header, as said.
    Scale(String),
}

impl fmt::Display for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::File => f.write_str("from the file"),
            Self::Clock(column) => write!(f, "from the clock in {column}"),
            Self::Flag => f.write_str("as given"),
            Self::Format => f.write_str("by the format"),
            Self::Scale(scale) => write!(f, "scaled by the file: {scale}"),
        }
    }
}

impl Understood {
    /// The gaps of `recording`, in seconds.
    pub(super) fn gaps_of(recording: &Recording) -> Vec<Gap> {
        let seconds = |samples: usize| samples as f64 / recording.rate_hz();
        let gap =
            |gap: &std::ops::Range<usize>| Gap { start_s: seconds(gap.start), length_s: seconds(gap.len()) };
        recording.gaps().iter().map(gap).collect()
    }
}
