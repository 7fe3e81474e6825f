//! The CSV reader: what it reads, and that everything unclear or hostile is an error that names the
//! line.

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    reason = "the helpers of a test fail by panicking, as the test does"
)]

use std::fmt::Write;

use ecg::limits::{MAX_FILE_BYTES, MAX_LINE_BYTES};
use ecg::{EcgError, Hints, LineProblem, Recording, Unit, files, open};
use proptest::prelude::{ProptestConfig, any, prop, proptest};

const MV: Option<Unit> = Some(Unit::Millivolt);

fn parse(text: &[u8], rate_hz: Option<f64>, unit: Option<Unit>) -> Result<Recording, EcgError> {
    files::csv::parse(text, &Hints { rate_hz, unit, lead: None }).map(|reading| reading.recording)
}

fn plain(text: &str) -> Result<Recording, EcgError> {
    parse(text.as_bytes(), None, None)
}

/// `count` samples at `rate` with a time column of `decimals` decimals in units of 1 / `per_second`
/// s.
fn timed(header: &str, count: usize, rate: f64, per_second: f64, decimals: usize) -> String {
    let mut text = format!("{header}\n");
    for index in 0..count {
        let time = index as f64 / rate * per_second;
        writeln!(text, "{time:.decimals$},{:.3}", (index % 11) as f64 / 10.0).unwrap();
    }
    text
}

fn problem(result: Result<Recording, EcgError>) -> (usize, LineProblem) {
    match result {
        Err(EcgError::Line { line, problem }) => (line, problem),
        Err(other) => panic!("another error: {other}"),
        Ok(_) => panic!("no error"),
    }
}

fn rows(header: &str, row: &str) -> String {
    format!("{header}\n{}", format!("{row}\n").repeat(300))
}

#[test]
fn the_rate_comes_from_the_time_column() {
    for (rate, decimals) in
        [(100.0, 4), (128.0, 4), (250.0, 3), (300.0, 4), (360.0, 5), (500.0, 3), (512.844, 5), (1000.0, 3)]
    {
        let recording = plain(&timed("time_s,ecg_mv", 3000, rate, 1.0, decimals)).unwrap();
        assert_eq!(recording.rate_hz(), rate, "{rate} Hz");
        assert_eq!(recording.millivolts()[7], 0.7);
        let recording =
            plain(&timed("time_ms,ecg_mv", 3000, rate, 1000.0, decimals.saturating_sub(3))).unwrap();
        assert_eq!(recording.rate_hz(), rate, "{rate} Hz in ms");
    }
}

#[test]
fn units_become_millivolts() {
    for (header, factor) in
        [("ecg_mv", 1.0), ("ECG_UV", 0.001), ("\"ecg_\u{b5}v\"", 0.001), ("ecg_v", 1000.0)]
    {
        let recording = parse(rows(header, "2").as_bytes(), Some(250.0), None).unwrap();
        assert!((recording.millivolts()[0] - 2.0 * factor).abs() < 1e-12, "{header}");
    }
    let recording = parse(rows("ecg", "2").as_bytes(), Some(250.0), Some(Unit::Microvolt)).unwrap();
    assert_eq!(recording.millivolts()[0], 0.002);
    assert!("counts".parse::<Unit>().is_err());
    assert_eq!("mV".parse(), Ok(Unit::Millivolt));
}

#[test]
fn line_ends_separators_byte_order_mark_and_other_columns() {
    let body = timed("time_s,ecg_mv", 500, 250.0, 1.0, 3);
    let expected = plain(&body).unwrap();
    let crlf = format!("\u{feff}{}\r\n\r\n", body.replace('\n', "\r\n"));
    let variants = [crlf, body.replace(',', ";"), body.replace(',', "\t"), body.replace(',', " , ")];
    for text in variants {
        let recording = plain(&text).unwrap();
        assert_eq!(recording.millivolts(), expected.millivolts());
        assert_eq!(recording.rate_hz(), 250.0);
    }
    let extra: String = body.lines().map(|line| format!("{line},comment\n")).collect();
    assert_eq!(plain(&extra).unwrap().millivolts(), expected.millivolts());
}

#[test]
fn a_bare_column_needs_rate_and_unit() {
    let text = "0.25\n".repeat(300);
    assert!(matches!(parse(text.as_bytes(), None, MV), Err(EcgError::RateMissing)));
    assert!(matches!(parse(text.as_bytes(), Some(250.0), None), Err(EcgError::UnitMissing)));
    let recording = parse(text.as_bytes(), Some(250.0), MV).unwrap();
    assert_eq!((recording.millivolts().len(), recording.rate_hz()), (300, 250.0));
    assert!(matches!(parse(rows("ecg_mv", "1").as_bytes(), None, None), Err(EcgError::RateMissing)));
    assert!(matches!(parse(rows("ecg", "1").as_bytes(), Some(250.0), None), Err(EcgError::UnitMissing)));
}

#[test]
fn flags_may_not_contradict_the_file() {
    let text = timed("time_s,ecg_mv", 3000, 250.0, 1.0, 3);
    assert!(matches!(parse(text.as_bytes(), None, Some(Unit::Volt)), Err(EcgError::UnitContradiction)));
    assert!(parse(text.as_bytes(), Some(250.0), MV).is_ok());
    for given in [300.0, 500.0, 251.0, 249.9] {
        let error = parse(text.as_bytes(), Some(given), None).unwrap_err();
        assert!(matches!(error, EcgError::RateContradiction { .. }), "{given}: {error}");
        assert!(error.to_string().contains("--rate"));
    }
}

#[test]
fn absurd_rates_are_refused() {
    for rate in [0.0, -250.0, 1e9, f64::NAN, f64::INFINITY] {
        let result = parse("1\n".repeat(300).as_bytes(), Some(rate), MV);
        assert!(matches!(result, Err(EcgError::RateOutOfRange { .. })));
    }
    let seconds_as_milliseconds = timed("time_ms,ecg_mv", 500, 250.0, 1.0, 3);
    assert!(matches!(plain(&seconds_as_milliseconds), Err(EcgError::RateOutOfRange { .. })));
}

#[test]
fn gaps_and_jitter_are_reported_where_they_are() {
    let text = timed("time_s,ecg_mv", 1000, 250.0, 1.0, 3);
    let drop = |line: usize| -> String {
        text.lines().enumerate().filter(|(i, _)| i + 1 != line).map(|(_, l)| format!("{l}\n")).collect()
    };
    assert_eq!(problem(plain(&drop(400))), (400, LineProblem::Gap));
    assert_eq!(problem(plain(&drop(3))), (3, LineProblem::Gap));
    let backwards = text.replacen("2.000,", "1.000,", 1);
    assert_eq!(problem(plain(&backwards)), (502, LineProblem::TimeNotIncreasing));
    let jitter = text.replacen("2.000,", "2.0025,", 1);
    assert_eq!(problem(plain(&jitter)), (502, LineProblem::Gap));
    let early = text.replacen("2.000,", "1.9988,", 1);
    assert!(matches!(problem(plain(&early)), (502 | 503, _)));
    let standing = rows("time_s,ecg_mv", "0.0,1");
    assert_eq!(problem(plain(&standing)), (3, LineProblem::TimeNotIncreasing));
}

#[test]
fn a_gap_hidden_by_coarse_times_is_found_anyway() {
    // At 512 Hz in whole milliseconds steps of 1 and 2 alternate. A missing sample makes a 3 or 4.
    let full = timed("time_ms,ecg_mv", 3000, 512.0, 1000.0, 0);
    assert_eq!(plain(&full).unwrap().rate_hz(), 512.0);
    for missing in [10usize, 1500, 2990] {
        let text: String =
            full.lines().enumerate().filter(|(i, _)| *i != missing).map(|(_, l)| format!("{l}\n")).collect();
        assert!(matches!(problem(plain(&text)).1, LineProblem::Gap | LineProblem::Jitter), "{missing}");
    }
    let coarse = timed("time_ms,ecg_mv", 3000, 900.0, 1000.0, 0);
    assert!(matches!(plain(&coarse), Err(EcgError::TimeTooCoarse)));
}

#[test]
fn a_decimal_comma_is_named() {
    let cases = [
        rows("time_s;ecg_mv", "0,004;0,12"),
        rows("ecg_mv", "-265,868"),
        format!("ecg_mv\n0.5\n1,5\n{}", "0.5\n".repeat(300)),
    ];
    for (text, (line, column)) in cases.iter().zip([(2, 2), (2, 1), (3, 1)]) {
        let found = problem(parse(text.as_bytes(), Some(250.0), None));
        assert_eq!(found, (line, LineProblem::DecimalComma(column)));
    }
    let bare = parse("-265,868\n".repeat(300).as_bytes(), Some(250.0), MV);
    assert_eq!(problem(bare), (1, LineProblem::HeaderMissing));
    let four = problem(plain(&rows("time_s,ecg_mv", "0,004,0,12")));
    assert_eq!(four, (2, LineProblem::CellCount { found: 4, expected: 2 }));
    assert_eq!(problem(plain(&rows("time_s;ecg_mv,x", "0;1"))), (1, LineProblem::SeparatorUnclear));
}

#[test]
fn unclear_headers_are_named() {
    let cases = [
        ("time_s,voltage", LineProblem::SignalMissing),
        ("time_s", LineProblem::SignalMissing),
        ("time_s,ecg_mv,ecg_uv", LineProblem::SeveralSignals),
        ("time_s,ecg_mv,ecg2_mv", LineProblem::SeveralSignals),
        ("time_s,time_ms,ecg_mv", LineProblem::SeveralTimes),
        ("time,ecg_mv", LineProblem::TimeUnitMissing),
        ("time_us,ecg_mv", LineProblem::TimeUnitMissing),
        ("0.5,ecg_mv", LineProblem::HeaderUnclear),
        ("0.0,0.5", LineProblem::HeaderMissing),
    ];
    for (header, expected) in cases {
        assert_eq!(problem(plain(&rows(header, "0,0"))), (1, expected), "{header}");
    }
}

#[test]
fn bad_cells_are_named_with_line_and_column() {
    let with = |cell: &str| {
        let text = format!("ecg_mv\n{}{cell}\n{}", "0.5\n".repeat(5), "0.5\n".repeat(300));
        problem(parse(text.as_bytes(), Some(250.0), None))
    };
    for cell in ["abc", "0x10", "1 2", "--1", "1.2.3", "\"1\"", "1e", "\u{0}"] {
        assert_eq!(with(cell), (7, LineProblem::NotANumber(1)), "{cell:?}");
    }
    for cell in ["NaN", "nan", "inf", "-infinity", "1e999"] {
        assert_eq!(with(cell), (7, LineProblem::NotFinite(1)), "{cell}");
    }
    assert_eq!(with("5000.5"), (7, LineProblem::Implausible(1)));
    assert_eq!(with(""), (7, LineProblem::Blank));
    let empty = format!("time_s,ecg_mv\n{}", "0.0,\n".repeat(300));
    assert_eq!(problem(plain(&empty)), (2, LineProblem::EmptyCell(2)));
}

#[test]
fn errors_repeat_nothing_from_the_file() {
    let secret = "Jane Doe";
    for text in [rows(secret, "1"), rows("ecg_mv", secret), rows("time_s,ecg_mv", &format!("{secret},1"))] {
        let error = parse(text.as_bytes(), Some(250.0), None).unwrap_err();
        assert!(!format!("{error} {error:?}").contains("Jane"));
    }
}

#[test]
fn too_little_is_an_error() {
    for text in
        ["", "\n\n", "\u{feff}", "time_s,ecg_mv\n", "time_s,ecg_mv\n0,1\n", "time_s,ecg_mv\n0,1\n0.004,1\n"]
    {
        assert!(matches!(plain(text), Err(EcgError::TooShort { .. })), "{text:?}");
    }
    let short = parse("1\n".repeat(249).as_bytes(), Some(250.0), MV);
    assert!(matches!(short, Err(EcgError::TooShort { samples: 249, needed: 250 })));
}

#[test]
fn sizes_are_limited() {
    let long = format!("ecg_mv\n{}\n", "1".repeat(MAX_LINE_BYTES));
    assert_eq!(problem(parse(long.as_bytes(), Some(250.0), None)), (2, LineProblem::TooLong));
    let day = 24 * 3600 * 50;
    let text = "0\n".repeat(day + 1);
    assert!(matches!(parse(text.as_bytes(), Some(50.0), MV), Err(EcgError::TooLong { .. })));
    assert_eq!(parse(&text.as_bytes()[2..], Some(50.0), MV).unwrap().millivolts().len(), day);
}

#[test]
fn a_huge_file_is_refused_by_its_size() {
    let path = std::env::temp_dir().join(format!("ecg-huge-{}.csv", std::process::id()));
    std::fs::File::create(&path).unwrap().set_len(MAX_FILE_BYTES + 1).unwrap();
    let result = open(&path, &Hints { rate_hz: Some(250.0), unit: MV, lead: None });
    std::fs::remove_file(&path).unwrap();
    assert!(matches!(result, Err(EcgError::FileTooLarge { .. })));
    assert!(matches!(open(&path, &Hints::default()), Err(EcgError::Io { .. })));
    assert!(matches!(open(&std::env::temp_dir(), &Hints::default()), Err(EcgError::Io { .. })));
}

#[test]
fn binary_content_is_not_text() {
    assert_eq!(problem(parse(&[0xff, 0xfe, 0x31, 0x0a], Some(250.0), MV)), (1, LineProblem::NotText));
    // Latin-1 micro sign
    assert_eq!(problem(parse(b"ecg_\xb5V\n1\n", Some(250.0), None)), (1, LineProblem::NotText));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(512))]

    #[test]
    fn no_bytes_make_the_reader_panic(text in prop::collection::vec(any::<u8>(), 0..400), rate in any::<f64>()) {
        let _ = parse(&text, None, None);
        let _ = parse(&text, Some(rate), MV);
    }

    #[test]
    fn no_table_makes_the_reader_panic(
        header in prop::sample::select(vec!["time_s,ecg_mv", "time_ms;ecg_uv", "ecg_v", "ecg\ttime_s", ""]),
        cells in prop::collection::vec("[-0-9.,;\te]{0,9}", 0..300),
    ) {
        let text = format!("{header}\n{}", cells.join("\n"));
        let _ = parse(text.as_bytes(), None, None);
        let _ = parse(text.as_bytes(), Some(250.0), MV);
    }

    #[test]
    fn extreme_times_do_not_panic(times in prop::collection::vec(any::<f64>(), 0..100)) {
        let rows: String = times.iter().map(|t| format!("{t:e},1\n")).collect();
        let _ = plain(&format!("time_s,ecg_mv\n{rows}"));
        let _ = parse(format!("time_s,ecg_mv\n{rows}").as_bytes(), Some(250.0), None);
    }

    #[test]
    fn any_rate_is_found_again(rate in 50.0f64..4000.0, start in -1e4f64..1e4) {
        let mut text = String::from("time_s,ecg_mv\n");
        for index in 0..4000 {
            writeln!(text, "{:.6},0.1", start + f64::from(index) / rate).unwrap();
        }
        let found = plain(&text).unwrap().rate_hz();
        assert!((found / rate - 1.0).abs() < 1e-6, "{rate} read as {found}");
    }
}
