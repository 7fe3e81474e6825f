//! The sampling rate from a time column, which must be regular.
//!
//! The times of evenly spaced samples, rounded to the decimals that the file writes, stay within
//! one unit of the last decimal of a straight line. The rate is the slope of the least-squares
//! line. A gap or jitter leaves that corridor and is reported where it happens.

use zeroize::Zeroizing;

use crate::error::{EcgError, LineProblem};
use crate::files::samples::push_wiping;

/// Jitter accepted, as a part of the sampling period.
const JITTER: f64 = 0.1;
/// A period must have at least this many units of the last decimal, or be a whole number of them.
const LEAST_UNITS: f64 = 4.0 / 3.0;

/// The times of all samples as read.
pub(super) struct TimeColumn {
    seconds: Zeroizing<Vec<f64>>,
    /// One unit of the last decimal in use, in seconds.
    resolution: f64,
    first_line: usize,
}

/// The straight line closest to the times: `origin + index * period`.
struct Line {
    origin: f64,
    period: f64,
}

impl TimeColumn {
    /// An empty column whose first cell will stand on `first_line`.
    pub(super) fn new(first_line: usize) -> Self {
        Self { seconds: Zeroizing::new(Vec::new()), resolution: 0.0, first_line }
    }

    /// Appends a time: its value, its text (for the decimals), and time units in a second.
    pub(super) fn push(&mut self, value: f64, text: &str, per_second: f64) {
        let seconds = value / per_second;
        let written = 10f64.powi(-decimals(text)) / per_second;
        // The coarsest cell would be the wrong measure: writers drop trailing zeros.
        self.resolution = if self.seconds.is_empty() { written } else { self.resolution.min(written) };
        push_wiping(&mut self.seconds, seconds);
    }

    /// The rate of the column in hertz. `given`, if there is one, must agree with it and wins.
    pub(super) fn rate_hz(&self, given: Option<f64>) -> Result<f64, EcgError> {
        let samples = self.seconds.len();
        if samples < 3 {
            return Err(EcgError::TooShort { samples, needed: 3 });
        }
        let resolution = self.resolution();
        self.check_steps(resolution)?;
        let line = self.fit();
        let corridor = self.check_corridor(&line, resolution)?;
        let drift = |rate_hz: f64| (1.0 / rate_hz - line.period).abs() * (samples - 1) as f64;
        let measured_hz = 1.0 / line.period;
        match given {
            Some(given_hz) if drift(given_hz) > corridor => {
                let steps = (corridor / drift(given_hz) * (samples - 1) as f64) as usize;
                Err(EcgError::RateContradiction { line: self.first_line + steps, measured_hz, given_hz })
            }
            Some(given_hz) => Ok(given_hz),
            // A rate of whole millihertz, where the column cannot tell the difference.
            None => {
                let plain = (measured_hz * 1000.0).round() / 1000.0;
                Ok(if drift(plain) <= resolution / 2.0 { plain } else { measured_hz })
            }
        }
    }

    /// One unit of the last decimal, or what double precision keeps of such large times, if that is
    /// coarser.
    fn resolution(&self) -> f64 {
        let greatest = self.seconds.iter().fold(0.0f64, |greatest, t| greatest.max(t.abs()));
        self.resolution.max(4.0 * f64::EPSILON * greatest)
    }

    /// Every step must be near the median step.
    fn check_steps(&self, resolution: f64) -> Result<(), EcgError> {
        let mut steps: Vec<f64> = self.seconds.windows(2).map(|pair| pair[1] - pair[0]).collect();
        let middle = steps.len() / 2;
        let median = *steps.select_nth_unstable_by(middle, f64::total_cmp).1;
        let slack = 1.01 * resolution + 2.0 * JITTER * median.abs();
        for (index, pair) in self.seconds.windows(2).enumerate() {
            let step = pair[1] - pair[0];
            let line = self.first_line + index + 1;
            if step <= 0.0 {
                return Err(LineProblem::TimeNotIncreasing.at(line));
            }
            if step > median + slack {
                return Err(LineProblem::Gap.at(line));
            }
            if step < median - slack {
                return Err(LineProblem::Jitter.at(line));
            }
        }
        Ok(())
    }

    /// Least squares over all samples.
    fn fit(&self) -> Line {
        let first = self.seconds[0];
        let middle = (self.seconds.len() - 1) as f64 / 2.0;
        let (mut sum, mut covariance, mut variance) = (0.0, 0.0, 0.0);
        for (index, seconds) in self.seconds.iter().enumerate() {
            let offset = index as f64 - middle;
            sum += seconds - first;
            covariance += offset * (seconds - first);
            variance += offset * offset;
        }
        let period = covariance / variance;
        Line { origin: first + sum / self.seconds.len() as f64 - middle * period, period }
    }

    /// Every time must lie in a corridor about the line, whose width is returned, in seconds.
    fn check_corridor(&self, line: &Line, resolution: f64) -> Result<f64, EcgError> {
        let coarse = line.period < LEAST_UNITS * resolution;
        let corridor = if coarse { resolution / 2.0 } else { resolution + JITTER * line.period };
        let offset = |index: usize| self.seconds[index] - line.origin - index as f64 * line.period;
        let (mut low, mut high, mut worst) = (0.0f64, 0.0f64, 0);
        for index in 0..self.seconds.len() {
            let here = offset(index);
            (low, high) = (low.min(here), high.max(here));
            if here.abs() > offset(worst).abs() {
                worst = index;
            }
        }
        if high - low <= corridor {
            return Ok(corridor);
        }
        Err(if coarse { EcgError::TimeTooCoarse } else { LineProblem::Jitter.at(self.first_line + worst) })
    }
}

/// Decimals that a number is written with. Negative if its last digit stands for tens or more.
fn decimals(text: &str) -> i32 {
    let (mantissa, exponent) = text.split_once(['e', 'E']).unwrap_or((text, "0"));
    let digits = mantissa.split_once('.').map_or(0, |(_, fraction)| fraction.len());
    let exponent: i32 = exponent.parse().unwrap_or(0);
    i32::try_from(digits).unwrap_or(i32::MAX).saturating_sub(exponent).clamp(-300, 300)
}
