//! Rate and gaps from a clock column.
//!
//! The times of evenly spaced samples, rounded to the decimals that the file writes, stay within
//! one unit of the last decimal of a straight line. The rate is the slope of the least-squares
//! lines between gaps. A step that is longer than the others by half a period and more is a gap.
//! What fits neither is refused, or, where the user gives the rate, taken as evenly spaced and
//! said.

use zeroize::Zeroizing;

use super::steps::{Steps, period};
use crate::error::{EcgError, LineProblem};
use crate::files::note::Note;
use crate::files::samples::push_wiping;

/// Jitter accepted, as a part of the sampling period.
const JITTER: f64 = 0.1;
/// A period must have at least this many units of the last decimal, or be a whole number of them.
const LEAST_UNITS: f64 = 4.0 / 3.0;
/// How far the mean rate of uneven times may be from the rate given.
const MEAN_TOLERANCE: f64 = 0.02;

/// The times of all samples as read.
pub(super) struct TimeColumn {
    seconds: Zeroizing<Vec<f64>>,
    /// One unit of the last decimal in use, in seconds.
    resolution: f64,
    first_line: usize,
}

/// What the times say.
#[derive(Debug, PartialEq)]
pub(super) struct Timeline {
    /// Samples per second.
    pub(super) rate_hz: f64,
    /// Before which sample how many are missing.
    pub(super) missing: Vec<(usize, usize)>,
    /// What is to be said of the clock.
    pub(super) note: Option<Note>,
}

/// A rate and where samples are missing at it.
struct Fit {
    period: f64,
    missing: Vec<(usize, usize)>,
}

impl TimeColumn {
    /// An empty column whose first cell stands on `first_line`.
    pub(super) fn new(first_line: usize) -> Self {
        Self { seconds: Zeroizing::new(Vec::new()), resolution: 0.0, first_line }
    }

    /// Appends a time in seconds, written to `resolution` seconds.
    pub(super) fn push(&mut self, seconds: f64, resolution: f64) {
        // The coarsest cell would be the wrong measure: writers drop trailing zeros.
        self.resolution = if self.seconds.is_empty() { resolution } else { self.resolution.min(resolution) };
        push_wiping(&mut self.seconds, seconds);
    }

    /// The mean step in the column's unit, for a column whose unit is not known.
    pub(super) fn typical_step(&self) -> Option<f64> {
        (self.seconds.len() >= 3).then(|| period(&self.seconds))
    }

    /// Whether every step is one exactly or a few more: a number of the sample.
    pub(super) fn counts(&self) -> bool {
        self.seconds.windows(2).all(|pair| (pair[1] - pair[0]).fract() == 0.0)
            && self.typical_step() == Some(1.0)
    }

    /// The column in another unit.
    pub(super) fn scaled(mut self, per_second: f64) -> Self {
        self.seconds.iter_mut().for_each(|time| *time /= per_second);
        self.resolution /= per_second;
        self
    }

    /// Rate and gaps. `given` is the rate that the user or the header gives: it must agree with the
    /// times, and wins.
    pub(super) fn timeline(&self, given: Option<f64>) -> Result<Timeline, EcgError> {
        let samples = self.seconds.len();
        if samples < 3 {
            return Err(EcgError::TooShort { samples, needed: 3 });
        }
        let resolution = self.resolution();
        let steps = Steps::of(&self.seconds);
        if let Some(index) = steps.backwards {
            return Err(LineProblem::TimeNotIncreasing.at(self.first_line + index));
        }
        let typical = period(&self.seconds);
        if typical <= 0.0 {
            return Err(LineProblem::TimeNotIncreasing.at(self.first_line + 1));
        }
        let even = self.even(typical, given, resolution);
        match (even, given) {
            (Ok(fit), given) => self.settled(fit, given, resolution),
            (Err(problem), None) => Err(self.offered(problem, typical, resolution, &steps)),
            (Err(_), Some(given_hz)) => self.uneven(given_hz, resolution, &steps),
        }
    }

    /// One unit of the last decimal, or what double precision keeps of such large times, if that is
    /// coarser.
    fn resolution(&self) -> f64 {
        let greatest = self.seconds.iter().fold(0.0f64, |greatest, t| greatest.max(t.abs()));
        self.resolution.max(4.0 * f64::EPSILON * greatest)
    }

    /// The fit of evenly spaced samples, or what is wrong where.
    fn even(&self, typical: f64, given: Option<f64>, resolution: f64) -> Result<Fit, EcgError> {
        let expected = given.map_or(typical, |rate| 1.0 / rate);
        let center = if (expected / typical - 1.0).abs() < 0.1 { expected } else { typical };
        let slack = 1.01 * resolution + 2.0 * JITTER * center;
        let mut missing = Vec::new();
        for (index, pair) in self.seconds.windows(2).enumerate() {
            let step = pair[1] - pair[0];
            let line = self.first_line + index + 1;
            if step > center + slack {
                missing.push((index + 1, ((step / center).round() as usize).saturating_sub(1).max(1)));
            } else if step < center - slack || step <= 0.0 {
                return Err(LineProblem::Jitter.at(line));
            }
        }
        let period = self.slope(&missing);
        let corridor = self.corridor(period, resolution);
        self.check_corridor(period, &missing, corridor, resolution)?;
        Ok(Fit { period, missing })
    }

    fn corridor(&self, period: f64, resolution: f64) -> f64 {
        let coarse = period < LEAST_UNITS * resolution;
        if coarse { resolution / 2.0 } else { resolution + JITTER * period }
    }

    /// The stretches of samples between gaps.
    fn stretches<'a>(
        &self,
        missing: &'a [(usize, usize)],
    ) -> impl Iterator<Item = std::ops::Range<usize>> + 'a {
        let starts = std::iter::once(0).chain(missing.iter().map(|(index, _)| *index));
        let ends = missing.iter().map(|(index, _)| *index).chain(std::iter::once(self.seconds.len()));
        starts.zip(ends).map(|(start, end)| start..end)
    }

    /// Least squares over all stretches, each with its own origin.
    fn slope(&self, missing: &[(usize, usize)]) -> f64 {
        let (mut covariance, mut variance) = (0.0, 0.0);
        for stretch in self.stretches(missing) {
            let times = &self.seconds[stretch];
            let middle = (times.len() - 1) as f64 / 2.0;
            for (index, time) in times.iter().enumerate() {
                let offset = index as f64 - middle;
                covariance += offset * (time - times[0]);
                variance += offset * offset;
            }
        }
        covariance / variance
    }

    /// Every stretch must lie in a corridor about its line.
    fn check_corridor(
        &self,
        period: f64,
        missing: &[(usize, usize)],
        corridor: f64,
        resolution: f64,
    ) -> Result<(), EcgError> {
        for stretch in self.stretches(missing) {
            let start = stretch.start;
            let times = &self.seconds[stretch];
            let offset = |index: usize| times[index] - times[0] - index as f64 * period;
            let (mut low, mut high) = (0.0f64, 0.0f64);
            for index in 0..times.len() {
                (low, high) = (low.min(offset(index)), high.max(offset(index)));
                if high - low > corridor {
                    let coarse = period < LEAST_UNITS * resolution;
                    let rate_hz = self.plausible_rate(period, resolution);
                    let jitter = LineProblem::Jitter.at(self.first_line + start + index);
                    return Err(if coarse { EcgError::TimeTooCoarse { rate_hz } } else { jitter });
                }
            }
        }
        Ok(())
    }

    /// The rate of evenly spaced samples.
    fn settled(&self, fit: Fit, given: Option<f64>, resolution: f64) -> Result<Timeline, EcgError> {
        let corridor = self.corridor(fit.period, resolution);
        let longest = self.stretches(&fit.missing).max_by_key(ExactSizeIterator::len).unwrap_or_default();
        let drift = |rate_hz: f64| (1.0 / rate_hz - fit.period).abs() * (longest.len() - 1) as f64;
        let measured_hz = 1.0 / fit.period;
        let rate_hz = match given {
            Some(given_hz) if drift(given_hz) > corridor.max(resolution) => {
                let steps = (corridor / drift(given_hz) * (longest.len() - 1) as f64) as usize;
                let line = self.first_line + longest.start + steps;
                return Err(EcgError::RateContradiction { line, measured_hz, given_hz });
            }
            Some(given_hz) => given_hz,
            // A rate of whole millihertz, where the column cannot tell the difference.
            None => {
                let plain = (measured_hz * 1000.0).round() / 1000.0;
                if drift(plain) <= resolution / 2.0 { plain } else { measured_hz }
            }
        };
        Ok(Timeline { rate_hz, missing: fit.missing, note: None })
    }

    /// A rate of whole hertz if it explains the times, the measured one otherwise.
    fn plausible_rate(&self, period: f64, resolution: f64) -> f64 {
        let whole = (1.0 / period).round();
        if self.rounding_explains(whole, resolution) { whole } else { (1000.0 / period).round() / 1000.0 }
    }

    /// Whether rounding within one unit of the last decimal explains the times at `rate_hz`.
    fn rounding_explains(&self, rate_hz: f64, resolution: f64) -> bool {
        let offsets = self.seconds.iter().enumerate().map(|(index, time)| time - index as f64 / rate_hz);
        let (low, high) = offsets.fold((f64::MAX, f64::MIN), |(low, high), o| (low.min(o), high.max(o)));
        high - low <= 1.02 * resolution + JITTER / rate_hz
    }

    /// The error of times that are not even, with a rate to give instead.
    fn offered(&self, problem: EcgError, typical: f64, resolution: f64, steps: &Steps) -> EcgError {
        let mean = (self.seconds[self.seconds.len() - 1] - self.seconds[0]) / (self.seconds.len() - 1) as f64;
        let rate_hz = self.plausible_rate(self.slope(&[]), resolution);
        if self.rounding_explains(rate_hz, resolution) {
            EcgError::TimeTooCoarse { rate_hz }
        } else if steps.repeated * 5 > self.seconds.len() {
            EcgError::TimeOfReceipt { rate_hz: (10.0 / mean).round() / 10.0 }
        } else if (mean / typical - 1.0).abs() < MEAN_TOLERANCE
            && !matches!(problem, EcgError::TimeTooCoarse { .. })
        {
            match problem {
                EcgError::Line { line, .. } => {
                    EcgError::TimeUneven { line, rate_hz: (10.0 / mean).round() / 10.0 }
                }
                other => other,
            }
        } else {
            problem
        }
    }

    /// Times that are not even, and a rate that is given: rounding may explain them, or they are
    /// times of receipt, whose mean must agree with the rate.
    fn uneven(&self, given_hz: f64, resolution: f64, steps: &Steps) -> Result<Timeline, EcgError> {
        if self.rounding_explains(given_hz, resolution) {
            let note = Some(Note::ClockRounded { milliseconds: resolution * 1000.0 });
            return Ok(Timeline { rate_hz: given_hz, missing: Vec::new(), note });
        }
        let missing = steps.pauses(&self.seconds, given_hz);
        let lost: usize = missing.iter().map(|(_, count)| count).sum();
        let count = self.seconds.len() - 1 + lost;
        let measured_hz = count as f64 / (self.seconds[self.seconds.len() - 1] - self.seconds[0]);
        if (measured_hz / given_hz - 1.0).abs() > MEAN_TOLERANCE {
            return Err(EcgError::RateContradiction { line: self.first_line, measured_hz, given_hz });
        }
        let note = Some(Note::ClockUneven { milliseconds: steps.longest_usual * 1000.0 });
        Ok(Timeline { rate_hz: given_hz, missing, note })
    }
}
