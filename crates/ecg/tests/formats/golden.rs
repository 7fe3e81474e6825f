//! What wfdb and pyedflib wrote (`tests/files/make.py`) is read to the step.

use ecg::{EcgError, Hints, Note, open};

use crate::own::{folder, millivolts, steps, written};

fn equal(read: &[f64], expected: &[f64]) -> bool {
    read.len() == expected.len()
        && read.iter().zip(expected).all(|(read, expected)| (read - expected).abs() < 1e-9)
}

#[test]
fn files_of_other_programs_are_read_to_the_step() {
    for file in written() {
        let reading = file.read().unwrap_or_else(|error| panic!("{}: {error}", file.name));
        let understood = &reading.understood;
        assert!(equal(reading.recording.millivolts(), &millivolts()), "{}", file.name);
        assert_eq!((understood.rate_hz, understood.lead.as_deref()), (250.0, Some("I")), "{}", file.name);
        assert!(understood.gaps.is_empty(), "{}", file.name);
        let doubt = |note: &Note| {
            matches!(note, Note::ChecksumWrong | Note::Truncated { .. } | Note::LongerThanStated { .. })
        };
        assert!(!understood.notes.iter().any(doubt), "{}: {:?}", file.name, understood.notes);
        assert!(!format!("{understood:?}").contains("Jane"), "{}", file.name);
    }
}

#[test]
fn a_record_is_found_by_its_header_or_by_its_signals() {
    for name in ["w16.hea", "w16.dat", "w16m.mat", "w212.dat"] {
        let reading = open(&folder().join(name), &Hints::default()).unwrap();
        assert!(equal(reading.recording.millivolts(), &millivolts()), "{name}");
    }
    let error = open(&folder().join("w16.atr"), &Hints::default()).unwrap_err();
    assert!(error.to_string().contains("annotations"), "{error}");
    let error = open(&folder().join("annotations.edf"), &Hints::default()).unwrap_err();
    assert!(error.to_string().contains("annotations alone"), "{error}");
}

#[test]
fn gaps_are_honoured() {
    let reading = open(&folder().join("gaps.edf"), &Hints::default()).unwrap();
    assert_eq!(reading.recording.gaps(), std::slice::from_ref(&(500..1100)));
    assert!(equal(&reading.recording.millivolts()[1100..], &millivolts()[500..]));
    assert_eq!((reading.understood.gaps[0].start_s, reading.understood.gaps[0].length_s), (2.0, 2.4));
    let reading = open(&folder().join("w16holes.hea"), &Hints::default()).unwrap();
    assert_eq!(reading.recording.gaps(), std::slice::from_ref(&(300..310)));
    assert!(reading.understood.notes.contains(&Note::NoValueCode { code: -32768, samples: 10 }));
}

#[test]
fn what_is_missing_is_said() {
    let header = std::fs::read_to_string(folder().join("w16.hea")).unwrap();
    let whole = std::fs::read(folder().join("w16.dat")).unwrap();
    let hints = Hints::default();
    let parse = |header: &str, signals: &[u8]| ecg::files::wfdb::parse(header, signals, &hints);
    let cut = parse(&header, &whole[..1200]).unwrap();
    assert!(cut.understood.notes.contains(&Note::Truncated { have: 600, of: 1000 }));
    let mut changed = whole.clone();
    changed[500] ^= 4;
    assert!(parse(&header, &changed).unwrap().understood.notes.contains(&Note::ChecksumWrong));
    let elsewhere = header.replace("w16.dat", "../w16.dat");
    let path = std::env::temp_dir().join(format!("ecg-elsewhere-{}.hea", std::process::id()));
    std::fs::write(&path, elsewhere).unwrap();
    let outside = open(&path, &hints);
    std::fs::write(&path, header).unwrap();
    let absent = open(&path, &hints);
    std::fs::remove_file(&path).unwrap();
    assert!(matches!(outside, Err(EcgError::Content { .. })));
    assert!(matches!(absent, Err(EcgError::PartMissing { name }) if name == "w16.dat"));
    assert_eq!(steps().len(), 1000);
}
