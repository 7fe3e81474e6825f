//! How sure a label is: levels of the margin between the two best scores, and what was measured of
//! them.
//!
//! All of it is public. Whoever knows the level of an answer reads here how often answers of that
//! level were right on validation data.

use super::error::ArchitectureError;

/// Levels of confidence.
pub const LEVELS: usize = 4;
/// Largest count of a level.
const MOST_COUNTED: u32 = 1 << 30;
/// Temperatures, in thousandths.
const TEMPERATURES: std::ops::RangeInclusive<u32> = 1..=1_000_000;
/// The 97.5 % point of the standard normal distribution.
const NORMAL_975: f64 = 1.959_963_985;

/// How sure a label is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Level {
    /// The margin reaches no threshold.
    Uncertain,
    /// It reaches the first.
    Low,
    /// It reaches the second.
    Medium,
    /// It reaches all three.
    High,
}

impl Level {
    /// Every level, the least sure one first.
    pub const ALL: [Self; LEVELS] = [Self::Uncertain, Self::Low, Self::Medium, Self::High];

    /// The level of a margin that reaches so many thresholds; `None` above three.
    #[must_use]
    pub fn reaching(thresholds: usize) -> Option<Self> {
        Self::ALL.get(thresholds).copied()
    }

    /// Its name: `uncertain`, `low`, `medium` or `high`.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Uncertain => "uncertain",
            Self::Low => "low",
            Self::Medium => "medium",
            Self::High => "high",
        }
    }
}

impl std::fmt::Display for Level {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.name())
    }
}

/// How often answers were right, counted on validation data.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Accuracy {
    /// Answers that were right.
    pub right: u32,
    /// All answers.
    pub of: u32,
}

impl Accuracy {
    /// The share that was right; 0 if none was counted.
    #[must_use]
    pub fn share(self) -> f64 {
        if self.of == 0 { 0.0 } else { f64::from(self.right) / f64::from(self.of) }
    }

    /// The 95 % interval of that share by Wilson (Journal of the American Statistical Association
    /// 22, 1927), which holds for few answers and for shares near 1 too. It is 0 to 1 if none was
    /// counted.
    #[must_use]
    pub fn interval(self) -> (f64, f64) {
        if self.of == 0 {
            return (0.0, 1.0);
        }
        let (n, p, z2) = (f64::from(self.of), self.share(), NORMAL_975 * NORMAL_975);
        let middle = (p + z2 / (2.0 * n)) / (1.0 + z2 / n);
        let half = NORMAL_975 / (1.0 + z2 / n) * (p * (1.0 - p) / n + z2 / (4.0 * n * n)).sqrt();
        ((middle - half).max(0.0), (middle + half).min(1.0))
    }
}

/// The levels of a network's answers. An architecture may be without: then nothing was measured.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Confidence {
    /// Margins from which the levels `low`, `medium` and `high` begin, in units of the scores.
    pub thresholds: [u32; LEVELS - 1],
    /// What scores are divided by before they become probabilities, in thousandths.
    pub temperature: u32,
    /// What was measured of each level, the least sure one first.
    pub accuracy: [Accuracy; LEVELS],
}

impl Confidence {
    /// The level of a margin.
    #[must_use]
    pub fn level(&self, margin: u64) -> Level {
        let [low, medium, high] = self.thresholds.map(|threshold| margin >= u64::from(threshold));
        match (low, medium, high) {
            (_, _, true) => Level::High,
            (_, true, _) => Level::Medium,
            (true, ..) => Level::Low,
            _ => Level::Uncertain,
        }
    }

    /// What was measured of a level.
    #[must_use]
    pub fn accuracy(&self, level: Level) -> Accuracy {
        let [uncertain, low, medium, high] = self.accuracy;
        match level {
            Level::Uncertain => uncertain,
            Level::Low => low,
            Level::Medium => medium,
            Level::High => high,
        }
    }

    /// Checks every value against scores of `classes` classes in a ring of `ell` bits.
    pub(super) fn validate(&self, classes: usize, ell: u32) -> Result<(), ArchitectureError> {
        let refuse = |what| Err(ArchitectureError::Confidence { what });
        if classes < 2 {
            return refuse("a margin takes two classes");
        }
        let fits = |threshold: &u32| *threshold > 0 && threshold.checked_shr(ell).unwrap_or(0) == 0;
        if !self.thresholds.iter().all(fits) {
            return refuse("a threshold is 0 or beyond every margin");
        }
        if !self.thresholds.is_sorted_by(|a, b| a < b) {
            return refuse("the thresholds do not ascend");
        }
        if !TEMPERATURES.contains(&self.temperature) {
            return refuse("the temperature is not 0.001 to 1000");
        }
        if self.accuracy.iter().any(|accuracy| accuracy.right > accuracy.of || accuracy.of > MOST_COUNTED) {
            return refuse("more answers are right than there are, or more than 2^30 were counted");
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn confidence() -> Confidence {
        let accuracy = [(3, 6), (7, 10), (9, 10), (40, 40)].map(|(right, of)| Accuracy { right, of });
        Confidence { thresholds: [10, 20, 40], temperature: 1200, accuracy }
    }

    #[test]
    fn a_level_begins_with_its_threshold() {
        for (margin, level) in [
            (0, Level::Uncertain),
            (9, Level::Uncertain),
            (10, Level::Low),
            (19, Level::Low),
            (20, Level::Medium),
            (39, Level::Medium),
            (40, Level::High),
            (u64::MAX, Level::High),
        ] {
            assert_eq!(confidence().level(margin), level, "{margin}");
        }
        let reached = Level::ALL.map(|level| Level::reaching(level as usize));
        assert_eq!(reached, Level::ALL.map(Some));
        assert_eq!(Level::reaching(4), None);
    }

    #[test]
    fn wilsons_interval_has_its_known_values() {
        // 81 of 263: Newcombe, Statistics in Medicine 17 (1998), table I, method 3.
        for (right, of, low, high) in
            [(81, 263, 0.2553, 0.3662), (15, 148, 0.0624, 0.1605), (0, 20, 0.0, 0.1611)]
        {
            let interval = Accuracy { right, of }.interval();
            assert!((interval.0 - low).abs() < 1e-4 && (interval.1 - high).abs() < 1e-4, "{interval:?}");
        }
        assert_eq!(Accuracy::default().interval(), (0.0, 1.0));
    }

    #[test]
    fn values_out_of_range_are_refused() {
        assert_eq!(confidence().validate(4, 6), Ok(()));
        let refused = |change: fn(&mut Confidence), classes, ell| {
            let mut changed = confidence();
            change(&mut changed);
            assert!(changed.validate(classes, ell).is_err(), "{changed:?}");
        };
        refused(|_| {}, 1, 6);
        refused(|_| {}, 4, 5);
        refused(|c| c.thresholds = [0, 20, 40], 4, 6);
        refused(|c| c.thresholds = [20, 20, 40], 4, 6);
        refused(|c| c.thresholds = [10, 40, 20], 4, 6);
        refused(|c| c.thresholds = [10, 20, u32::MAX], 4, 30);
        refused(|c| c.temperature = 0, 4, 6);
        refused(|c| c.temperature = 1_000_001, 4, 6);
        refused(|c| c.accuracy[2].right = 11, 4, 6);
        refused(|c| c.accuracy[2].of = u32::MAX, 4, 6);
    }
}
