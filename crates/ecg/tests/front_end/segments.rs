//! From a recording to segments: counts, starts, padding, quantisation.

use ecg::{EcgError, Recording, Signal, condition, segment_starts, segments, spans};
use proptest::prelude::proptest;

const RATE: f64 = 200.0;

fn wave(samples: usize) -> Vec<f64> {
    (0..samples).map(|index| (index as f64 * 0.2).sin()).collect()
}

#[test]
fn starts_are_the_rule_by_hand() {
    assert_eq!(segment_starts(6000, 6000, 0), [0]);
    assert_eq!(segment_starts(6001, 6000, 0), [0, 1]);
    assert_eq!(segment_starts(12_000, 6000, 0), [0, 6000]);
    // Halves round up: 1 * 6001 / 2 = 3000.5.
    assert_eq!(segment_starts(12_001, 6000, 0), [0, 3001, 6001]);
    assert_eq!(segment_starts(100, 6000, 0), [0]);
    assert_eq!(segment_starts(0, 6000, 0), [0]);
    assert_eq!(segment_starts(100, 0, 0), [0]);
}

#[test]
fn a_rest_of_less_than_half_a_second_makes_no_segment() {
    assert_eq!(segment_starts(6099, 6000, 100), [0]);
    assert_eq!(segment_starts(6100, 6000, 100), [0, 100]);
    assert_eq!(segment_starts(12_099, 6000, 100), [0, 6000]);
    assert_eq!(segment_starts(12_100, 6000, 100), [0, 3050, 6100]);
    assert_eq!(segment_starts(99, 6000, 100), [0]);
    let signal = Signal::deepcardio(8, 48.0);
    for (samples, expected) in [(9000, 1), (9001, 1), (9148, 1), (9150, 2), (18_148, 2), (18_150, 3)] {
        let recording = Recording::new(300.0, wave(samples)).unwrap();
        assert_eq!(segments(&recording, &signal).unwrap().len(), expected, "{samples}");
        assert_eq!(spans(&recording, &signal).unwrap().len(), expected, "{samples}");
    }
}

#[test]
fn spans_say_where_the_segments_lie() {
    let signal = Signal::deepcardio(8, 48.0);
    let of = |rate, samples| spans(&Recording::new(rate, wave(samples)).unwrap(), &signal).unwrap();
    assert_eq!(of(300.0, 3000).first(), Some(&(0..3000)));
    assert_eq!(of(300.0, 9001).first(), Some(&(0..9000)));
    assert_eq!(of(300.0, 22_500), [0..9000, 6750..15_750, 13_500..22_500]);
    assert_eq!(of(512.844, 512 * 31).len(), 2);
}

#[test]
fn a_day_has_2880_segments() {
    let starts = segment_starts(24 * 3600 * 200, 6000, 100);
    assert_eq!(starts.len(), 2880);
    assert!(starts.iter().enumerate().all(|(index, start)| *start == 6000 * index));
}

#[test]
fn a_short_record_gets_zeros_in_front() {
    let recording = Recording::new(RATE, wave(2000)).unwrap();
    let signal = Signal::deepcardio(8, 48.0);
    let found = segments(&recording, &signal).unwrap();
    assert_eq!(found.len(), 1);
    let conditioned = condition(&recording, &signal).unwrap();
    for (window, start) in found[0].windows(&signal).zip(&signal.window_starts) {
        for (position, value) in window.iter().enumerate() {
            let expected = match (*start as usize + position).checked_sub(4000) {
                Some(place) => (conditioned[place] * 48.0).round() as i32,
                None => 0,
            };
            assert_eq!(*value, expected);
        }
    }
    assert_eq!(found[0].windows(&signal).map(<[i32]>::len).collect::<Vec<_>>(), [512; 25]);
}

#[test]
fn quantisation_saturates_at_the_width() {
    let large: Vec<f64> = wave(6000).iter().map(|x| 100.0 * x).collect();
    let recording = Recording::new(RATE, large).unwrap();
    for bits in [2, 5, 8, 16] {
        let found = segments(&recording, &Signal::deepcardio(bits, 1e6)).unwrap();
        let greatest = (1 << (bits - 1)) - 1;
        assert_eq!(found[0].samples().iter().max(), Some(&greatest));
        assert_eq!(found[0].samples().iter().min(), Some(&(-greatest - 1)));
    }
}

#[test]
fn every_rate_gives_whole_segments() {
    for rate in [81.0, 100.0, 128.0, 130.0, 250.0, 300.0, 360.0, 500.0, 512.844, 1000.0, 4000.0] {
        let recording = Recording::new(rate, wave((31.0 * rate) as usize)).unwrap();
        let found = segments(&recording, &Signal::deepcardio(8, 48.0)).unwrap();
        assert_eq!(found.len(), 2, "{rate}");
        assert!(found.iter().all(|segment| segment.samples().len() == 6000));
    }
}

#[test]
fn what_cannot_be_filtered_is_refused() {
    let signal = Signal::deepcardio(8, 48.0);
    let slow = Recording::new(80.0, wave(2400)).unwrap();
    assert!(matches!(segments(&slow, &signal), Err(EcgError::RateTooLow { .. })));
    // Order 16 needs more padding than one second at this rate holds.
    let steep = Signal { order: 16, ..signal };
    let short = Recording::new(82.0, wave(82)).unwrap();
    assert!(matches!(segments(&short, &steep), Err(EcgError::TooShort { needed: 100, .. })));
}

#[test]
fn senseless_constants_are_refused() {
    let recording = Recording::new(RATE, wave(6000)).unwrap();
    let good = || Signal::deepcardio(8, 48.0);
    let bad = [
        Signal { input_bits: 1, ..good() },
        Signal { input_bits: 33, ..good() },
        Signal { input_scale: f64::NAN, ..good() },
        Signal { input_scale: 0.0, ..good() },
        Signal { window_length: 0, ..good() },
        Signal { window_length: usize::MAX, ..good() },
        Signal { window_starts: Vec::new(), ..good() },
        Signal { window_starts: vec![5489], ..good() },
        Signal { segment_samples: 0, ..good() },
        Signal { order: 0, ..good() },
        Signal { rate_hz: 0.0, ..good() },
        Signal { rate_hz: f64::NAN, ..good() },
    ];
    for signal in bad {
        assert!(matches!(segments(&recording, &signal), Err(EcgError::Signal(_))), "{signal:?}");
    }
}

proptest! {
    #[test]
    fn segments_cover_the_record_evenly(len in 0usize..200_000, segment in 1usize..10_000) {
        let starts = segment_starts(len, segment, 0);
        assert_eq!(starts.len(), len.div_ceil(segment).max(1));
        assert_eq!(starts[0], 0);
        if len > segment {
            assert_eq!(starts[starts.len() - 1] + segment, len);
        }
        let steps: Vec<usize> = starts.windows(2).map(|pair| pair[1] - pair[0]).collect();
        let (least, greatest) = (steps.iter().min(), steps.iter().max());
        assert!(least.zip(greatest).is_none_or(|(least, greatest)| greatest - least <= 1 && *greatest <= segment));
    }
}
