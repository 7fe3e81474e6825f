//! The signal check on the samples, whole and damaged. Each damage is held against the undamaged
//! sample, which must not have the finding.

#![expect(clippy::unwrap_used, reason = "helpers of tests fail the test")]

use std::path::Path;

use ecg::quality::{Examination, Kind, Severity, examine};
use ecg::{Hints, Recording};

fn sample(name: &str) -> Recording {
    let path = Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../../samples")).join(name);
    ecg::open(&path, &Hints::default()).unwrap().recording
}

fn whole(recording: &Recording) -> Examination {
    examine(recording, 0..recording.millivolts().len())
}

/// A sample after its values were changed.
fn damaged(change: impl FnOnce(&mut Vec<f64>)) -> Examination {
    let clean = sample("synthetic-normal.csv");
    let mut values = clean.millivolts().to_vec();
    change(&mut values);
    whole(&Recording::new(clean.rate_hz(), values).unwrap())
}

/// The severity of a kind; none in the undamaged sample.
fn severity(examination: &Examination, kind: Kind) -> Option<Severity> {
    let of = |examination: &Examination| {
        examination.findings.iter().find(|finding| finding.kind == kind).map(|finding| finding.severity)
    };
    assert_eq!(of(&whole(&sample("synthetic-normal.csv"))), None, "{kind:?} is in the undamaged sample");
    of(examination)
}

#[test]
fn the_samples_are_readable_and_their_heart_rates_right() {
    for (name, pace) in [
        ("synthetic-normal.csv", Some(66.0..74.0)),
        ("synthetic-af.csv", None),
        ("synthetic-af-microvolts.csv", None),
        ("mitdb208-few-ectopics.csv", Some(85.0..115.0)),
        ("mitdb208-many-ectopics.csv", None),
        ("synthetic-noise.csv", None),
    ] {
        let examination = whole(&sample(name));
        assert!(examination.unreadable().is_none(), "{name}: {examination:?}");
        let found = examination.heart_rate.unwrap();
        assert!(pace.is_none_or(|pace| pace.contains(&found)), "{name}: {found}");
    }
    assert!(whole(&sample("synthetic-normal.csv")).findings.is_empty());
}

#[test]
fn a_heart_rate_needs_no_particular_lead_unit_or_rate() {
    let clean = sample("synthetic-normal.csv");
    let pace = whole(&clean).heart_rate.unwrap();
    let upside_down: Vec<f64> = clean.millivolts().iter().map(|value| -value).collect();
    let found = whole(&Recording::new(300.0, upside_down).unwrap()).heart_rate.unwrap();
    assert!((found - pace).abs() < 0.5, "{found} for {pace}");
    let every_second: Vec<f64> = clean.millivolts().iter().copied().step_by(2).collect();
    let found = whole(&Recording::new(150.0, every_second).unwrap()).heart_rate.unwrap();
    assert!((found - pace).abs() < 1.0, "{found} for {pace}");
}

#[test]
fn no_signal_is_unreadable_and_says_where() {
    let half = 4500..9000;
    for (value, kind) in [(-0.013, Kind::Flat), (3.3, Kind::Rail), (0.0, Kind::Zeros)] {
        let examination = damaged(|values| values[half.clone()].fill(value));
        assert_eq!(severity(&examination, kind), Some(Severity::Unreadable), "{kind:?}");
        let finding = examination.unreadable().unwrap();
        assert!((finding.from_s - 15.0).abs() < 0.1 && (finding.to_s - 30.0).abs() < 0.1, "{finding:?}");
        assert_eq!(examination.heart_rate, None);
    }
    let still = whole(&Recording::new(300.0, vec![-1.5; 9000]).unwrap());
    assert!(still.unreadable().is_some(), "{still:?}");
    let flickering = (0..9000).map(|place| -1.5 + 0.001 * f64::from(place % 3)).collect();
    let flickering = whole(&Recording::new(300.0, flickering).unwrap());
    assert!(flickering.unreadable().is_some(), "{flickering:?}");
}

#[test]
fn codes_for_no_sample_are_told_from_spikes() {
    let every = |step: usize| {
        move |values: &mut Vec<f64>| {
            values.iter_mut().step_by(step).for_each(|value| *value = -32.768);
        }
    };
    assert_eq!(severity(&damaged(every(600)), Kind::Sentinel), Some(Severity::Doubt));
    assert_eq!(severity(&damaged(every(5)), Kind::Sentinel), Some(Severity::Unreadable));
    let spike = damaged(|values| values[4000] = -32.768);
    assert_eq!(severity(&spike, Kind::Sentinel), None);
}

#[test]
fn gaps_weigh_by_their_length() {
    let clean = sample("synthetic-normal.csv");
    let with = |gaps| whole(&Recording::with_gaps(300.0, clean.millivolts().to_vec(), gaps).unwrap());
    let one = std::iter::once(3000..3300).collect();
    assert_eq!(severity(&with(one), Kind::Gap), Some(Severity::Doubt));
    let several = with(vec![600..900, 3000..3300, 6000..6400]);
    assert_eq!(severity(&several, Kind::Gap), Some(Severity::Unreadable));
    assert!((several.unreadable().unwrap().measure - 10.0 / 3.0).abs() < 0.01);
}

#[test]
fn a_gap_outside_the_stretch_does_not_count() {
    let clean = sample("mitdb208-long.csv");
    let gap = std::iter::once(20_000..22_000).collect();
    let recording = Recording::with_gaps(clean.rate_hz(), clean.millivolts().to_vec(), gap).unwrap();
    assert!(examine(&recording, 0..10_800).findings.iter().all(|finding| finding.kind != Kind::Gap));
    let finding = examine(&recording, 16_200..27_000).findings[0];
    assert_eq!((finding.kind, finding.severity), (Kind::Gap, Severity::Unreadable));
    assert!((finding.from_s - 20_000.0 / 360.0).abs() < 0.01, "in seconds of the recording: {finding:?}");
}

#[test]
fn too_short_is_refused_and_short_is_noted() {
    let clean = sample("synthetic-normal.csv");
    let first = |seconds: usize| examine(&clean, 0..300 * seconds);
    assert_eq!(severity(&first(8), Kind::Short), Some(Severity::Unreadable));
    assert_eq!(severity(&first(10), Kind::Short), Some(Severity::Note));
    assert_eq!(severity(&first(30), Kind::Short), None);
}

#[test]
fn a_wrong_unit_and_a_wrong_rate_are_asked_about() {
    for factor in [1000.0, 0.001] {
        let examination = damaged(|values| values.iter_mut().for_each(|value| *value *= factor));
        assert_eq!(severity(&examination, Kind::Amplitude), Some(Severity::Unreadable), "{factor}");
        assert!(examination.findings[0].to_string().contains("--unit"));
    }
    let clean = sample("synthetic-normal.csv");
    for rate in [150.0, 600.0] {
        let examination = whole(&Recording::new(rate, clean.millivolts().to_vec()).unwrap());
        assert_eq!(severity(&examination, Kind::Pace), Some(Severity::Doubt), "{rate}: {examination:?}");
        assert!(examination.doubts().any(|finding| finding.to_string().contains("--rate")));
    }
}

#[test]
fn disturbances_are_doubted() {
    let sine = |amplitude: f64, hertz: f64| {
        move |values: &mut Vec<f64>| {
            for (place, value) in values.iter_mut().enumerate() {
                *value += amplitude * (std::f64::consts::TAU * hertz * place as f64 / 300.0).sin();
            }
        }
    };
    assert_eq!(severity(&damaged(sine(0.1, 50.0)), Kind::Hum), Some(Severity::Note));
    assert_eq!(severity(&damaged(sine(0.3, 60.0)), Kind::Hum), Some(Severity::Doubt));
    assert_eq!(severity(&damaged(sine(2.0, 0.25)), Kind::Wander), Some(Severity::Doubt));
    let clipped = damaged(|values| values.iter_mut().for_each(|value| *value = value.min(0.3)));
    assert_eq!(severity(&clipped, Kind::Clipped), Some(Severity::Doubt));
    let inverted = damaged(|values| values.iter_mut().for_each(|value| *value = -*value));
    assert_eq!(severity(&inverted, Kind::Inverted), Some(Severity::Note));
}

#[test]
fn lost_and_repeated_packets_are_doubted() {
    let zeroed = damaged(|values| {
        values.iter_mut().for_each(|value| *value += 0.4);
        values.chunks_mut(20).step_by(30).for_each(|packet| packet.fill(0.0));
    });
    assert_eq!(severity(&zeroed, Kind::Dropout), Some(Severity::Doubt));
    let twice = damaged(|values| {
        let packets: Vec<Vec<f64>> = values.chunks(36).map(<[f64]>::to_vec).collect();
        let times = |place: usize| if place % 20 == 7 { 2 } else { 1 };
        *values =
            packets.iter().enumerate().flat_map(|(place, packet)| packet.repeat(times(place))).collect();
    });
    assert_eq!(severity(&twice, Kind::Repeated), Some(Severity::Doubt));
    let doubled = damaged(|values| *values = values.iter().flat_map(|value| [*value; 2]).collect());
    assert_eq!(severity(&doubled, Kind::Repeated), Some(Severity::Doubt));
}

#[test]
fn what_is_no_ecg_is_not_passed_in_silence() {
    let pulse = |place: u32| (f64::from(place) / 300.0 * 1.2 * std::f64::consts::TAU).sin().exp() * 0.2;
    let wave: Vec<f64> = (0..9000).map(|place| (pulse(place) * 1e4).round() / 1e4).collect();
    let pulse = whole(&Recording::new(300.0, wave).unwrap());
    assert!(pulse.findings.iter().any(|finding| finding.severity >= Severity::Doubt), "{pulse:?}");
}

#[test]
fn nothing_panics_on_odd_stretches() {
    let clean = sample("synthetic-normal.csv");
    for stretch in [0..0, 0..1, 5..7, 8990..20_000, 20_000..30_000, 0..70] {
        assert!(examine(&clean, stretch).unreadable().is_some());
    }
}
