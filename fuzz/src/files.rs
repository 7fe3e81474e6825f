//! What is read from files or decoded as a whole: architecture, model file, ECG file.

use deepcardio::{Architecture, Model};
use ecg::files::csv;
use ecg::{Hints, Unit};

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

/// The ECG file in CSV. The first byte says which of rate and unit are given beside it.
pub fn ecg_csv(bytes: &[u8]) {
    let Some((first, text)) = bytes.split_first() else { return };
    let rate_hz = [None, Some(300.0), Some(0.0), Some(f64::NAN)][usize::from(first % 4)];
    let units = [None, Some(Unit::Millivolt), Some(Unit::Microvolt), Some(Unit::Volt)];
    let hints = Hints { rate_hz, unit: units[usize::from(first / 4 % 4)], lead: None };
    if let Ok(reading) = csv::parse(text, &hints) {
        let recording = reading.recording;
        assert!(recording.rate_hz().is_finite() && recording.rate_hz() > 0.0, "the rate is positive");
        assert!(recording.millivolts().iter().all(|value| value.is_finite()), "samples are finite");
    }
}
