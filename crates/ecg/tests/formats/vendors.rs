//! Files in the manner of vendors are read without a flag, and nothing in them is personal to us.

use ecg::{Format, Hints};

use crate::own::{documents, millivolts, tables};

#[test]
fn files_in_the_manner_of_vendors_are_read() {
    let formats = [
        ("apple", Format::AppleWatch),
        ("apple-comma", Format::AppleWatch),
        ("polar", Format::PolarSensorLogger),
        ("shimmer", Format::Shimmer),
        ("opensignals", Format::OpenSignals),
        ("fitbit", Format::Fitbit),
        ("healthkit", Format::HealthKit),
        ("health-auto-export", Format::HealthKit),
        ("alivecor", Format::AliveCor),
    ];
    let expected = millivolts();
    for file in tables().into_iter().chain(documents()) {
        let reading = file.read().unwrap_or_else(|error| panic!("{}: {error}", file.name));
        let understood = &reading.understood;
        // A step of a converter of 16 bits is less than 0.1 uV.
        let step = if file.name == "opensignals" { 1e-4 } else { 1e-9 };
        let near = |(read, expected): (&f64, &f64)| (read - expected).abs() < step;
        assert_eq!(reading.recording.millivolts().len(), expected.len(), "{}", file.name);
        assert!(reading.recording.millivolts().iter().zip(&expected).all(near), "{}", file.name);
        assert_eq!(understood.rate_hz, 250.0, "{}", file.name);
        assert!(understood.gaps.is_empty(), "{}", file.name);
        let format =
            formats.iter().find(|(name, _)| *name == file.name).map_or(Format::Csv, |(_, format)| *format);
        assert_eq!(understood.format, format, "{}", file.name);
        for personal in ["Jane", "1952", "7DD3"] {
            assert!(!format!("{understood:?}").contains(personal), "{}: {understood:?}", file.name);
        }
    }
}

#[test]
fn leads_are_chosen_by_name_or_number() {
    let files = tables();
    let rdsamp = files.iter().find(|file| file.name == "rdsamp").unwrap();
    let reading = rdsamp.read().unwrap();
    assert_eq!(reading.understood.leads, ["MLII", "V5"]);
    assert!(reading.understood.notes.iter().any(|note| note.to_string().contains("trained on lead I")));
    for lead in ["v5", "3"] {
        let mut file = rdsamp.clone();
        file.hints = Hints { lead: Some(lead.to_owned()), ..Hints::default() };
        assert_eq!(file.read().unwrap().recording.millivolts()[10], 0.5);
    }
    let files = documents();
    let mut alivecor = files.iter().find(|file| file.name == "alivecor").unwrap().clone();
    assert_eq!(alivecor.read().unwrap().understood.lead.as_deref(), Some("I"));
    alivecor.hints.lead = Some("II".to_owned());
    assert_eq!(alivecor.read().unwrap().recording.millivolts()[10], 0.0035);
}

#[test]
fn a_packet_that_was_lost_is_a_gap() {
    for name in ["polar", "shimmer", "csv", "rdsamp", "opensignals", "excel"] {
        let mut file = tables().into_iter().find(|file| file.name == name).unwrap();
        let text = String::from_utf8(file.bytes).unwrap();
        let total = text.lines().count();
        let lost = total - 500..total - 495;
        let kept = text.lines().enumerate().filter(|(index, _)| !lost.contains(index));
        file.bytes = kept.flat_map(|(_, line)| format!("{line}\n").into_bytes()).collect();
        let reading = file.read().unwrap();
        assert_eq!(reading.recording.gaps(), std::slice::from_ref(&(500..505)), "{name}");
    }
}
