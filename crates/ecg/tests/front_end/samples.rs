//! The shipped samples read without complaint and give the segments that their README promises.

use std::path::PathBuf;

use ecg::{EcgError, Hints, Signal, Unit, open, segments};

fn sample(name: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../samples").join(name)
}

#[test]
fn every_sample_gives_its_segments() {
    let described = [
        ("mitdb208-few-ectopics.csv", 360.0, 30.0, 1),
        ("mitdb208-many-ectopics.csv", 360.0, 30.0, 1),
        ("mitdb208-long.csv", 360.0, 75.0, 3),
        ("synthetic-normal.csv", 300.0, 30.0, 1),
        ("synthetic-af.csv", 300.0, 30.0, 1),
        ("synthetic-noise.csv", 300.0, 30.0, 1),
        ("synthetic-af-microvolts.csv", 130.0, 30.0, 1),
    ];
    for (name, rate, seconds, count) in described {
        let recording = open(&sample(name), &Hints::default()).unwrap().recording;
        assert_eq!((recording.rate_hz(), recording.seconds()), (rate, seconds), "{name}");
        let found = segments(&recording, &Signal::deepcardio(8, 48.0)).unwrap();
        assert_eq!(found.len(), count, "{name}");
        assert!(found.iter().all(|segment| segment.samples().iter().any(|x| x.abs() > 20)), "{name}");
    }
    let shipped = std::fs::read_dir(sample("")).unwrap();
    let csv = shipped.filter(|entry| entry.as_ref().unwrap().path().extension().is_some_and(|e| e == "csv"));
    assert_eq!(csv.count(), described.len() + 1);
}

#[test]
fn the_bare_sample_needs_its_flags() {
    let path = sample("synthetic-normal-bare.csv");
    let read =
        |rate_hz, unit| open(&path, &Hints { rate_hz, unit, lead: None }).map(|reading| reading.recording);
    assert!(matches!(read(Some(250.0), None), Err(EcgError::UnitMissing { .. })));
    assert!(matches!(read(None, Some(Unit::Millivolt)), Err(EcgError::RateMissing { .. })));
    assert_eq!(read(Some(250.0), Some(Unit::Millivolt)).unwrap().seconds(), 30.0);
}
