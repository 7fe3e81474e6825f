//! The synthetic ECG has the heart rate, irregularity and spectrum that its rhythm promises.

use ecg::BandPass;

#[path = "../../examples/synthesise_ecg/synthesis/mod.rs"]
mod synthesis;

use synthesis::{Rhythm, synthesise};

const RATE: f64 = 300.0;
const SEEDS: std::ops::Range<u64> = 1..6;

fn intervals(beats: &[f64]) -> Vec<f64> {
    beats.windows(2).map(|pair| pair[1] - pair[0]).collect()
}

fn mean(values: &[f64]) -> f64 {
    values.iter().sum::<f64>() / values.len() as f64
}

fn deviation(values: &[f64]) -> f64 {
    let centre = mean(values);
    mean(&values.iter().map(|x| (x - centre).powi(2)).collect::<Vec<f64>>()).sqrt()
}

/// Root mean square between two frequencies.
fn band(signal: &[f64], low: f64, high: f64) -> Option<f64> {
    let out = BandPass::design(4, low, high, RATE).ok()?.apply(signal).ok()?;
    Some(deviation(&out))
}

#[test]
fn the_mean_heart_rate_is_right() {
    for seed in SEEDS {
        let normal = synthesise(Rhythm::Normal, 120.0, RATE, seed);
        let rate = 60.0 / mean(&intervals(&normal.beats));
        assert!((rate - 70.0).abs() < 1.0, "seed {seed}: {rate}");
        let af = synthesise(Rhythm::AtrialFibrillation, 120.0, RATE, seed);
        let rate = 60.0 / mean(&intervals(&af.beats));
        assert!((rate - 95.0).abs() < 8.0, "seed {seed}: {rate}");
    }
}

#[test]
fn fibrillation_is_irregular_from_beat_to_beat() {
    for seed in SEEDS {
        let normal = intervals(&synthesise(Rhythm::Normal, 120.0, RATE, seed).beats);
        let af = intervals(&synthesise(Rhythm::AtrialFibrillation, 120.0, RATE, seed).beats);
        let variation = |intervals: &[f64]| deviation(intervals) / mean(intervals);
        assert!((0.02..0.07).contains(&variation(&normal)), "seed {seed}: {}", variation(&normal));
        assert!((0.15..0.30).contains(&variation(&af)), "seed {seed}: {}", variation(&af));
        let least = af.iter().copied().fold(f64::INFINITY, f64::min);
        assert!(least > 0.33, "seed {seed}: {least}");
    }
}

/// Mean height where a P wave would be, against the level before it, over beats whose T wave ended
/// earlier.
fn p_wave(ecg: &synthesis::Synthetic) -> f64 {
    let at = |time: f64| ecg.millivolts.get((time * RATE).round() as usize).copied().unwrap_or(0.0);
    let late = ecg.beats.windows(2).filter(|pair| pair[1] - pair[0] > 0.65).map(|pair| pair[1]);
    let heights: Vec<f64> = late.map(|r| at(r - 0.16) - at(r - 0.26)).collect();
    assert!(heights.len() > 30);
    mean(&heights)
}

#[test]
fn only_sinus_rhythm_has_p_waves() {
    let normal = p_wave(&synthesise(Rhythm::Normal, 120.0, RATE, 3));
    let af = p_wave(&synthesise(Rhythm::AtrialFibrillation, 120.0, RATE, 3));
    assert!(normal > 0.07, "{normal}");
    assert!(af.abs() < 0.05, "{af}");
}

#[test]
fn r_peaks_stand_where_the_beats_are() {
    let ecg = synthesise(Rhythm::Normal, 60.0, RATE, 2);
    for beat in &ecg.beats[1..ecg.beats.len() - 1] {
        let near = |time: f64| ecg.millivolts[(time * RATE).round() as usize];
        let peak = (-3..=3).map(|i| near(beat + f64::from(i) / RATE)).fold(f64::MIN, f64::max);
        assert!((0.6..1.3).contains(&peak), "{peak} mV at {beat} s");
        assert!(near(beat - 0.1) < peak / 2.0 && near(beat + 0.1) < peak / 2.0);
    }
}

#[test]
fn noise_drowns_the_signal() {
    let clean = synthesise(Rhythm::Normal, 60.0, RATE, 4).millivolts;
    let noisy = synthesise(Rhythm::Noise, 60.0, RATE, 4).millivolts;
    assert!(band(&noisy, 40.0, 100.0) > band(&clean, 40.0, 100.0).map(|rms| 5.0 * rms));
    assert!(band(&noisy, 0.1, 0.8) > band(&clean, 0.1, 0.8).map(|rms| 5.0 * rms));
}

#[test]
fn a_seed_gives_one_recording() {
    for rhythm in ["normal", "af", "noise"] {
        let rhythm: Rhythm = rhythm.parse().unwrap();
        let first = synthesise(rhythm, 10.0, 128.0, 7).millivolts;
        assert_eq!(first.len(), 1280);
        assert_eq!(first, synthesise(rhythm, 10.0, 128.0, 7).millivolts);
        assert_ne!(first, synthesise(rhythm, 10.0, 128.0, 8).millivolts);
    }
    assert!("sinus".parse::<Rhythm>().is_err());
}
