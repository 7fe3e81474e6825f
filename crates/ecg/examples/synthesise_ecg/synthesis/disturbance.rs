//! What lies on top of the beats: fibrillatory waves, muscle noise, wander, electrode motion.

use std::f64::consts::PI;

use rand_chacha::ChaCha20Rng;

use super::random::{normal, uniform};

/// The fibrillatory waves of the atria: a sawtooth of three harmonics whose rate and height drift.
pub(super) struct FibrillatoryWaves {
    phases: [f64; 3],
}

impl FibrillatoryWaves {
    const HEIGHT_MV: f64 = 0.07;
    const RATE_HZ: f64 = 6.5;
    const RATE_DRIFT_HZ: f64 = 0.6;
    const HEIGHT_DRIFT: f64 = 0.4;

    pub(super) fn new(rng: &mut ChaCha20Rng) -> Self {
        Self { phases: [(); 3].map(|()| 2.0 * PI * uniform(rng)) }
    }

    pub(super) fn add_to(&self, millivolts: &mut [f64], rate_hz: f64) {
        let [start, rate_phase, height_phase] = self.phases;
        let mut phase = start;
        for (index, value) in millivolts.iter_mut().enumerate() {
            let time = index as f64 / rate_hz;
            let height =
                Self::HEIGHT_MV * (1.0 + Self::HEIGHT_DRIFT * (2.0 * PI * 0.31 * time + height_phase).sin());
            let rate = Self::RATE_HZ + Self::RATE_DRIFT_HZ * (2.0 * PI * 0.17 * time + rate_phase).sin();
            *value += height * (1..=3).map(|k| (f64::from(k) * phase).sin() / f64::from(k)).sum::<f64>();
            phase += 2.0 * PI * rate / rate_hz;
        }
    }
}

/// Noise of the body and the electrodes, in millivolts.
pub(super) struct Noise {
    /// What is left of the signal.
    signal: f64,
    /// Muscle noise, root mean square up to 150 Hz.
    muscle: f64,
    /// Baseline wander, root mean square.
    wander: f64,
    /// Height of electrode jumps.
    motion: f64,
    /// Electrode jumps a second.
    motions_per_second: f64,
}

impl Noise {
    /// A good contact at rest.
    pub(super) const QUIET: Self =
        Self { signal: 1.0, muscle: 0.012, wander: 0.03, motion: 0.0, motions_per_second: 0.0 };
    /// A poor contact on a moving body.
    pub(super) const UNREADABLE: Self =
        Self { signal: 0.25, muscle: 0.35, wander: 0.8, motion: 1.5, motions_per_second: 1.2 };
    /// Bandwidth in which `muscle` is measured.
    const MUSCLE_HZ: f64 = 150.0;
    /// Time constants of wander and of the return after a jump.
    const WANDER_SECONDS: f64 = 0.5;
    const MOTION_SECONDS: f64 = 0.15;
    /// Bursts of muscle noise come and go this often.
    const BURST_HZ: f64 = 0.13;

    pub(super) fn add_to(&self, millivolts: &mut [f64], rate_hz: f64, rng: &mut ChaCha20Rng) {
        let step = 1.0 / rate_hz;
        // White noise of equal density at any rate. Wander as an Ornstein-Uhlenbeck process.
        let muscle = self.muscle * (rate_hz / 2.0 / Self::MUSCLE_HZ).sqrt();
        let kick = self.wander * (2.0 * step / Self::WANDER_SECONDS).sqrt();
        let burst_phase = 2.0 * PI * uniform(rng);
        let (mut wander, mut motion) = (self.wander * normal(rng), 0.0);
        for (index, value) in millivolts.iter_mut().enumerate() {
            wander += kick * normal(rng) - wander * step / Self::WANDER_SECONDS;
            motion -= motion * step / Self::MOTION_SECONDS;
            if uniform(rng) < self.motions_per_second * step {
                motion += self.motion * normal(rng);
            }
            let burst = 1.0 + 0.5 * (2.0 * PI * Self::BURST_HZ * index as f64 * step + burst_phase).sin();
            *value = self.signal * *value + muscle * burst * normal(rng) + wander + motion;
        }
    }
}
