//! The header of OpenSignals text files: JSON in a comment, one object for each device.
//!
//! Source of the format: "OpenSignals (r)evolution file specification" and the sensor data sheets
//! of BITalino and biosignalsplux (PLUX). The transfer function of an ECG sensor is
//! `ECG [V] = (ADC / 2^n - 1/2) VCC / G`.

use serde::Deserialize;

use super::scale::Scale;
use crate::files::hints::Unit;

/// What the header says of the one device.
pub(super) struct OpenSignals {
    pub(super) rate_hz: Option<f64>,
    device: Device,
}

#[derive(Deserialize)]
struct Device {
    #[serde(default)]
    sensor: Vec<String>,
    #[serde(default)]
    column: Vec<String>,
    #[serde(default)]
    label: Vec<String>,
    #[serde(default)]
    resolution: Vec<f64>,
    #[serde(default, rename = "sampling rate")]
    sampling_rate: Option<f64>,
    #[serde(default)]
    device: String,
    #[serde(default, rename = "convertedData")]
    converted: Option<f64>,
}

impl OpenSignals {
    /// Reads one line of comment; `None` if it is none of this kind, or of several devices.
    pub(super) fn parse(line: &str) -> Option<Self> {
        let json = line.trim_start_matches(['#', ' ']);
        if !json.starts_with('{') || !json.contains("sampling rate") {
            return None;
        }
        let devices: std::collections::BTreeMap<String, Device> = serde_json::from_str(json).ok()?;
        let mut devices = devices.into_values();
        let device = devices.next()?;
        devices.next().is_none().then_some(Self { rate_hz: device.sampling_rate, device })
    }

    /// Names for the columns of the table: where a sensor is connected, its kind.
    pub(super) fn names(&self, columns: usize) -> Vec<String> {
        let mut names = self.device.column.clone();
        for (label, sensor) in self.device.label.iter().zip(&self.device.sensor) {
            if let Some(name) = names.iter_mut().find(|name| *name == label) {
                let is_ecg = sensor.to_uppercase().starts_with("ECG");
                *name = if is_ecg { "ECG".to_owned() } else { format!("{label} {sensor}") };
            }
        }
        names.resize(columns, String::new());
        names
    }

    /// How the numbers in a column become millivolts, and the same in words. `None` for a device
    /// whose sensors are not known here.
    pub(super) fn scale(&self, column: usize) -> Option<(Scale, String)> {
        if self.device.converted.is_some_and(|converted| converted != 0.0) {
            return Some((Scale::of(Unit::Millivolt), "converted by OpenSignals".to_owned()));
        }
        let (supply, gain) = match self.device.device.to_lowercase() {
            name if name.starts_with("bitalino") => (3.3, 1100.0),
            name if name.starts_with("biosignalsplux") => (3.0, 1000.0),
            _ => return None,
        };
        let name = self.device.column.get(column)?;
        let sensor = self.device.label.iter().position(|label| label == name)?;
        let each = self.device.resolution.len() == self.device.column.len();
        let bits = *self.device.resolution.get(if each { column } else { sensor })?;
        if !(1.0..=32.0).contains(&bits) {
            return None;
        }
        let range = bits.exp2();
        let factor = 1000.0 * supply / gain / range;
        let text = format!("{bits} bits, {supply} V, gain {gain}");
        Some((Scale { unit: Unit::Millivolt, offset: -range / 2.0, factor }, text))
    }
}
