//! The header of EDF, EDF+, BDF and BDF+ files.
//!
//! Sources: Kemp et al., "A simple format for exchange of digitized polygraphic recordings",
//! Electroencephalography and Clinical Neurophysiology 82 (1992); Kemp and Olivan, "European data
//! format 'plus' (EDF+)", Clinical Neurophysiology 114 (2003); edfplus.info; "BDF", BioSemi. The
//! fields that may name the patient are not looked at.

use crate::error::EcgError;
use crate::files::format::Format;
use crate::limits::{MAX_EDF_RECORD_BYTES, MAX_EDF_SIGNALS};

/// The header of a file.
#[derive(Debug)]
pub(super) struct Header {
    pub(super) format: Format,
    /// Data records; `None` if the file does not say.
    pub(super) records: Option<u64>,
    /// Seconds in a data record.
    pub(super) seconds: f64,
    pub(super) signals: Vec<Signal>,
}

/// One signal.
#[derive(Clone, Debug)]
pub(super) struct Signal {
    pub(super) label: String,
    pub(super) dimension: String,
    pub(super) physical: (f64, f64),
    pub(super) digital: (f64, f64),
    /// Samples in a data record.
    pub(super) per_record: usize,
}

/// Widths of the fields of each signal: label, transducer, dimension, physical minimum and maximum,
/// digital minimum and maximum, filters, samples in a record, reserved.
const WIDTHS: [usize; 10] = [16, 80, 8, 8, 8, 8, 8, 80, 8, 32];
/// Bytes of the first part.
pub(super) const FIRST: usize = 256;

impl Header {
    /// Reads the first part: the format, the number of signals, and a header without them.
    pub(super) fn first(bytes: &[u8; FIRST]) -> Result<(Self, usize), EcgError> {
        let format = if bytes[0] == 0xff { Format::Bdf } else { Format::Edf };
        let content = |problem| EcgError::Content { format, problem };
        let field = |from: usize, width: usize| text(&bytes[from..from + width]);
        let count: usize =
            field(252, 4).parse().map_err(|_| content("the number of signals is no number"))?;
        if count == 0 || count > MAX_EDF_SIGNALS {
            return Err(content("it has no signal, or too many"));
        }
        let size: usize =
            field(184, 8).parse().map_err(|_| content("the size of the header is no number"))?;
        if size != FIRST * (count + 1) {
            return Err(content("the size of the header does not fit the number of signals"));
        }
        let records: i64 =
            field(236, 8).parse().map_err(|_| content("the number of records is no number"))?;
        let seconds: f64 =
            field(244, 8).parse().map_err(|_| content("the length of a record is no number"))?;
        if !(seconds.is_finite() && seconds >= 0.0) || records < -1 {
            return Err(content("the number or length of its records makes no sense"));
        }
        let header = Self { format, records: u64::try_from(records).ok(), seconds, signals: Vec::new() };
        Ok((header, count))
    }

    /// Reads the descriptions of `count` signals.
    pub(super) fn read_signals(&mut self, bytes: &[u8], count: usize) -> Result<(), EcgError> {
        let format = self.format;
        let content = |problem| EcgError::Content { format, problem };
        let column = |field: usize, index: usize| {
            let before: usize = WIDTHS[..field].iter().sum();
            let from = before * count + WIDTHS[field] * index;
            text(&bytes[from..from + WIDTHS[field]])
        };
        for index in 0..count {
            let number = |field: usize| {
                let value: f64 = column(field, index).parse().map_err(|_| content("a scale is no number"))?;
                if value.is_finite() { Ok(value) } else { Err(content("a scale is no number")) }
            };
            let per_record =
                column(8, index).parse().map_err(|_| content("the samples in a record are no number"))?;
            self.signals.push(Signal {
                label: column(0, index),
                dimension: column(2, index),
                physical: (number(3)?, number(4)?),
                digital: (number(5)?, number(6)?),
                per_record,
            });
        }
        let total = self.signals.iter().fold(0usize, |sum, signal| sum.saturating_add(signal.per_record));
        if total == 0 || total.saturating_mul(self.width()) > MAX_EDF_RECORD_BYTES {
            return Err(content("a data record is empty or too large"));
        }
        Ok(())
    }

    /// Bytes of a sample.
    pub(super) fn width(&self) -> usize {
        if self.format == Format::Bdf { 3 } else { 2 }
    }

    /// Bytes of a data record.
    pub(super) fn record_bytes(&self) -> usize {
        self.width() * self.signals.iter().map(|signal| signal.per_record).sum::<usize>()
    }
}

impl Signal {
    /// Whether it holds annotations, not samples.
    pub(super) fn is_annotations(&self) -> bool {
        matches!(self.label.as_str(), "EDF Annotations" | "BDF Annotations")
    }
}

/// A field without blanks. The micro sign is a byte above ASCII in most files.
fn text(bytes: &[u8]) -> String {
    let text: String = bytes.iter().map(|byte| char::from(*byte)).collect();
    text.trim_matches(|c: char| c == ' ' || c == '\0').replace("\u{c2}\u{b5}", "\u{b5}")
}
