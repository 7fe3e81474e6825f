//! The intervals between beats.

use std::f64::consts::PI;

use rand_chacha::ChaCha20Rng;
use rand_chacha::rand_core::SeedableRng;

use super::random::{normal, uniform};

/// Sinus rhythm: intervals whose spectrum has two bumps, the slow one of blood pressure (Mayer
/// waves) and the fast one of breathing (McSharry et al. 2003, section II-B).
pub(super) struct Sinus {
    /// Amplitude in seconds, frequency in hertz, phase.
    waves: Vec<[f64; 3]>,
}

impl Sinus {
    /// 70 beats a minute.
    const MEAN_SECONDS: f64 = 60.0 / 70.0;
    const DEVIATION_SECONDS: f64 = 0.035;
    const SLOW_HZ: f64 = 0.1;
    const FAST_HZ: f64 = 0.25;
    const WIDTH_HZ: f64 = 0.01;
    /// Power of the slow bump over that of the fast one.
    const POWER_RATIO: f64 = 0.5;
    const STEP_HZ: f64 = 0.005;

    pub(super) fn new(rng: &mut ChaCha20Rng) -> Self {
        let bump = |hertz: f64, centre: f64| (-0.5 * ((hertz - centre) / Self::WIDTH_HZ).powi(2)).exp();
        let power = |hertz| Self::POWER_RATIO * bump(hertz, Self::SLOW_HZ) + bump(hertz, Self::FAST_HZ);
        let grid = || (1..80).map(|step| f64::from(step) * Self::STEP_HZ);
        // A wave of amplitude a has variance a^2 / 2.
        let scale = Self::DEVIATION_SECONDS * (2.0 / grid().map(power).sum::<f64>()).sqrt();
        let wave = |hertz: f64| [scale * power(hertz).sqrt(), hertz, 2.0 * PI * uniform(rng)];
        Self { waves: grid().map(wave).collect() }
    }

    /// The interval of the beat that begins at `time`, in seconds.
    pub(super) fn interval(&mut self, time: f64) -> f64 {
        let wave = |[amplitude, hertz, phase]: &[f64; 3]| amplitude * (2.0 * PI * hertz * time + phase).cos();
        Self::MEAN_SECONDS + self.waves.iter().map(wave).sum::<f64>()
    }
}

/// Atrial fibrillation: every interval independent of the last, log-normal, never shorter than the
/// refractory time of the AV node.
pub(super) struct Fibrillation {
    rng: ChaCha20Rng,
}

impl Fibrillation {
    /// 95 beats a minute.
    const MEAN_SECONDS: f64 = 60.0 / 95.0;
    const LOG_DEVIATION: f64 = 0.22;
    const REFRACTORY_SECONDS: f64 = 0.34;

    pub(super) fn new(rng: &mut ChaCha20Rng) -> Self {
        Self { rng: ChaCha20Rng::from_rng(rng) }
    }

    /// The interval of the next beat, in seconds.
    pub(super) fn interval(&mut self) -> f64 {
        let exponent = Self::LOG_DEVIATION * normal(&mut self.rng) - Self::LOG_DEVIATION.powi(2) / 2.0;
        (Self::MEAN_SECONDS * exponent.exp()).max(Self::REFRACTORY_SECONDS)
    }
}
