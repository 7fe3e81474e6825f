//! Welch's t-test on timings of two classes, whole and cropped.

/// Thresholds at which timings are cropped.
const CROPS: u32 = 100;
/// A crop that leaves fewer timings of a class is not tested: the t of few values says little.
const LEAST: u64 = 25;

/// One timed run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Timing {
    /// Whether the secret was that of the second class.
    pub second: bool,
    /// How long the run took.
    pub nanoseconds: u64,
}

/// What all timings of a subject say.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Verdict {
    /// Timings that were made.
    pub count: usize,
    /// Median, nanoseconds.
    pub median: u64,
    /// t of all timings; above 0 if the second class takes longer.
    pub whole: f64,
    /// The t of greatest magnitude, of all timings or of a crop.
    pub greatest: f64,
    /// Difference of the means where t is greatest, nanoseconds.
    pub difference: f64,
    /// Share of the timings that the crop with the greatest t keeps.
    pub kept: f64,
}

/// Number, mean and sum of squared deviations, as Welford adds them up (Technometrics 4, 1962).
#[derive(Clone, Copy, Default)]
struct Moments {
    count: u64,
    mean: f64,
    squares: f64,
}

impl Moments {
    fn add(&mut self, value: f64) {
        self.count += 1;
        let before = value - self.mean;
        self.mean += before / self.count as f64;
        self.squares += before * (value - self.mean);
    }

    /// Variance of the mean.
    fn error(&self) -> f64 {
        self.squares / (self.count as f64 - 1.0) / self.count as f64
    }
}

/// Welch's t of the timings of at most `threshold`, and the difference of the means; `None` if they
/// are too few. Timings that are all alike have t = 0; two constants that differ have an infinite
/// one.
fn welch(timings: &[Timing], threshold: u64) -> Option<(f64, f64)> {
    let mut classes = [Moments::default(); 2];
    for timing in timings.iter().filter(|timing| timing.nanoseconds <= threshold) {
        let [first, second] = &mut classes;
        let class = if timing.second { second } else { first };
        class.add(timing.nanoseconds as f64);
    }
    let [first, second] = classes;
    if first.count.min(second.count) < LEAST {
        return None;
    }
    let difference = second.mean - first.mean;
    let error = (first.error() + second.error()).sqrt();
    let t = if difference == 0.0 { 0.0 } else { difference / error };
    Some((t, difference))
}

/// Share of the timings below the threshold of a crop: 1 - 2^(-10 i / [`CROPS`]) for i = 1, 2, ...,
/// as the authors of the test have it.
fn share(crop: u32) -> f64 {
    1.0 - (-10.0 * f64::from(crop) / f64::from(CROPS)).exp2()
}

/// Tests all timings and every crop. `None` if they are too few for any test.
///
/// The thresholds are quantiles of both classes together, so they do not know the classes.
#[must_use]
pub fn judge(timings: &[Timing]) -> Option<Verdict> {
    let mut sorted: Vec<u64> = timings.iter().map(|timing| timing.nanoseconds).collect();
    sorted.sort_unstable();
    let quantile = |share: f64| sorted.get((share * sorted.len() as f64) as usize).copied();
    let (whole, difference) = welch(timings, u64::MAX)?;
    let count = timings.len();
    let mut verdict =
        Verdict { count, median: quantile(0.5)?, whole, greatest: whole, difference, kept: 1.0 };
    for crop in 1..=CROPS {
        let Some((t, difference)) = welch(timings, quantile(share(crop))?) else { continue };
        if t.abs() > verdict.greatest.abs() {
            verdict = Verdict { greatest: t, difference, kept: share(crop), ..verdict };
        }
    }
    Some(verdict)
}

#[cfg(test)]
mod tests {
    use rand_core::Rng;

    use super::*;
    use crate::dealt::rng;

    /// Timings of 1000 to 1063 ns, one in a hundred up to a hundred times as long; `time` moves
    /// each by what the class and a random number make of it.
    fn synthetic(count: usize, stream: u64, time: impl Fn(bool, u32) -> u64) -> Vec<Timing> {
        let mut rng = rng(stream);
        let timing = |_| {
            let (class, noise, late) = (rng.next_u32(), rng.next_u32(), rng.next_u32());
            let second = class & 1 == 1;
            let interrupt = if late % 100 == 0 { u64::from(late % 100_000) } else { 0 };
            let nanoseconds = 1000 + u64::from(noise % 64) + interrupt + time(second, class >> 1);
            Timing { second, nanoseconds }
        };
        (0..count).map(timing).collect()
    }

    fn greatest(timings: &[Timing]) -> f64 {
        judge(timings).unwrap().greatest.abs()
    }

    #[test]
    fn welch_has_its_textbook_value() {
        // Means 2 and 5, variances 1 and 4 of the sample, 150 and 300 values.
        let values = |second, values: [u64; 3], times: usize| {
            let all = values.repeat(times);
            all.into_iter().map(move |nanoseconds| Timing { second, nanoseconds })
        };
        let timings: Vec<Timing> = values(false, [1, 2, 3], 50).chain(values(true, [3, 5, 7], 100)).collect();
        let (t, difference) = welch(&timings, u64::MAX).unwrap();
        // Squared deviations: 2/3 and 8/3 of a value on average.
        let error = (2.0 / 3.0 / 149.0 + 8.0 / 3.0 / 299.0_f64).sqrt();
        assert!((t - 3.0 / error).abs() < 1e-9, "{t}");
        assert!((difference - 3.0).abs() < 1e-12);
    }

    #[test]
    fn the_same_time_in_both_classes_stays_below_5() {
        for stream in 0..20 {
            let t = greatest(&synthetic(20_000, stream, |_, _| 0));
            assert!(t < 5.0, "stream {stream}: t = {t}");
        }
    }

    #[test]
    fn a_nanosecond_more_in_one_class_is_found() {
        let t = greatest(&synthetic(100_000, 1, |second, _| u64::from(second)));
        assert!(t > 8.0, "t = {t}");
    }

    #[test]
    fn a_rare_branch_of_one_class_is_found() {
        // 50 ns more in one run of 64 of the second class.
        let branch = |second, random| if second && random % 64 == 0 { 50 } else { 0 };
        let t = greatest(&synthetic(100_000, 2, branch));
        assert!(t > 5.0, "t = {t}");
    }

    #[test]
    fn crops_find_what_interrupts_hide() {
        let timings = synthetic(100_000, 3, |second, _| u64::from(second));
        let verdict = judge(&timings).unwrap();
        assert!(verdict.whole.abs() < 5.0 && verdict.greatest.abs() > 5.0, "{verdict:?}");
        assert!(verdict.kept < 1.0 && verdict.difference > 0.5);
    }

    #[test]
    fn too_few_timings_have_no_verdict() {
        let timings = synthetic(45, 4, |_, _| 0);
        assert_eq!(judge(&timings), None);
        assert_eq!(judge(&[]), None);
    }

    #[test]
    fn a_clock_that_stands_still_sees_no_difference_and_two_constants_differ_for_certain() {
        let constant = |ns: [u64; 2]| -> Vec<Timing> {
            let timing = |i: usize| Timing { second: i % 2 == 1, nanoseconds: ns[i % 2] };
            (0..1000).map(timing).collect()
        };
        assert_eq!(greatest(&constant([7, 7])), 0.0);
        assert_eq!(greatest(&constant([7, 8])), f64::INFINITY);
    }
}
