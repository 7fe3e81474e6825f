//! The made-up signal that all files hold, and files in the manner of vendors.

use std::fmt::Write;
use std::path::PathBuf;

use ecg::{EcgError, Hints, Reading, files};

/// Where the files of other programs lie.
pub(crate) fn folder() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/files")
}

pub(crate) fn bytes(name: &str) -> Vec<u8> {
    std::fs::read(folder().join(name)).unwrap()
}

/// The signal, in steps of 5 uV.
pub(crate) fn steps() -> Vec<i16> {
    bytes("steps.i16").chunks_exact(2).map(|pair| i16::from_le_bytes([pair[0], pair[1]])).collect()
}

/// The signal in millivolts.
pub(crate) fn millivolts() -> Vec<f64> {
    steps().into_iter().map(|step| f64::from(step) * 0.005).collect()
}

/// A file in memory, and how to read it.
#[derive(Clone)]
pub(crate) struct Own {
    pub(crate) name: &'static str,
    pub(crate) bytes: Vec<u8>,
    /// Bytes of the file beside a WFDB header.
    pub(crate) beside: Option<Vec<u8>>,
    pub(crate) hints: Hints,
}

impl Own {
    fn text(name: &'static str, text: String) -> Self {
        Self { name, bytes: text.into_bytes(), beside: None, hints: Hints::default() }
    }

    pub(crate) fn read(&self) -> Result<Reading, EcgError> {
        match &self.beside {
            Some(signals) => {
                let header = String::from_utf8_lossy(&self.bytes);
                files::wfdb::parse(&header, signals, &self.hints)
            }
            None => ecg::read(&self.bytes[..], "own".as_ref(), &self.hints),
        }
    }
}

/// Lines made from the samples, by number and microvolts.
fn lines(line: impl Fn(usize, f64) -> String) -> String {
    steps().into_iter().enumerate().map(|(index, step)| line(index, f64::from(step) * 5.0) + "\n").collect()
}

/// Tables: plain ones, and in the manner of vendors.
///
/// Sources: Apple Watch export, as public readers of it show it (English and translated keys,
/// decimal commas); Polar Sensor Logger's own header; Consensys and ShimmerCapture user guides
/// (Shimmer); OpenSignals file specification and BITalino ECG data sheet (PLUX); rdsamp(1)
/// (PhysioNet).
pub(crate) fn tables() -> Vec<Own> {
    let apple = "Name,Jane Doe\nDate of Birth,\"Feb 5, 1952\"\nClassification,Sinus Rhythm\nSymptoms,\n\
                 Device,\"Watch5,4\"\nSample Rate,250 hertz\n\n\nLead,Lead I\nUnit,\u{b5}V\n\n\n";
    let german = "Name,Jane Doe\nGeburtsdatum,\"05.02.1952\"\nMessrate,\"250,000 \
                  Hertz\"\n\nAbleitung,Ableitung I\n\
                  Einheit,\u{b5}V\n\n";
    let polar = "Phone timestamp;sensor timestamp [ns];timestamp [ms];ecg [uV]\n";
    let shimmer = "\"sep=\\t\"\nShimmer_7DD3_Timestamp_Unix_CAL\tShimmer_7DD3_ECG_EMG_Status1_CAL\t\
                   Shimmer_7DD3_ECG_LA-RA_24BIT_CAL\nms\tno_units\tmV\n";
    let bitalino = "# OpenSignals Text File Format\n# {\"00:07:80:00:00:00\": {\"sensor\": [\"ECG\"], \
                    \"column\": \
                    [\"nSeq\", \"I1\", \"A1\"], \"device\": \"bitalino_rev\", \"sampling rate\": 250, \
                    \"label\": \
                    [\"A1\"], \"resolution\": [4, 1, 16]}}\n# EndOfHeader\n";
    let adc = |uv: f64| ((uv * 1e-6 * 1100.0 / 3.3 + 0.5) * 65536.0).round();
    vec![
        Own::text(
            "csv",
            format!("time_s,ecg_mv\n{}", lines(|i, uv| format!("{:.3},{:.3}", i as f64 * 0.004, uv / 1e3))),
        ),
        Own::text("apple", apple.to_owned() + &lines(|_, uv| format!("{uv:.3}"))),
        Own::text("apple-comma", german.to_owned() + &lines(|_, uv| format!("{uv:.3}").replace('.', ","))),
        Own::text(
            "polar",
            polar.to_owned()
                + &lines(|i, uv| {
                    let ms = i * 4;
                    let phone = format!("2026-07-26T21:56:{:02}.{:03}", 26 + ms / 1000, ms % 1000);
                    format!("{phone};{};{ms}.0;{uv:.0}", 599_628_000_000_000_000u64 + 4_000_000 * i as u64)
                }),
        ),
        Own::text(
            "shimmer",
            shimmer.to_owned()
                + &lines(|i, uv| format!("{}\t128\t{:.3}", 1_663_770_000_000u64 + 4 * i as u64, uv / 1e3)),
        ),
        Own::text(
            "opensignals",
            bitalino.to_owned() + &lines(|i, uv| format!("{}\t0\t{}\t", i % 16, adc(uv))),
        ),
        Own::text(
            "rdsamp",
            "'Elapsed time','MLII','V5'\n'hh:mm:ss.mmm','mV','mV'\n".to_owned()
                + &lines(|i, uv| format!("'0:{:02}.{:03}',{:.3},0.5", i * 4 / 1000, i * 4 % 1000, uv / 1e3)),
        ),
        Own::text(
            "excel",
            "Zeit (s);EKG (mV);\n".to_owned()
                + &lines(|i, uv| {
                    format!("\"{:.3}\";\"{:.3}\";", i as f64 * 0.004, uv / 1e3).replace('.', ",")
                }),
        ),
        Own {
            hints: Hints { rate_hz: Some(250.0), unit: Some(ecg::Unit::Microvolt), lead: None },
            ..Own::text("bare", "# made up\n".to_owned() + &lines(|_, uv| format!("{uv}")))
        },
    ]
}

/// JSON in the manner of vendors. Sources: Fitbit Web API reference, "Get ECG Log List";
/// react-native-health, `getElectrocardiogramSamples`; Health Auto Export, JSON format; Kardia API.
pub(crate) fn documents() -> Vec<Own> {
    let list = |value: &dyn Fn(usize, f64) -> String| {
        steps()
            .into_iter()
            .enumerate()
            .map(|(i, step)| value(i, f64::from(step) * 5.0))
            .collect::<Vec<_>>()
            .join(",")
    };
    let mut export = String::new();
    let entry = |_: usize, uv: f64| format!("{{\"voltage\":{uv},\"units\":\"mcV\"}}");
    write!(
        export,
        "{{\"data\":{{\"ecg\":[{{\"averageHeartRate\":70,\"samplingFrequency\":250,\"voltageMeasurements\":[{}]}}]}}}}",
        list(&entry)
    )
    .unwrap();
    vec![
        Own::text(
            "fitbit",
            format!(
                "{{\"ecgReadings\":[{{\"startTime\":\"x\",\"averageHeartRate\":70,\"waveformSamples\":[{}],\
                 \"samplingFrequencyHz\":\"250\",\"scalingFactor\":10000,\"numberOfWaveformSamples\":1000}}]}}",
                list(&|_, uv| format!("{}", uv * 10.0))
            ),
        ),
        Own::text(
            "healthkit",
            format!(
                "[{{\"sourceName\":\"Jane Doe\",\"samplingFrequency\":250,\"voltageMeasurements\":[{}]}}]",
                list(&|i, uv| format!("[{},{:e}]", i as f64 / 250.0, uv * 1e-6))
            ),
        ),
        Own::text("health-auto-export", export),
        Own::text(
            "alivecor",
            format!(
                "{{\"data\":{{\"frequency\":250,\"mainsFrequency\":50,\"amplitudeResolution\":500,\
                 \"samples\":{{\"leadI\":[{}],\"leadII\":[{}]}}}}}}",
                list(&|_, uv| format!("{}", uv * 2.0)),
                list(&|_, _| "7".to_owned())
            ),
        ),
    ]
}

/// Files that other programs wrote, each with one that lies beside it.
pub(crate) fn written() -> Vec<Own> {
    let record = |name: &'static str, part: &str| Own {
        name,
        bytes: bytes(name),
        beside: Some(bytes(part)),
        hints: Hints { lead: Some("I".to_owned()), ..Hints::default() },
    };
    let edf = |name: &'static str| Own { name, bytes: bytes(name), beside: None, hints: Hints::default() };
    vec![
        record("w212.hea", "w212.dat"),
        record("w16.hea", "w16.dat"),
        record("w24.hea", "w24.dat"),
        record("w32.hea", "w32.dat"),
        record("w8.hea", "w8.dat"),
        record("w16m.hea", "w16m.mat"),
        edf("edf.edf"),
        edf("edfplus.edf"),
        edf("bdf.bdf"),
        edf("bdfplus.bdf"),
    ]
}
