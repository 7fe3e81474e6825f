//! What is read from files or decoded as a whole: architecture, model file, ECG file.

use std::path::Path;

use deepcardio::{Architecture, Model};
use ecg::files::{csv, edf, json, wfdb};
use ecg::{EcgError, Hints, Reading, Unit};

/// The encoded architecture, as a server announces it.
pub fn architecture(bytes: &[u8]) {
    if let Ok(architecture) = Architecture::from_bytes(bytes) {
        assert_eq!(architecture.to_bytes(), bytes, "an architecture has one encoding");
    }
}

/// The model file. If the first byte is even, the rest is the content of a file with a right head
/// and checksum: no fuzzer finds a checksum.
pub fn model(bytes: &[u8]) {
    let Some((first, rest)) = bytes.split_first() else { return };
    let file = if first % 2 == 0 { sealed(rest) } else { rest.to_vec() };
    if let Ok(model) = Model::from_bytes(&file) {
        assert_eq!(model.to_bytes(), file, "a model has one encoding");
    }
}

/// Magic, version, length, content, checksum.
fn sealed(content: &[u8]) -> Vec<u8> {
    let length = (8 + 4 + 8 + content.len() + blake3::OUT_LEN) as u64;
    let version = deepcardio::model::VERSION.to_le_bytes();
    let mut file = [b"DeepCard", &version[..], &length.to_le_bytes(), content].concat();
    file.extend_from_slice(blake3::hash(&file).as_bytes());
    file
}

/// An ECG file as a table in text. The first byte says which of rate and unit are given beside it.
pub fn ecg_csv(bytes: &[u8]) {
    let Some((hints, text)) = hints(bytes) else { return };
    sound(csv::parse(text, &hints));
}

/// An ECG file in JSON, with a first byte as for [`ecg_csv`].
pub fn ecg_json(bytes: &[u8]) {
    let Some((hints, text)) = hints(bytes) else { return };
    sound(json::parse(text, &hints));
}

/// An ECG file in EDF or BDF, with a first byte as for [`ecg_csv`].
pub fn ecg_edf(bytes: &[u8]) {
    let Some((hints, file)) = hints(bytes) else { return };
    sound(edf::read(file, Path::new(""), &hints));
}

/// A WFDB record, with a first byte as for [`ecg_csv`]. A zero byte stands between the header and
/// the file of signals.
pub fn ecg_wfdb(bytes: &[u8]) {
    let Some((hints, rest)) = hints(bytes) else { return };
    let end = rest.iter().position(|byte| *byte == 0).unwrap_or(rest.len());
    let signals = rest.get(end + 1..).unwrap_or_default();
    sound(wfdb::parse(&String::from_utf8_lossy(&rest[..end]), signals, &hints));
}

/// What the first byte says is given, and the rest.
fn hints(bytes: &[u8]) -> Option<(Hints, &[u8])> {
    let (first, rest) = bytes.split_first()?;
    let rate_hz = [None, Some(300.0), Some(0.0), Some(f64::NAN)][usize::from(first % 4)];
    let units = [None, Some(Unit::Millivolt), Some(Unit::Microvolt), Some(Unit::Volt)];
    let lead = (first / 16 % 4 == 1).then(|| "1".to_owned());
    Some((Hints { rate_hz, unit: units[usize::from(first / 4 % 4)], lead }, rest))
}

/// What a reader gives can be used by all that follows.
fn sound(result: Result<Reading, EcgError>) {
    let Ok(Reading { recording, understood }) = result else { return };
    assert!(recording.rate_hz().is_finite() && recording.rate_hz() > 0.0, "the rate is positive");
    assert!(recording.millivolts().iter().all(|value| value.is_finite()), "samples are finite");
    assert!(recording.gaps().windows(2).all(|pair| pair[0].end < pair[1].start), "gaps are in order");
    assert_eq!(recording.gaps().len(), understood.gaps.len(), "every gap is said");
}
