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
    files::csv::parse(text, &hints(rate_hz, unit)).map(|reading| reading.recording)
}

fn hints(rate_hz: Option<f64>, unit: Option<Unit>) -> Hints {
    Hints { rate_hz, unit, lead: None }
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

/// The gaps as pairs of start and end.
fn gaps(recording: &Recording) -> Vec<(usize, usize)> {
    recording.gaps().iter().map(|gap| (gap.start, gap.end)).collect()
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
    assert!(matches!(parse(text.as_bytes(), None, MV), Err(EcgError::RateMissing { .. })));
    assert!(matches!(parse(text.as_bytes(), Some(250.0), None), Err(EcgError::UnitMissing { .. })));
    let recording = parse(text.as_bytes(), Some(250.0), MV).unwrap();
    assert_eq!((recording.millivolts().len(), recording.rate_hz()), (300, 250.0));
    assert!(matches!(parse(rows("ecg_mv", "1").as_bytes(), None, None), Err(EcgError::RateMissing { .. })));
    assert!(matches!(
        parse(rows("ecg", "1").as_bytes(), Some(250.0), None),
        Err(EcgError::UnitMissing { .. })
    ));
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

/// `text` without the lines of these numbers.
fn without(text: &str, lines: std::ops::Range<usize>) -> String {
    text.lines()
        .enumerate()
        .filter(|(i, _)| !lines.contains(&(i + 1)))
        .map(|(_, l)| format!("{l}\n"))
        .collect()
}

#[test]
fn gaps_are_found_by_the_clock_and_filled_by_a_line() {
    let text = timed("time_s,ecg_mv", 1000, 250.0, 1.0, 3);
    let whole = plain(&text).unwrap();
    for (lines, gap) in [(400..401, (398, 399)), (3..4, (1, 2)), (100..350, (98, 348))] {
        let recording = plain(&without(&text, lines)).unwrap();
        assert_eq!(gaps(&recording), [gap]);
        assert_eq!((recording.rate_hz(), recording.millivolts().len()), (250.0, 1000));
        assert_eq!(recording.millivolts()[gap.1..], whole.millivolts()[gap.1..]);
        assert_eq!(recording.millivolts()[..gap.0], whole.millivolts()[..gap.0]);
    }
    // A whole hour, and more than a recording may be.
    let later = |seconds: f64| {
        let rows = (0..500).map(|i| (f64::from(i) * 0.004 + if i < 250 { 0.0 } else { seconds }, i));
        rows.fold("t [s],ECG (mV)\n".to_owned(), |text, (t, i)| text + &format!("{t:.3},{}\n", i % 7))
    };
    assert_eq!(gaps(&plain(&later(3600.0)).unwrap()), [(250, 900_250)]);
    assert!(matches!(plain(&later(1e9)), Err(EcgError::TooLong { .. })));
}

#[test]
fn missing_values_and_codes_for_none_are_gaps() {
    for nothing in ["", "NaN", "n/a", "-32768"] {
        let text = timed("time_s,ecg_uv", 600, 250.0, 1.0, 3);
        let text = text.replace("0.400,0.100", &format!("0.400,{nothing}"));
        let reading = files::csv::parse(text.as_bytes(), &Hints::default()).unwrap();
        assert_eq!(gaps(&reading.recording), [(100, 101)], "{nothing}");
        assert_eq!(reading.understood.notes.len(), 1);
        assert_eq!(reading.understood.gaps[0].start_s, 0.4);
    }
    // Missing values before, at and behind missing lines keep their places.
    let text = timed("time_s,ecg_uv", 600, 250.0, 1.0, 3);
    let text = text
        .replace("0.200,0.600", "0.200,")
        .replace("0.800,0.200", "0.800,")
        .replace("2.000,0.500", "2.000,");
    let recording = plain(&without(&text, 103..202)).unwrap();
    assert_eq!(gaps(&recording), [(50, 51), (101, 201), (500, 501)]);
}

#[test]
fn uneven_clocks_are_errors_whose_advice_works() {
    let text = timed("time_s,ecg_mv", 1000, 250.0, 1.0, 3);
    let backwards = text.replacen("2.000,", "1.000,", 1);
    assert_eq!(problem(plain(&backwards)), (502, LineProblem::TimeNotIncreasing));
    let standing = rows("time_s,ecg_mv", "0.0,1");
    assert_eq!(problem(plain(&standing)), (3, LineProblem::TimeNotIncreasing));
    let jitter = text.replacen("2.000,", "2.0025,", 1);
    let error = plain(&jitter).unwrap_err();
    assert!(matches!(error, EcgError::TimeUneven { line: 503, rate_hz } if rate_hz == 250.0), "{error}");
    assert!(parse(jitter.as_bytes(), Some(250.0), None).unwrap().gaps().is_empty());
    assert!(matches!(parse(jitter.as_bytes(), Some(300.0), None), Err(EcgError::RateContradiction { .. })));
}

#[test]
fn a_rounded_clock_needs_its_rate() {
    for (rate, decimals) in [(960.0, 3), (250.0, 2), (1000.0, 2), (130.0, 2), (512.0, 2)] {
        let text = timed("time_s,ecg_mv", 6000, rate, 1.0, decimals);
        let Err(EcgError::TimeTooCoarse { rate_hz }) = plain(&text) else { panic!("{rate} Hz was read") };
        assert_eq!(rate_hz, rate);
        let reading = files::csv::parse(text.as_bytes(), &hints(Some(rate), None)).unwrap();
        assert_eq!((reading.recording.rate_hz(), reading.understood.notes.len()), (rate, 1));
        assert!(parse(text.as_bytes(), Some(rate * 1.05), None).is_err());
    }
}

#[test]
fn times_of_receipt_need_the_rate_and_show_pauses() {
    let mut text = "time_ms;ecg_uv\n".to_owned();
    for index in 0..3000 {
        let lost = if index >= 1500 { 2000 } else { 0 };
        writeln!(text, "{};{}", index / 10 * 80 + lost, index % 13).unwrap();
    }
    let error = plain(&text).unwrap_err();
    assert!(matches!(error, EcgError::TimeOfReceipt { .. }), "{error}");
    let recording = parse(text.as_bytes(), Some(125.0), None).unwrap();
    assert_eq!(gaps(&recording), [(1500, 1750)]);
    assert!(parse(text.as_bytes(), Some(140.0), None).is_err());
}

#[test]
fn a_gap_hidden_by_coarse_times_is_found_anyway() {
    // At 512 Hz in whole milliseconds steps of 1 and 2 alternate. A missing sample makes a 3 or 4.
    let full = timed("time_ms,ecg_mv", 3000, 512.0, 1000.0, 0);
    assert_eq!(plain(&full).unwrap().rate_hz(), 512.0);
    for missing in [10usize, 1500, 2990] {
        let result = plain(&without(&full, missing..missing + 1));
        assert!(result.is_err() || result.is_ok_and(|recording| recording.gaps().len() == 1), "{missing}");
    }
}

#[test]
fn a_clock_of_any_name_is_used() {
    let names = ["zeit", "column", "", "t", "my clock"];
    for (name, scale) in names.iter().flat_map(|name| [1.0, 1e3, 1e6].map(|scale| (name, scale))) {
        let text = timed(&format!("{name},ecg_mv"), 1000, 250.0, scale, 3);
        let recording = plain(&text).unwrap();
        assert_eq!(recording.rate_hz(), 250.0, "{name} {scale}");
        assert!(matches!(parse(text.as_bytes(), Some(300.0), None), Err(EcgError::RateContradiction { .. })));
        assert_eq!(gaps(&plain(&without(&text, 200..300)).unwrap()), [(198, 298)]);
    }
    // Numbers of samples give gaps, not a rate.
    let numbered = timed("index,ecg_mv", 1000, 1.0, 1.0, 0);
    assert!(matches!(plain(&numbered), Err(EcgError::RateMissing { .. })));
    let recording = parse(without(&numbered, 200..300).as_bytes(), Some(250.0), None).unwrap();
    assert_eq!((recording.rate_hz(), gaps(&recording)), (250.0, vec![(198, 298)]));
    let unclear = timed("time,ecg_mv", 1000, 1.0, 1.0, 0);
    assert!(matches!(plain(&unclear), Err(EcgError::ClockUnclear { .. })));
    assert_eq!(parse(unclear.as_bytes(), Some(1000.0), None).unwrap().rate_hz(), 1000.0);
    assert_eq!(parse(unclear.as_bytes(), Some(500.0), None).unwrap().rate_hz(), 500.0);
}

#[test]
fn decimal_commas_are_read_where_they_are_clear() {
    let text = timed("time_s,ecg_mv", 500, 250.0, 1.0, 3).replace(',', ";").replace('.', ",");
    assert_eq!(plain(&text).unwrap().millivolts()[7], 0.7);
    assert_eq!(
        parse(rows("ecg_mv", "-265,868").as_bytes(), Some(250.0), None).unwrap().millivolts()[0],
        -265.868
    );
    // Zeros behind the comma belong to a fraction; without a sign it could be two columns.
    let column = |row: &str| parse(format!("{row}\n12,5\n").repeat(150).as_bytes(), Some(250.0), MV);
    assert_eq!(column("-41,05").unwrap().millivolts()[0], -41.05);
    assert_eq!(problem(column("-41,55")), (1, LineProblem::CommasUnclear));
    let named = format!("ecg_mv\n{}", "-41,55\n12,5\n".repeat(150));
    assert_eq!(parse(named.as_bytes(), Some(250.0), None).unwrap().millivolts()[1], 12.5);
    let four = problem(plain(&rows("time_s,ecg_mv", "0,004,0,12")));
    assert_eq!(four, (2, LineProblem::CellCount { found: 4, expected: 2 }));
}

#[test]
fn unclear_headers_are_errors_that_list_the_columns() {
    let found = |header: &str| plain(&rows(header, "0,0")).unwrap_err();
    for header in ["time_s,pleth", "time_s,hr_bpm", "time_s"] {
        assert!(matches!(found(header), EcgError::SignalMissing { .. } | EcgError::Line { .. }), "{header}");
    }
    for header in ["ecg_mv,ecg_uv", "ecg_mv,ecg2_mv", "ch1,ch2"] {
        let EcgError::SeveralSignals { found } = found(header) else { panic!("{header} was read") };
        assert!(found.contains(&format!("1 \"{}\"", header.split(',').next().unwrap())), "{found}");
    }
    let bare = timed("", 500, 250.0, 1.0, 3);
    assert!(matches!(plain(&bare), Err(EcgError::UnitMissing { .. })));
    assert_eq!(parse(bare.as_bytes(), None, MV).unwrap().rate_hz(), 250.0);
    let several = timed("time_s,ecg_mv,ecg2_mv", 500, 250.0, 1.0, 3);
    let several: String = several
        .lines()
        .enumerate()
        .map(|(i, l)| if i == 0 { format!("{l}\n") } else { format!("{l},9\n") })
        .collect();
    let choose = |lead: &str| {
        let hints = Hints { lead: Some(lead.to_owned()), ..Hints::default() };
        files::csv::parse(several.as_bytes(), &hints)
    };
    assert_eq!(choose("ecg2_mv").unwrap().recording.millivolts()[0], 9.0);
    assert_eq!(choose("2").unwrap().recording.millivolts()[1], 0.1);
    assert!(matches!(choose("4"), Err(EcgError::LeadMissing { .. })));
}

#[test]
fn bad_cells_are_named_with_line_and_column() {
    let with = |cell: &str| {
        let text = format!("ecg_mv\n{}{cell}\n{}", "0.5\n".repeat(5), "0.5\n".repeat(300));
        problem(parse(text.as_bytes(), Some(250.0), None))
    };
    for cell in ["abc", "0x10", "1 2", "--1", "1.2.3", "1e", "inf", "-infinity", "1e999", "0:10"] {
        assert_eq!(with(cell), (7, LineProblem::NotANumber(1)), "{cell:?}");
    }
    assert_eq!(with("\u{0}"), (7, LineProblem::NotText));
    assert_eq!(with("5000.5"), (7, LineProblem::Implausible(1)));
    assert_eq!(with(""), (7, LineProblem::Blank));
    let far = format!("ecg_mv\n{}abc\n{}", "0.5\n".repeat(1000), "0.5\n".repeat(300));
    assert_eq!(problem(parse(far.as_bytes(), Some(250.0), None)), (1002, LineProblem::NotANumber(1)));
    let clock = timed("time_s,ecg_mv", 500, 250.0, 1.0, 3).replace("0.400,", ",");
    assert_eq!(problem(plain(&clock)), (102, LineProblem::TimeMissing(1)));
}

#[test]
fn errors_repeat_nothing_from_the_file() {
    let secret = "Jane Doe";
    for text in [
        rows(secret, "1"),
        rows("ecg_mv", secret),
        rows(&format!("{secret},hr"), "1,2"),
        rows(&format!("ecg {secret},ecg"), "1,2"),
    ] {
        let error = parse(text.as_bytes(), Some(250.0), None).unwrap_err();
        assert!(!format!("{error} {error:?}").contains("Jane"), "{error}");
    }
    let text = format!("Name,{secret}\nborn,1952-02-05\n\n{}", timed("time_s,ecg_mv", 500, 250.0, 1.0, 3));
    let reading = files::csv::parse(text.as_bytes(), &Hints::default()).unwrap();
    assert!(!format!("{reading:?}").contains("Jane") && !format!("{reading:?}").contains("1952"));
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
    let result = open(&path, &hints(Some(250.0), MV));
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
