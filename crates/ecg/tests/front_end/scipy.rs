//! The ECG front end against SciPy: stored outputs, made by `vectors/make.py`, for eight rates.

#![expect(clippy::unwrap_used, reason = "the helpers of a test fail by panicking, as the test does")]

use std::f64::consts::PI;
use std::path::PathBuf;

use ecg::{BandPass, Recording, Resampler, Signal, condition, segments};

const RATES: [&str; 8] = ["100", "128", "250", "300", "360", "500", "512.844", "1000"];
const TOLERANCE: f64 = 1e-6;

fn vector(name: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/vectors").join(name)
}

fn doubles(name: &str) -> Vec<f64> {
    let bytes = std::fs::read(vector(name)).unwrap();
    bytes.chunks_exact(8).map(|chunk| f64::from_le_bytes(chunk.try_into().unwrap())).collect()
}

/// The input of `make.py`: offset, drift, wander, spikes, mains hum and noise, in millivolts.
fn signal(rate: f64, seconds: f64) -> Vec<f64> {
    let mut state = 1u32;
    (0..(seconds * rate) as usize)
        .map(|index| {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            let noise = f64::from(state) / f64::from(1u32 << 31) - 1.0;
            let t = index as f64 / rate;
            let wander = 0.8 * (2.0 * PI * 0.3 * t).sin() + 0.4 * (2.0 * PI * 1.1 * t + 1.0).sin();
            let spikes = 1.2 * (-((t % 0.83) - 0.4).powi(2) / (2.0 * 0.012f64.powi(2))).exp();
            let hum = 0.2 * (2.0 * PI * 50.0 * t).sin();
            2.5 + 0.3 * t + wander + spikes + hum + 0.1 * noise
        })
        .collect()
}

fn assert_close(actual: &[f64], expected: &[f64], what: &str) {
    assert_eq!(actual.len(), expected.len(), "{what}");
    let worst = actual.iter().zip(expected).map(|(a, e)| (a - e).abs()).fold(0.0, f64::max);
    assert!(worst < TOLERANCE, "{what}: off by {worst:e}");
}

#[test]
fn the_filter_equals_sosfiltfilt() {
    for name in RATES {
        let rate: f64 = name.parse().unwrap();
        let filter = BandPass::design(4, 0.5, 40.0, rate).unwrap();
        let out = filter.apply(&signal(rate, 12.0)).unwrap();
        let mut kept: Vec<f64> = out.iter().step_by(7).copied().collect();
        kept.extend_from_slice(&out[out.len() - 50..]);
        assert_close(&kept, &doubles(&format!("filtered-{name}.f64")), name);
    }
}

#[test]
fn filter_and_resampling_equal_scipy() {
    for name in RATES {
        let rate: f64 = name.parse().unwrap();
        let recording = Recording::new(rate, signal(rate, 12.0)).unwrap();
        let out = condition(&recording, &Signal::deepcardio(8, 48.0)).unwrap();
        assert_close(&out, &doubles(&format!("resampled-{name}.f64")), name);
    }
}

#[test]
fn ratios_equal_limit_denominator() {
    let text = std::fs::read_to_string(vector("ratios.csv")).unwrap();
    let rows: Vec<Vec<f64>> = text
        .lines()
        .skip(1)
        .map(|line| line.split(',').map(|cell| cell.parse().unwrap()).collect())
        .collect();
    assert_eq!(rows.len(), RATES.len());
    for row in rows {
        let resampler = Resampler::new(row[0], 200.0).unwrap();
        assert_eq!((resampler.up() as f64, resampler.down() as f64), (row[1], row[2]), "{} Hz", row[0]);
        assert!((resampler.residual_ppm() - row[3]).abs() < 1e-6, "{} Hz", row[0]);
    }
}

#[test]
fn segments_equal_the_rule_in_numpy() {
    let bytes = std::fs::read(vector("segments-360.i16")).unwrap();
    let expected: Vec<i32> =
        bytes.chunks_exact(2).map(|pair| i32::from(i16::from_le_bytes(pair.try_into().unwrap()))).collect();
    let recording = Recording::new(360.0, signal(360.0, 40.0)).unwrap();
    let model = Signal::deepcardio(8, 48.0);
    let found = segments(&recording, &model).unwrap();
    assert_eq!(found.len(), 2);
    for (segment, expected) in found.iter().zip(expected.chunks_exact(6000)) {
        assert_eq!(segment.samples(), expected);
        assert_eq!(segment.windows(&model).count(), 25);
        for (window, start) in segment.windows(&model).zip(&model.window_starts) {
            let start = *start as usize;
            assert_eq!(window, &expected[start..start + 512]);
        }
    }
}
