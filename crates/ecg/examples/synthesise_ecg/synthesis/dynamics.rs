//! The heart as a point that circles once a beat and is pushed up and down by five waves.
//!
//! P. E. McSharry, G. D. Clifford, L. Tarassenko, L. A. Smith: A dynamical model for generating
//! synthetic electrocardiogram signals. IEEE Transactions on Biomedical Engineering 50(3), 2003:
//! ```text
//! x' = (1 - r) x - w y      y' = (1 - r) y + w x      r = sqrt(x^2 + y^2), w = 2 pi / RR
//! z' = - sum over waves of (a w / b^2) d exp(-d^2 / (2 b^2)) - (z - z0)      d = angle(x, y) - theta
//! ```
//! with `z0` the respiratory baseline. The factor `w / b^2` makes `a` the height of a wave in
//! millivolts at any heart rate (as in Sameni et al., EURASIP Journal on Advances in Signal
//! Processing, 2007). The QRS complex keeps its duration when the rate changes. P and T shorten
//! with the square root of the interval.

use std::f64::consts::PI;

use super::synthetic::Synthetic;

/// Breathing: baseline in millivolts and frequency in hertz.
const BASELINE: (f64, f64) = (0.05, 0.25);
/// Least number of integration steps a second.
const STEPS_PER_SECOND: f64 = 500.0;

/// One wave: height in millivolts, angle and width in radians at 60 beats a minute.
#[derive(Clone, Copy)]
struct Wave {
    height: f64,
    angle: f64,
    width: f64,
    /// How angle and width grow with the rate: 1 keeps the duration, 1/2 is the square root.
    exponent: f64,
}

impl Wave {
    const fn new(height: f64, degrees: f64, width: f64, exponent: f64) -> Self {
        Self { height, angle: degrees * PI / 180.0, width, exponent }
    }

    fn at_interval(self, interval: f64) -> Self {
        let factor = interval.powf(-self.exponent);
        Self { angle: self.angle * factor, width: self.width * factor, ..self }
    }
}

/// The waves P, Q, R, S and T.
#[derive(Clone, Copy)]
pub(super) struct Morphology([Wave; 5]);

impl Morphology {
    /// A healthy beat.
    pub(super) const SINUS: Self = Self([
        Wave::new(0.13, -62.0, 0.17, 0.5),
        Wave::new(-0.10, -13.0, 0.08, 1.0),
        Wave::new(1.00, 0.0, 0.075, 1.0),
        Wave::new(-0.22, 13.0, 0.08, 1.0),
        Wave::new(0.25, 95.0, 0.36, 0.5),
    ]);

    /// A beat without an atrial contraction before it.
    pub(super) const WITHOUT_P: Self = {
        let Self([mut p, q, r, s, t]) = Self::SINUS;
        p.height = 0.0;
        Self([p, q, r, s, t])
    };
}

/// The state of the model: `x`, `y`, `z`.
pub(super) struct Heart {
    morphology: Morphology,
    state: [f64; 3],
}

impl Heart {
    /// A heart between two beats.
    pub(super) fn new(morphology: Morphology) -> Self {
        Self { morphology, state: [-1.0, 0.0, 0.0] }
    }

    /// Samples the model. `interval` is asked at every R peak for the time to the next, in seconds.
    pub(super) fn run(
        mut self,
        samples: usize,
        rate_hz: f64,
        mut interval: impl FnMut(f64) -> f64,
    ) -> Synthetic {
        let steps = (STEPS_PER_SECOND / rate_hz).ceil();
        let step = 1.0 / (steps * rate_hz);
        let mut out = Synthetic { millivolts: Vec::with_capacity(samples), beats: Vec::new() };
        let mut beat = Beat::new(&self.morphology, interval(0.0));
        for index in 0..samples {
            out.millivolts.push(self.state[2]);
            for part in 0..steps as usize {
                let time = index as f64 / rate_hz + part as f64 * step;
                let before = self.angle();
                self.advance(&beat, time, step);
                let after = self.angle();
                // Angle 0 is the R peak. The angle also changes sign where it jumps from pi to -pi.
                if before < 0.0 && (0.0..PI / 2.0).contains(&after) {
                    out.beats.push(time + step);
                    beat = Beat::new(&self.morphology, interval(time + step));
                }
            }
        }
        out
    }

    fn angle(&self) -> f64 {
        self.state[1].atan2(self.state[0])
    }

    /// One Runge-Kutta step of fourth order.
    fn advance(&mut self, beat: &Beat, time: f64, step: f64) {
        let shifted = |slope: [f64; 3], by: f64| [0, 1, 2].map(|i| self.state[i] + by * slope[i]);
        let k1 = beat.slope(self.state, time);
        let k2 = beat.slope(shifted(k1, step / 2.0), time + step / 2.0);
        let k3 = beat.slope(shifted(k2, step / 2.0), time + step / 2.0);
        let k4 = beat.slope(shifted(k3, step), time + step);
        self.state =
            [0, 1, 2].map(|i| self.state[i] + step / 6.0 * (k1[i] + 2.0 * k2[i] + 2.0 * k3[i] + k4[i]));
    }
}

/// What stays constant through one beat.
struct Beat {
    waves: [Wave; 5],
    /// Radians a second.
    speed: f64,
}

impl Beat {
    fn new(morphology: &Morphology, interval: f64) -> Self {
        Self { waves: morphology.0.map(|wave| wave.at_interval(interval)), speed: 2.0 * PI / interval }
    }

    /// The derivative of the state.
    fn slope(&self, [x, y, z]: [f64; 3], time: f64) -> [f64; 3] {
        let pull = 1.0 - x.hypot(y);
        let angle = y.atan2(x);
        let push = |wave: &Wave| {
            let distance = (angle - wave.angle + PI).rem_euclid(2.0 * PI) - PI;
            let variance = wave.width * wave.width;
            wave.height * self.speed / variance * distance * (-distance * distance / (2.0 * variance)).exp()
        };
        let baseline = BASELINE.0 * (2.0 * PI * BASELINE.1 * time).sin();
        let waves: f64 = self.waves.iter().map(push).sum();
        [pull * x - self.speed * y, pull * y + self.speed * x, -waves - (z - baseline)]
    }
}
