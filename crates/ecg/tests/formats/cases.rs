//! The files of `../shared/cases`, as people brought them: what the readers decide of each.

use std::path::PathBuf;

use ecg::{EcgError, Hints, Reading, Unit, open};

fn folder() -> Option<PathBuf> {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../../shared/cases");
    folder.is_dir().then_some(folder)
}

fn read(file: &str, rate_hz: Option<f64>, unit: Option<Unit>) -> Result<Reading, EcgError> {
    open(&folder().unwrap().join(file), &Hints { rate_hz, unit, lead: None })
}

/// File, flags, and: rate, samples, gaps, lead, words of the notes.
type Row = (
    &'static str,
    Option<f64>,
    Option<Unit>,
    f64,
    usize,
    usize,
    Option<&'static str>,
    &'static [&'static str],
);

const MV: Option<Unit> = Some(Unit::Millivolt);
const UV: Option<Unit> = Some(Unit::Microvolt);
const ROWS: &[Row] = &[
    ("case01_apple_watch_en.csv", None, None, 512.844, 15385, 0, Some("I"), &["header"]),
    ("case02_apple_watch_decimal_comma.csv", None, None, 512.844, 15385, 0, Some("I"), &["header"]),
    ("case03_polar_h10_psl.txt", None, None, 130.0, 3900, 0, Some("ecg [uV]"), &["Phone timestamp"]),
    ("case04b_polar_h10_gaps_as_advised.csv", Some(130.0), None, 130.0, 4411, 7, Some("ecg_uv"), &["Phone"]),
    ("case05_rdsamp_pd.csv", None, None, 360.0, 10800, 0, Some("MLII"), &["V5", "trained on lead I"]),
    ("case07_invalid_sample_minus32768.csv", None, None, 300.0, 9000, 15, Some("ecg_uv"), &["-32768"]),
    (
        "case10_960hz_time_in_ms_resolution.csv",
        Some(960.0),
        None,
        960.0,
        28800,
        0,
        Some("ecg_mv"),
        &["rounded"],
    ),
    ("case10c_excel_two_decimals.csv", Some(250.0), None, 250.0, 7500, 0, Some("ecg_mv"), &["rounded"]),
    ("case11c_biosppy_ecg_real.txt", None, MV, 1000.0, 15000, 0, None, &["header"]),
    ("case13_2.4s_normal.csv", None, None, 250.0, 600, 0, Some("ecg_mv"), &[]),
    ("case14_paroxysmal_af_5min.csv", None, None, 300.0, 90000, 0, Some("ecg_mv"), &[]),
    ("case15_uecg_rx_timestamps.csv", Some(122.2), None, 122.2, 3660, 0, Some("ecg_uv"), &["uneven"]),
    ("case20_normal_250hz_bare.csv", Some(500.0), MV, 500.0, 30000, 0, None, &[]),
    ("case27_healthypi_large_then_zeros.csv", Some(128.0), UV, 128.0, 3840, 0, Some("ecg"), &[]),
    ("case37_trailing_comma_data_only.csv", None, None, 250.0, 7500, 0, Some("ecg_mv"), &["empty"]),
    ("case38_ecg_quality_column.csv", None, None, 250.0, 7500, 0, Some("ecg_mv"), &["ecg_quality"]),
    ("case40_fitbit_ecg.json", None, None, 250.0, 7500, 0, Some("I"), &[]),
];

#[test]
fn every_case_is_read_or_refused_as_its_row_says() {
    if folder().is_none() {
        println!("SKIPPED cases::every_case_is_read_or_refused_as_its_row_says: no ../shared/cases");
        return;
    }
    for (file, rate, unit, rate_hz, samples, gaps, lead, notes) in ROWS {
        let reading = read(file, *rate, *unit).unwrap_or_else(|error| panic!("{file}: {error}"));
        let (recording, understood) = (&reading.recording, &reading.understood);
        assert_eq!((understood.rate_hz, recording.millivolts().len()), (*rate_hz, *samples), "{file}");
        assert_eq!((recording.gaps().len(), understood.lead.as_deref()), (*gaps, *lead), "{file}");
        let said: Vec<String> = understood.notes.iter().map(ToString::to_string).collect();
        assert!(notes.iter().all(|words| said.iter().any(|note| note.contains(words))), "{file}: {said:?}");
        assert!(!format!("{understood:?}").contains("Person"), "{file}");
    }
    let error = |file| read(file, None, None).unwrap_err();
    assert!(
        matches!(error("case10_960hz_time_in_ms_resolution.csv"), EcgError::TimeTooCoarse { rate_hz } if rate_hz == 960.0)
    );
    assert!(
        matches!(error("case10c_excel_two_decimals.csv"), EcgError::TimeTooCoarse { rate_hz } if rate_hz == 250.0)
    );
    assert!(matches!(error("case15_uecg_rx_timestamps.csv"), EcgError::TimeOfReceipt { .. }));
    assert!(matches!(error("case11c_biosppy_ecg_real.txt"), EcgError::UnitMissing { .. }));
    assert!(matches!(error("case06_record100.hea"), EcgError::PartMissing { name } if name == "100.dat"));
    assert!(
        matches!(error("case06c_a103l.mat"), EcgError::PartMissing { name } if name == "case06c_a103l.hea")
    );
    assert!(error("case06d_edfann.edf").to_string().contains("annotations alone"));
}

#[test]
fn a_truncated_record_says_how_much_there_is() {
    let Some(folder) = folder() else {
        println!("SKIPPED cases::a_truncated_record_says_how_much_there_is: no ../shared/cases");
        return;
    };
    let bytes = |name: &str| std::fs::read(folder.join(name)).unwrap();
    let header = String::from_utf8(bytes("case06_record100.hea")).unwrap();
    let reading =
        ecg::files::wfdb::parse(&header, &bytes("case06b_record100.dat"), &Hints::default()).unwrap();
    let said: Vec<String> = reading.understood.notes.iter().map(ToString::to_string).collect();
    assert!(said.iter().any(|note| note.contains("1333 of 650000")), "{said:?}");
}
