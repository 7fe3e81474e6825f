//! Butterworth band-pass as second-order sections, run forward and backward.
//!
//! Equals `scipy.signal.butter(order, [low, high], 'bandpass', fs=rate, output='sos')` followed by
//! `sosfiltfilt` with its default padding: an odd extension of `3 (2 order + 1)` samples at either
//! end, and each pass started in the steady state of its first sample. Forward and backward cancel
//! the phase, so the waves keep their place and shape.
//!
//! Design: the poles of the analog low-pass prototype, moved to the band (Oppenheim and Schafer,
//! *Discrete-Time Signal Processing*, chapter 7), then the bilinear transform with both edges
//! prewarped.

use std::f64::consts::PI;

use zeroize::Zeroizing;

use crate::complex::Complex;
use crate::error::EcgError;

/// Greatest order of the prototype.
const MAX_ORDER: u32 = 16;

/// One second-order section `(b0 + b1 z^-1 + b2 z^-2) / (1 + a1 z^-1 + a2 z^-2)`.
#[derive(Clone, Copy, Debug)]
struct Section {
    b: [f64; 3],
    a: [f64; 2],
}

/// A zero-phase Butterworth band-pass for one sampling rate.
#[derive(Clone, Debug)]
pub struct BandPass {
    sections: Vec<Section>,
}

impl BandPass {
    /// Designs the filter: `order` poles a side of the band `low_hz` to `high_hz`, at `rate_hz`.
    ///
    /// # Errors
    /// [`EcgError::Signal`] for an order outside 1 to 16 or a band that is not `0 < low < high`;
    /// [`EcgError::RateTooLow`] when `high_hz` is not below half of `rate_hz`.
    pub fn design(order: u32, low_hz: f64, high_hz: f64, rate_hz: f64) -> Result<Self, EcgError> {
        if !(1..=MAX_ORDER).contains(&order) {
            return Err(EcgError::Signal("the filter order is not 1 to 16"));
        }
        if !(low_hz > 0.0 && low_hz < high_hz && high_hz.is_finite()) {
            return Err(EcgError::Signal("the band is not 0 < low < high"));
        }
        let needed_hz = 2.0 * high_hz;
        if rate_hz.is_nan() || rate_hz <= needed_hz {
            return Err(EcgError::RateTooLow { rate_hz, needed_hz });
        }
        let edge = |hertz: f64| (PI * hertz / rate_hz).tan();
        Ok(Self { sections: sections(order, edge(low_hz), edge(high_hz)) })
    }

    /// Samples by which each end is extended.
    #[must_use]
    pub fn padding(&self) -> usize {
        3 * (2 * self.sections.len() + 1)
    }

    /// Filters the whole signal forward and backward. The length stays.
    ///
    /// # Errors
    /// [`EcgError::TooShort`] when the signal is not longer than [`Self::padding`].
    pub fn apply(&self, signal: &[f64]) -> Result<Zeroizing<Vec<f64>>, EcgError> {
        let padding = self.padding();
        let mut extended = extend(signal, padding)
            .ok_or(EcgError::TooShort { samples: signal.len(), needed: padding + 1 })?;
        self.pass(extended.iter_mut());
        self.pass(extended.iter_mut().rev());
        extended.copy_within(padding..padding + signal.len(), 0);
        extended.truncate(signal.len());
        Ok(extended)
    }

    /// One pass in place, started as if the first sample had stood there for ever.
    fn pass<'a>(&self, samples: impl Iterator<Item = &'a mut f64>) {
        let mut samples = samples.peekable();
        let Some(first) = samples.peek().map(|first| **first) else { return };
        let mut states = self.steady_states(first);
        for sample in samples {
            for (section, state) in self.sections.iter().zip(states.iter_mut()) {
                *sample = section.step(state, *sample);
            }
        }
    }

    /// The state of every section after an endless constant input.
    fn steady_states(&self, input: f64) -> Vec<[f64; 2]> {
        let mut level = input;
        let settle = |section: &Section| {
            let (state, output) = section.steady(level);
            level = output;
            state
        };
        self.sections.iter().map(settle).collect()
    }
}

impl Section {
    /// One sample through the section, transposed direct form II.
    fn step(&self, state: &mut [f64; 2], input: f64) -> f64 {
        let output = self.b[0] * input + state[0];
        state[0] = self.b[1] * input - self.a[0] * output + state[1];
        state[1] = self.b[2] * input - self.a[1] * output;
        output
    }

    /// State and output after an endless constant input.
    fn steady(&self, input: f64) -> ([f64; 2], f64) {
        let gain = self.b.iter().sum::<f64>() / (1.0 + self.a[0] + self.a[1]);
        let output = gain * input;
        let second = self.b[2] * input - self.a[1] * output;
        ([self.b[1] * input - self.a[0] * output + second, second], output)
    }
}

/// Mirrors `padding` samples about the end points, by point reflection. `None` if there are not
/// enough.
fn extend(signal: &[f64], padding: usize) -> Option<Zeroizing<Vec<f64>>> {
    let (first, last) = (*signal.first()?, *signal.last()?);
    let head = signal.get(1..=padding)?;
    let tail = &signal[signal.len() - 1 - padding..signal.len() - 1];
    let mut extended = Zeroizing::new(Vec::with_capacity(signal.len() + 2 * padding));
    extended.extend(head.iter().rev().map(|x| 2.0 * first - x));
    extended.extend_from_slice(signal);
    extended.extend(tail.iter().rev().map(|x| 2.0 * last - x));
    Some(extended)
}

/// The digital sections for prewarped band edges `low` and `high` (tangents of half the angle), the
/// poles nearest to the unit circle last.
fn sections(order: u32, low: f64, high: f64) -> Vec<Section> {
    let (width, centre_squared) = (high - low, low * high);
    let mut gain = 1.0;
    let mut denominators = Vec::new();
    for index in 0..order.div_ceil(2) {
        let angle = PI * f64::from(2 * index + 1 + order) / f64::from(2 * order);
        let prototype = Complex::new(width / 2.0 * angle.cos(), width / 2.0 * angle.sin());
        let root = (prototype * prototype - Complex::new(centre_squared, 0.0)).sqrt();
        let poles = [prototype + root, prototype - root];
        let middle = 2 * index + 1 == order;
        let pairs = if middle {
            vec![(poles[0], poles[1])]
        } else {
            poles.iter().map(|pole| (*pole, pole.conjugate())).collect()
        };
        for (first, second) in pairs {
            let one = Complex::new(1.0, 0.0);
            gain *= width / ((one - first) * (one - second)).re;
            let (z1, z2) = ((one + first) / (one - first), (one + second) / (one - second));
            denominators.push([-(z1 + z2).re, (z1 * z2).re]);
        }
    }
    denominators.sort_by(|one, other| one[1].total_cmp(&other[1]));
    denominators.into_iter().enumerate().map(|(index, a)| section(index, order as usize, gain, a)).collect()
}

/// Joins a denominator with its zeros: the first half of the sections (the upper edge) has both at
/// -1, the second half (the lower edge) both at +1, the middle of an odd order one of each. The
/// first section carries the gain of all.
fn section(index: usize, order: usize, gain: f64, a: [f64; 2]) -> Section {
    let zeros = match (2 * index + 1).cmp(&order) {
        std::cmp::Ordering::Less => [1.0, 2.0, 1.0],
        std::cmp::Ordering::Equal => [1.0, 0.0, -1.0],
        std::cmp::Ordering::Greater => [1.0, -2.0, 1.0],
    };
    let factor = if index == 0 { gain } else { 1.0 };
    Section { b: zeros.map(|b| b * factor), a }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Gain of one pass at `hertz`.
    fn gain(filter: &BandPass, hertz: f64, rate: f64) -> f64 {
        let angle = 2.0 * PI * hertz / rate;
        let delay = Complex::new(angle.cos(), -angle.sin());
        let polynomial = |c: [f64; 3]| {
            let constant = Complex::new(c[0], 0.0);
            constant + delay * (Complex::new(c[1], 0.0) + delay * Complex::new(c[2], 0.0))
        };
        let product = filter.sections.iter().fold(Complex::new(1.0, 0.0), |product, section| {
            product * polynomial(section.b) / polynomial([1.0, section.a[0], section.a[1]])
        });
        product.re.hypot(product.im)
    }

    #[test]
    fn every_order_has_butterworth_edges() {
        for order in 1..=MAX_ORDER {
            for rate in [100.0, 360.0, 1000.0] {
                let filter = BandPass::design(order, 0.5, 40.0, rate).unwrap();
                assert_eq!(filter.sections.len(), order as usize);
                for edge in [0.5, 40.0] {
                    let half_power = gain(&filter, edge, rate) - 0.5f64.sqrt();
                    assert!(half_power.abs() < 1e-6, "order {order} rate {rate} edge {edge}: {half_power}");
                }
                assert!((gain(&filter, 5.0, rate) - 1.0).abs() < 0.01);
                assert!(gain(&filter, 1e-9, rate) < 1e-6);
            }
        }
    }

    #[test]
    fn a_constant_vanishes_and_a_mid_band_sine_stays() {
        let filter = BandPass::design(4, 0.5, 40.0, 250.0).unwrap();
        let offset = filter.apply(&[3.0; 500]).unwrap();
        assert!(offset.iter().all(|y| y.abs() < 1e-9));
        let sine: Vec<f64> = (0..5000).map(|i| (2.0 * PI * 8.0 * f64::from(i) / 250.0).sin()).collect();
        let out = filter.apply(&sine).unwrap();
        assert!((1500..3500).all(|i| (out[i] - sine[i]).abs() < 1e-3));
    }

    #[test]
    fn needs_more_samples_than_the_padding() {
        let filter = BandPass::design(4, 0.5, 40.0, 200.0).unwrap();
        assert_eq!(filter.padding(), 27);
        assert!(matches!(filter.apply(&[0.0; 27]), Err(EcgError::TooShort { samples: 27, needed: 28 })));
        assert!(matches!(filter.apply(&[]), Err(EcgError::TooShort { .. })));
        assert_eq!(filter.apply(&[1.0; 28]).unwrap().len(), 28);
    }

    #[test]
    fn refuses_what_cannot_be_designed() {
        for rate in [50.0, 79.9, 80.0, f64::NAN] {
            assert!(matches!(BandPass::design(4, 0.5, 40.0, rate), Err(EcgError::RateTooLow { .. })));
        }
        assert!(BandPass::design(4, 0.5, 40.0, 80.1).is_ok());
        for (order, low, high) in [(0, 0.5, 40.0), (17, 0.5, 40.0), (4, 0.0, 40.0), (4, 40.0, 0.5)] {
            assert!(matches!(BandPass::design(order, low, high, 200.0), Err(EcgError::Signal(_))));
        }
    }
}
