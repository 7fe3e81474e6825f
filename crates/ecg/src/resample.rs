//! Rational resampling by a polyphase filter.
//!
//! Equals `scipy.signal.resample_poly(x, up, down)` with its default window: a low-pass by the
//! window method (Kaiser, beta = 5), cut-off at the lower of the two Nyquist rates,
//! `10 max(up, down)` taps a side, zeros beyond both ends of the signal. `up / down` is the
//! fraction nearest to the ratio of the rates with a denominator of at most 1000, as
//! `fractions.Fraction.limit_denominator(1000)` finds it.

use std::f64::consts::PI;

use zeroize::Zeroizing;

use crate::error::EcgError;

/// Greatest denominator of the resampling ratio.
const MAX_DENOMINATOR: u64 = 1000;
/// Greatest ratio of the two rates, either way.
const MAX_RATIO: f64 = 100.0;
/// Taps a side, in units of `max(up, down)`.
const HALF_WIDTH: usize = 10;
/// Shape of the Kaiser window.
const KAISER_BETA: f64 = 5.0;

/// Resampling from one rate to another.
#[derive(Clone, Debug)]
pub struct Resampler {
    up: usize,
    down: usize,
    residual_ppm: f64,
    /// Low-pass taps by phase: `phases[r][m]` is tap `r + m up`, reversed within the phase.
    phases: Vec<Vec<f64>>,
}

impl Resampler {
    /// Prepares the change from `from_hz` to `to_hz`.
    ///
    /// # Errors
    /// [`EcgError::Signal`] when a rate is not positive or one is more than 100 times the other.
    pub fn new(from_hz: f64, to_hz: f64) -> Result<Self, EcgError> {
        let ratio = to_hz / from_hz;
        if !(from_hz > 0.0 && (1.0 / MAX_RATIO..=MAX_RATIO).contains(&ratio)) {
            return Err(EcgError::Signal("the two sampling rates are too far apart"));
        }
        let (up, down) = nearest_fraction(ratio);
        let residual_ppm = (up as f64 / down as f64 / ratio - 1.0) * 1e6;
        let phases = if up == down { Vec::new() } else { polyphase(up, &low_pass(up, down)) };
        Ok(Self { up, down, residual_ppm, phases })
    }

    /// Numerator of the ratio, new rate to old, in lowest terms.
    #[must_use]
    pub fn up(&self) -> usize {
        self.up
    }

    /// Denominator of the ratio, at most 1000.
    #[must_use]
    pub fn down(&self) -> usize {
        self.down
    }

    /// By how much the rate after resampling exceeds the one asked for, in parts per million: the
    /// price of a small denominator.
    #[must_use]
    pub fn residual_ppm(&self) -> f64 {
        self.residual_ppm
    }

    /// Samples that `input` samples become.
    #[must_use]
    pub fn output_len(&self, input: usize) -> usize {
        (input as u64 * self.up as u64).div_ceil(self.down as u64) as usize
    }

    /// Resamples the whole signal. The first sample stays in place. At ratio 1 this is a copy.
    #[must_use]
    pub fn apply(&self, signal: &[f64]) -> Zeroizing<Vec<f64>> {
        if self.phases.is_empty() {
            return Zeroizing::new(signal.to_vec());
        }
        let outputs = (0..self.output_len(signal.len())).map(|index| self.output(signal, index));
        let mut out = Zeroizing::new(Vec::with_capacity(outputs.len()));
        out.extend(outputs);
        out
    }

    /// Output `index`: the taps of its phase against the samples they fall on.
    fn output(&self, signal: &[f64], index: usize) -> f64 {
        let (up, down) = (self.up as u64, self.down as u64);
        // Beyond 32 bits for long recordings.
        let position = HALF_WIDTH as u64 * up.max(down) + index as u64 * down;
        let taps = &self.phases[(position % up) as usize];
        // The newest sample under the filter is `position / up`. The oldest lies `taps.len() - 1`
        // before it.
        let end = (position / up) as usize + 1;
        let missing = taps.len().saturating_sub(end);
        let start = end.saturating_sub(taps.len());
        let samples = &signal[start.min(signal.len())..end.min(signal.len())];
        taps[missing..].iter().zip(samples).map(|(tap, sample)| tap * sample).sum()
    }
}

/// The fraction nearest to `ratio` with a denominator of at most [`MAX_DENOMINATOR`], by continued
/// fractions with the best last step (Knuth, *The Art of Computer Programming* 2, section 4.5.3).
fn nearest_fraction(ratio: f64) -> (usize, usize) {
    let (mut previous, mut current) = ((0u64, 1u64), (1u64, 0u64));
    let mut rest = ratio;
    loop {
        let whole = rest.floor();
        let digit = whole as u64;
        let next_denominator = digit.saturating_mul(current.1).saturating_add(previous.1);
        if next_denominator > MAX_DENOMINATOR {
            let steps = (MAX_DENOMINATOR - previous.1) / current.1;
            let between = (previous.0 + steps * current.0, previous.1 + steps * current.1);
            return nearer(ratio, current, between);
        }
        let next = (digit * current.0 + previous.0, next_denominator);
        (previous, current) = (current, next);
        let fraction = rest - whole;
        if fraction == 0.0 {
            return (current.0 as usize, current.1 as usize);
        }
        rest = 1.0 / fraction;
    }
}

/// The candidate nearer to `ratio`. The first, with the smaller denominator, if neither is.
fn nearer(ratio: f64, first: (u64, u64), second: (u64, u64)) -> (usize, usize) {
    let distance = |(p, q): (u64, u64)| (p as f64 - ratio * q as f64).abs() / q as f64;
    let (p, q) = if distance(first) <= distance(second) { first } else { second };
    (p as usize, q as usize)
}

/// The low-pass at the rate `up` times the old one, with gain `up` at zero frequency.
fn low_pass(up: usize, down: usize) -> Vec<f64> {
    let widest = up.max(down) as f64;
    let half = (HALF_WIDTH * up.max(down)) as f64;
    let window = |offset: f64| bessel_i0(KAISER_BETA * (1.0 - (offset / half).powi(2)).max(0.0).sqrt());
    let sinc = |x: f64| if x == 0.0 { 1.0 } else { (PI * x).sin() / (PI * x) };
    let offsets = (0..=2 * HALF_WIDTH * up.max(down)).map(|index| index as f64 - half);
    let taps: Vec<f64> = offsets.map(|offset| sinc(offset / widest) * window(offset)).collect();
    let scale = up as f64 / taps.iter().sum::<f64>();
    taps.into_iter().map(|tap| tap * scale).collect()
}

/// Splits the taps by their index modulo `up`, each phase reversed so that it runs with the
/// samples.
fn polyphase(up: usize, taps: &[f64]) -> Vec<Vec<f64>> {
    let phase = |first: usize| {
        let mut phase: Vec<f64> = taps[first..].iter().step_by(up).copied().collect();
        phase.reverse();
        phase
    };
    (0..up).map(phase).collect()
}

/// Modified Bessel function of the first kind, order 0, by its power series. Full precision for
/// small `x`.
fn bessel_i0(x: f64) -> f64 {
    let quarter = x * x / 4.0;
    let (mut term, mut sum, mut k) = (1.0, 1.0, 1.0);
    while term > sum * f64::EPSILON / 4.0 {
        term *= quarter / (k * k);
        sum += term;
        k += 1.0;
    }
    sum
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ratios_are_the_nearest_fractions() {
        for rate in [50.0, 100.0, 128.0, 200.0, 300.000_02, 360.0, 512.0, 512.844, 1000.0, 4000.0] {
            let resampler = Resampler::new(rate, 200.0).unwrap();
            assert_eq!((resampler.up(), resampler.down()), brute_force(200.0 / rate), "{rate}");
            assert!(resampler.residual_ppm().abs() < 0.1, "{rate}: {}", resampler.residual_ppm());
        }
        let odd = Resampler::new(512.844, 200.0).unwrap();
        assert_eq!((odd.up(), odd.down()), (218, 559));
    }

    /// Every denominator tried.
    fn brute_force(ratio: f64) -> (usize, usize) {
        let mut best = (0, 1);
        for q in 1..=1000 {
            let p = (ratio * q as f64).round();
            let distance = |(p, q): (usize, usize)| (p as f64 / q as f64 - ratio).abs();
            if distance((p as usize, q)) + 1e-15 < distance(best) {
                best = (p as usize, q);
            }
        }
        best
    }

    #[test]
    fn any_rate_gets_the_nearest_fraction() {
        for step in 0..3000u32 {
            let rate = 80.0 + f64::from(step) * 1.3077;
            let resampler = Resampler::new(rate, 200.0).unwrap();
            assert_eq!((resampler.up(), resampler.down()), brute_force(200.0 / rate), "{rate}");
        }
    }

    #[test]
    fn the_same_rate_is_a_copy() {
        let signal = [1.0, -2.0, 3.5];
        assert_eq!(*Resampler::new(200.0, 200.0).unwrap().apply(&signal), signal);
    }

    #[test]
    fn lengths_round_up_and_short_signals_do_not_panic() {
        for rate in [100.0, 128.0, 360.0, 512.844, 4000.0] {
            let resampler = Resampler::new(rate, 200.0).unwrap();
            for len in [0, 1, 2, 7, 100] {
                let out = resampler.apply(&vec![1.0; len]);
                assert_eq!(out.len(), (len * resampler.up()).div_ceil(resampler.down()));
                assert!(out.iter().all(|y| y.is_finite()));
            }
        }
    }

    #[test]
    fn a_slow_sine_keeps_its_values() {
        for rate in [128.0, 360.0, 1000.0] {
            let sine = |t: f64| (2.0 * PI * 3.0 * t).sin();
            let signal: Vec<f64> = (0..(20.0 * rate) as usize).map(|i| sine(i as f64 / rate)).collect();
            let out = Resampler::new(rate, 200.0).unwrap().apply(&signal);
            assert!((400..3600).all(|i| (out[i] - sine(i as f64 / 200.0)).abs() < 2e-3), "{rate}");
        }
    }

    #[test]
    fn refuses_unusable_rates() {
        for (from, to) in [(0.0, 200.0), (-1.0, 200.0), (f64::NAN, 200.0), (200.0, 0.0), (1.0, 200.0)] {
            assert!(matches!(Resampler::new(from, to), Err(EcgError::Signal(_))));
        }
    }
}
