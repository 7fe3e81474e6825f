//! Synthetic ECG: the dynamical model, a rhythm that drives it, and disturbances on top.

mod disturbance;
mod dynamics;
mod random;
mod rhythm;
mod synthetic;

use std::str::FromStr;

use rand_chacha::ChaCha20Rng;
use rand_chacha::rand_core::SeedableRng;

use disturbance::{FibrillatoryWaves, Noise};
use dynamics::{Heart, Morphology};
use rhythm::{Fibrillation, Sinus};
pub(crate) use synthetic::Synthetic;

/// What to synthesise.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Rhythm {
    /// Sinus rhythm at 70 beats a minute, with respiratory and slow variability.
    Normal,
    /// Atrial fibrillation: irregular beats, no P waves, fibrillatory waves.
    AtrialFibrillation,
    /// A recording too noisy to read: muscle noise, wander and electrode motion over a weak signal.
    Noise,
}

impl FromStr for Rhythm {
    type Err = String;

    fn from_str(name: &str) -> Result<Self, String> {
        match name {
            "normal" => Ok(Self::Normal),
            "af" => Ok(Self::AtrialFibrillation),
            "noise" => Ok(Self::Noise),
            _ => Err("the rhythm is not normal, af or noise".to_owned()),
        }
    }
}

/// Synthesises `seconds` at `rate_hz`; the same arguments give the same recording.
pub(crate) fn synthesise(rhythm: Rhythm, seconds: f64, rate_hz: f64, seed: u64) -> Synthetic {
    let rng = &mut ChaCha20Rng::seed_from_u64(seed);
    let samples = (seconds * rate_hz).round() as usize;
    let mut ecg = match rhythm {
        Rhythm::Normal | Rhythm::Noise => {
            let mut sinus = Sinus::new(rng);
            Heart::new(Morphology::SINUS).run(samples, rate_hz, |time| sinus.interval(time))
        }
        Rhythm::AtrialFibrillation => {
            let mut fibrillation = Fibrillation::new(rng);
            Heart::new(Morphology::WITHOUT_P).run(samples, rate_hz, |_| fibrillation.interval())
        }
    };
    if rhythm == Rhythm::AtrialFibrillation {
        FibrillatoryWaves::new(rng).add_to(&mut ecg.millivolts, rate_hz);
    }
    let noise = if rhythm == Rhythm::Noise { Noise::UNREADABLE } else { Noise::QUIET };
    noise.add_to(&mut ecg.millivolts, rate_hz, rng);
    ecg
}
