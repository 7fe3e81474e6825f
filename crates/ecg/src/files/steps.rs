//! The steps of a clock: how long they are as a rule, and which are pauses.

/// Steps looked at for their usual length, at most: every so many of a long column.
const LOOKED_AT: usize = 20_000;
/// A pause is this many times as long as the usual step from one time to the next.
const PAUSE: f64 = 2.5;

/// The steps from one time to the next.
pub(super) struct Steps {
    /// The first sample whose time lies before that of the one before it.
    pub(super) backwards: Option<usize>,
    /// How many samples have the time of the one before.
    pub(super) repeated: usize,
    /// The usual step between different times, in seconds: nine in ten are shorter.
    pub(super) longest_usual: f64,
    /// The median step between different times.
    median: f64,
}

impl Steps {
    pub(super) fn of(times: &[f64]) -> Self {
        let steps = || times.windows(2).map(|pair| pair[1] - pair[0]);
        let backwards = steps().position(|step| step < 0.0).map(|index| index + 1);
        let repeated = steps().filter(|step| *step == 0.0).count();
        let every = (times.len() / LOOKED_AT).max(1);
        let mut rising: Vec<f64> = steps().filter(|step| *step > 0.0).step_by(every).collect();
        let mut quantile = |share: usize| {
            let at = (rising.len() * share / 10).min(rising.len().saturating_sub(1));
            if rising.is_empty() { 0.0 } else { *rising.select_nth_unstable_by(at, f64::total_cmp).1 }
        };
        Self { backwards, repeated, median: quantile(5), longest_usual: quantile(9) }
    }

    /// Before which sample how many are missing: steps so long that a packet was lost.
    pub(super) fn pauses(&self, times: &[f64], rate_hz: f64) -> Vec<(usize, usize)> {
        let long = PAUSE * self.longest_usual.max(self.median).max(1.0 / rate_hz);
        let pause = |(index, pair): (usize, &[f64])| {
            let step = pair[1] - pair[0];
            let missing = ((step - self.median) * rate_hz).round() as usize;
            (step > long && missing > 0).then_some((index + 1, missing))
        };
        times.windows(2).enumerate().filter_map(pause).collect()
    }
}

/// The usual step from sample to sample: the median of the mean steps over many samples, which few
/// gaps do not move.
pub(super) fn period(times: &[f64]) -> f64 {
    let lag = ((times.len() - 1) / 8).clamp(1, 64);
    let every = (times.len() / LOOKED_AT).max(1);
    let mean = |pair: (&f64, &f64)| (pair.1 - pair.0) / lag as f64;
    let mut means: Vec<f64> = times.iter().zip(&times[lag..]).step_by(every).map(mean).collect();
    let middle = means.len() / 2;
    *means.select_nth_unstable_by(middle, f64::total_cmp).1
}
