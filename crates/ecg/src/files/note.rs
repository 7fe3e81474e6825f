//! Remarks on a file: what was not used, and what to know of what was.

use std::fmt;

/// A remark on a file that was read.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum Note {
    /// A column or signal is not used.
    ColumnUnused(String),
    /// A column is a clock by its name, and its times are of no kind known here.
    ClockUnread(String),
    /// A column holds nothing.
    ColumnEmpty(String),
    /// Lines or fields of the header are not used.
    HeaderLinesUnused {
        /// How many.
        lines: usize,
    },
    /// Lines of comment within the table are not used.
    CommentsUnused {
        /// How many.
        lines: usize,
    },
    /// The lead is not the one that the network was trained on.
    NotLeadOne {
        /// The lead read.
        lead: String,
        /// How many leads there are.
        of: usize,
    },
    /// The clock is rounded so far that the rate given had to settle it.
    ClockRounded {
        /// Unit of its last decimal.
        milliseconds: f64,
    },
    /// The clock is uneven, and the samples were taken as evenly spaced at the rate given.
    ClockUneven {
        /// The longest usual step from one time to the next.
        milliseconds: f64,
    },
    /// Samples hold a code for "no value".
    NoValueCode {
        /// The code.
        code: i64,
        /// How many.
        samples: usize,
    },
    /// The other fields of the document are not used.
    OtherFieldsUnused,
    /// The file holds less than its header says.
    Truncated {
        /// Samples there are.
        have: u64,
        /// Samples the header says.
        of: u64,
    },
    /// The file holds more than its header says; the rest is not used.
    LongerThanStated {
        /// Samples the header says.
        of: u64,
    },
    /// The last data record is cut off and not used.
    LastRecordIncomplete,
    /// The checksum in the header is not that of the samples.
    ChecksumWrong,
    /// The header gives no gain, so 200 steps in a millivolt are taken, as the format says.
    Uncalibrated,
    /// Samples have no value.
    ValuesMissing {
        /// How many.
        samples: usize,
    },
}

impl Note {
    /// What is to be said of the lead that was read, one of `of`.
    pub(super) fn about_lead(lead: Option<&str>, of: usize) -> Option<Self> {
        let lead = lead.filter(|lead| *lead != "I")?;
        Some(Self::NotLeadOne { lead: lead.to_owned(), of })
    }
}

impl fmt::Display for Note {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::ColumnUnused(name) => write!(f, "{name} is not used"),
            Self::ClockUnread(name) => {
                write!(
                    f,
                    "{name} is a clock by its name but holds no times known here: a gap would not be seen"
                )
            }
            Self::ColumnEmpty(name) => write!(f, "{name} is empty and not used"),
            Self::HeaderLinesUnused { lines } => {
                write!(
                    f,
                    "{lines} line(s) or field(s) of the header are not used (nor shown, for they may be \
                     personal)"
                )
            }
            Self::CommentsUnused { lines } => write!(f, "{lines} line(s) of comment are not used"),
            Self::NotLeadOne { lead, of } => {
                write!(f, "the network was trained on lead I, and this is lead {lead}")?;
                if *of > 1 { write!(f, " (one of {of}: --lead chooses another)") } else { Ok(()) }
            }
            Self::ClockRounded { milliseconds } => write!(
                f,
                "the clock is rounded to {milliseconds} ms: the rate given fits, single missing samples \
                 would not be seen"
            ),
            Self::ClockUneven { milliseconds } => write!(
                f,
                "the clock is uneven (steps up to {milliseconds:.1} ms): samples taken as evenly spaced at \
                 the rate given, \
                 pauses as gaps"
            ),
            Self::NoValueCode { code, samples } => {
                write!(f, "{samples} sample(s) hold {code}, which stands for no value: a gap")
            }
            Self::OtherFieldsUnused => {
                f.write_str("the other fields of the file are not used (nor shown, for they may be personal)")
            }
            Self::Truncated { have, of } => write!(f, "truncated: {have} of {of} samples"),
            Self::LongerThanStated { of } => {
                write!(
                    f,
                    "the file holds more than the {of} samples that its header says; the rest is not used"
                )
            }
            Self::LastRecordIncomplete => f.write_str("the last data record is cut off and not used"),
            Self::ChecksumWrong => f.write_str(
                "the checksum in the header is not that of the samples: the file is damaged, or not its own",
            ),
            Self::Uncalibrated => f.write_str("the header gives no gain: 200 steps in a millivolt are taken"),
            Self::ValuesMissing { samples } => write!(f, "{samples} sample(s) have no value: a gap"),
        }
    }
}
