//! The data records of EDF and BDF files: one signal, and the time at which each record begins.

use std::io::Read as _;
use std::path::Path;

use zeroize::Zeroizing;

use super::header::Header;
use crate::error::EcgError;
use crate::files::format::Format;
use crate::files::samples::push_wiping;
use crate::limits::{MAX_SAMPLES, MAX_SECONDS};

/// Reads records.
pub(super) struct Reader<'a> {
    header: &'a Header,
    /// Index of the signal.
    wanted: usize,
    rate_hz: f64,
    /// Bytes of the annotations that hold the start of a record, if the file is of the plus kind.
    times: Option<std::ops::Range<usize>>,
}

/// What was read.
pub(super) struct Read {
    /// The samples, in steps.
    pub(super) steps: Zeroizing<Vec<f64>>,
    /// Before which sample how many are missing.
    pub(super) missing: Vec<(usize, usize)>,
    /// Whole records read.
    pub(super) records: u64,
    /// Whether the file ends with the last record.
    pub(super) ended: bool,
    /// Whether the last record is cut off.
    pub(super) partial: bool,
}

impl<'a> Reader<'a> {
    pub(super) fn new(header: &'a Header, wanted: usize, rate_hz: f64) -> Self {
        let annotations = header.signals.iter().position(super::header::Signal::is_annotations);
        let times = annotations.map(|index| range(header, index));
        Self { header, wanted, rate_hz, times }
    }

    /// Reads all records.
    pub(super) fn read(&self, mut reader: impl std::io::Read, path: &Path) -> Result<Read, EcgError> {
        let mut record = Zeroizing::new(vec![0; self.header.record_bytes()]);
        let mut read = Read {
            steps: Zeroizing::new(Vec::new()),
            missing: Vec::new(),
            records: 0,
            ended: false,
            partial: false,
        };
        let mut next_start = None;
        while self.header.records.is_none_or(|records| read.records < records) {
            let mut filled = Vec::new();
            std::mem::swap(&mut filled, &mut record);
            filled.clear();
            let limit = self.header.record_bytes() as u64;
            let result = reader.by_ref().take(limit).read_to_end(&mut filled);
            *record = filled;
            result.map_err(|source| EcgError::Io { path: path.to_owned(), source })?;
            if record.len() < self.header.record_bytes() {
                read.partial = !record.is_empty();
                read.ended = true;
                return Ok(read);
            }
            self.place(&record, &mut next_start, &mut read)?;
            self.samples(&record, &mut read)?;
            read.records += 1;
        }
        let mut more = [0];
        read.ended = matches!(reader.read(&mut more), Ok(0));
        Ok(read)
    }

    /// Finds the gap before a record by its start.
    fn place(&self, record: &[u8], next: &mut Option<f64>, read: &mut Read) -> Result<(), EcgError> {
        let Some(times) = &self.times else { return Ok(()) };
        let format = self.header.format;
        let start = onset(&record[times.clone()])
            .ok_or(EcgError::Content { format, problem: "a data record does not say when it begins" })?;
        if let Some(expected) = *next {
            let missing = ((start - expected) * self.rate_hz).round();
            if missing < 0.0 {
                return Err(EcgError::Content { format, problem: "its data records overlap in time" });
            }
            if missing > 0.0 {
                read.missing.push((read.steps.len(), missing as usize));
            }
        }
        *next = Some(start + self.header.seconds);
        Ok(())
    }

    fn samples(&self, record: &[u8], read: &mut Read) -> Result<(), EcgError> {
        let bytes = &record[range(self.header, self.wanted)];
        if read.steps.len() + bytes.len() / self.header.width() > MAX_SAMPLES {
            return Err(EcgError::TooLong { max_seconds: MAX_SECONDS, max_samples: MAX_SAMPLES });
        }
        if self.header.format == Format::Bdf {
            for sample in bytes.chunks_exact(3) {
                let value = i32::from_le_bytes([0, sample[0], sample[1], sample[2]]) >> 8;
                push_wiping(&mut read.steps, f64::from(value));
            }
        } else {
            for sample in bytes.chunks_exact(2) {
                push_wiping(&mut read.steps, f64::from(i16::from_le_bytes([sample[0], sample[1]])));
            }
        }
        Ok(())
    }
}

/// Where a signal lies within a record.
fn range(header: &Header, index: usize) -> std::ops::Range<usize> {
    let width = header.width();
    let before: usize = header.signals[..index].iter().map(|signal| signal.per_record).sum();
    before * width..(before + header.signals[index].per_record) * width
}

/// The start of a record: the onset of the first, empty annotation, `+12.5\x14\x14`.
fn onset(annotations: &[u8]) -> Option<f64> {
    let end = annotations.iter().position(|byte| *byte == 0x14)?;
    let text = std::str::from_utf8(&annotations[..end]).ok()?;
    let signed = text.starts_with(['+', '-']);
    let plain = text[1.min(text.len())..].bytes().all(|byte| byte.is_ascii_digit() || byte == b'.');
    if signed && plain { text.parse().ok() } else { None }
}

#[cfg(test)]
mod tests {
    use super::onset;

    #[test]
    fn the_onset_is_the_first_annotation() {
        assert_eq!(onset(b"+12.5\x14\x14\0+13\x14note\x14\0"), Some(12.5));
        assert_eq!(onset(b"-3\x14\x14\0"), Some(-3.0));
        for bad in [&b"12\x14\x14"[..], b"+1e9\x14\x14", b"+\x14", b"", b"+12"] {
            assert_eq!(onset(bad), None);
        }
    }
}
