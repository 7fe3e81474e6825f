//! How much a client has had, by hours.
//!
//! A quota of a day bounds what the running hour and the 23 before it hold together. So no 24 hours
//! of the clock hold more, and a client that is steady within its quota is refused at most for what
//! is left of an hour.

use protocol::server::Grant;
use serde::{Deserialize, Serialize};

use super::limits::Limits;

/// Hours that a quota of a day looks at.
const HOURS: usize = 24;
/// Seconds of an hour.
pub const HOUR: u64 = 3600;

/// What a client has had.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Usage {
    /// The latest hour that was counted in, since 1970.
    hour: u64,
    /// Labels of segments, score vectors and labels of records, by hours; the latest comes first.
    answers: [u32; HOURS],
    /// Preparations, in the same way.
    preparations: [u32; HOURS],
    /// Answers of all times.
    pub all_answers: u64,
    /// Preparations of all times.
    pub all_preparations: u64,
    /// When something was counted last, in seconds since 1970.
    pub last: u64,
}

/// Which quota is used up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Quota {
    /// Answers of the running hour.
    AnswersOfHour(u32),
    /// Answers of 24 hours.
    AnswersOfDay(u32),
    /// Preparations of 24 hours.
    PreparationsOfDay(u32),
}

/// A quota that is used up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Exceeded {
    /// Which.
    pub quota: Quota,
    /// When there is room again, in seconds since 1970; `None` if there never is any.
    pub until: Option<u64>,
}

impl Usage {
    /// Answers of the hour of `now` and the 23 before it.
    #[must_use]
    pub fn answers_of_day(&self, now: u64) -> u32 {
        sum(&self.at(now).answers)
    }

    /// Answers of the hour of `now`.
    #[must_use]
    pub fn answers_of_hour(&self, now: u64) -> u32 {
        let [latest, ..] = self.at(now).answers;
        latest
    }

    /// Preparations of the hour of `now` and the 23 before it.
    #[must_use]
    pub fn preparations_of_day(&self, now: u64) -> u32 {
        sum(&self.at(now).preparations)
    }

    /// Whether one answer more is within the limits.
    ///
    /// # Errors
    /// [`Exceeded`] if it is not.
    pub fn foresee(&self, limits: &Limits, now: u64) -> Result<(), Exceeded> {
        let usage = self.at(now);
        let day = limits.inferences_per_day.number();
        usage.within(&usage.answers, day, Quota::AnswersOfDay)?;
        let [latest, ..] = usage.answers;
        match limits.inferences_per_hour.number() {
            Some(most) if latest >= most => {
                let until = (most > 0).then_some((usage.hour + 1) * HOUR);
                Err(Exceeded { quota: Quota::AnswersOfHour(most), until })
            }
            _ => Ok(()),
        }
    }

    /// Counts what is about to be given at `now`.
    ///
    /// A preparation is refused too if its answer would be: it would be of no use.
    ///
    /// # Errors
    /// [`Exceeded`] if it is beyond the limits. Then nothing is counted.
    pub fn count(&mut self, what: Grant, limits: &Limits, now: u64) -> Result<(), Exceeded> {
        let mut usage = self.at(now);
        usage.foresee(limits, now)?;
        match what {
            Grant::Preparation => {
                let day = limits.preparations_per_day.number();
                usage.within(&usage.preparations, day, Quota::PreparationsOfDay)?;
                add(&mut usage.preparations, &mut usage.all_preparations);
            }
            Grant::Inference | Grant::RecordLabel => add(&mut usage.answers, &mut usage.all_answers),
        }
        usage.last = now;
        *self = usage;
        Ok(())
    }

    /// Forgets what was counted against the quotas, and a clock that was ahead. What was given of
    /// all times stays.
    pub fn reset(&mut self) {
        self.hour = 0;
        self.answers = [0; HOURS];
        self.preparations = [0; HOURS];
    }

    /// The same with the hour of `now` as the latest. A clock that was set back counts on in the
    /// latest hour that there was.
    fn at(&self, now: u64) -> Self {
        let mut usage = self.clone();
        let hour = (now / HOUR).max(self.hour);
        let passed = usize::try_from(hour - self.hour).unwrap_or(HOURS).min(HOURS);
        for window in [&mut usage.answers, &mut usage.preparations] {
            window.rotate_right(passed % HOURS);
            window.iter_mut().take(passed).for_each(|count| *count = 0);
        }
        usage.hour = hour;
        usage
    }

    /// Whether there is room for one more in `window`.
    fn within(
        &self,
        window: &[u32; HOURS],
        most: Option<u32>,
        quota: impl Fn(u32) -> Quota,
    ) -> Result<(), Exceeded> {
        let Some(most) = most.filter(|&most| sum(window) >= most) else { return Ok(()) };
        // After so many hours there is room: the oldest counts have left the window.
        let left = |hours: usize| window.iter().take(HOURS - hours).fold(0_u32, |a, &b| a.saturating_add(b));
        let hours = (1..=HOURS).find(|&hours| left(hours) < most);
        let until = hours.map(|hours| (self.hour + hours as u64) * HOUR);
        Err(Exceeded { quota: quota(most), until })
    }
}

fn sum(window: &[u32; HOURS]) -> u32 {
    window.iter().fold(0, |a, &b| a.saturating_add(b))
}

fn add([latest, ..]: &mut [u32; HOURS], all: &mut u64) {
    *latest = latest.saturating_add(1);
    *all = all.saturating_add(1);
}

#[cfg(test)]
mod tests {
    use super::super::limits::Bound;
    use super::*;

    fn limits(hour: Bound, day: u32, preparations: u32) -> Limits {
        Limits {
            inferences_per_hour: hour,
            inferences_per_day: Bound::Most(day),
            preparations_per_day: Bound::Most(preparations),
            reveal: None,
        }
    }

    fn take(usage: &mut Usage, what: Grant, limits: &Limits, now: u64) -> Option<Exceeded> {
        usage.count(what, limits, now).err()
    }

    #[test]
    fn a_day_holds_its_quota_and_says_when_there_is_room() {
        let (limits, mut usage) = (limits(Bound::Unlimited, 3, 9), Usage::default());
        let start = 1000 * HOUR + 17;
        for now in [start, start + HOUR, start + 2 * HOUR] {
            assert_eq!(take(&mut usage, Grant::Inference, &limits, now), None);
        }
        let full = Exceeded { quota: Quota::AnswersOfDay(3), until: Some(1024 * HOUR) };
        assert_eq!(take(&mut usage, Grant::Inference, &limits, start + 3 * HOUR), Some(full));
        assert_eq!(take(&mut usage, Grant::RecordLabel, &limits, 1024 * HOUR - 1), Some(full));
        assert_eq!(take(&mut usage, Grant::Preparation, &limits, 1024 * HOUR - 1), Some(full));
        assert_eq!(take(&mut usage, Grant::RecordLabel, &limits, 1024 * HOUR), None);
        let next = Exceeded { until: Some(1025 * HOUR), ..full };
        assert_eq!(take(&mut usage, Grant::Inference, &limits, 1024 * HOUR), Some(next));
        assert_eq!((usage.all_answers, usage.answers_of_day(1024 * HOUR)), (4, 3));
        assert_eq!(usage.answers_of_day(2000 * HOUR), 0);
    }

    #[test]
    fn an_hour_has_a_quota_of_its_own() {
        let (limits, mut usage) = (limits(Bound::Most(2), 100, 1), Usage::default());
        let now = 7 * HOUR + 3599;
        assert_eq!(take(&mut usage, Grant::Inference, &limits, now), None);
        assert_eq!(take(&mut usage, Grant::Inference, &limits, now), None);
        let full = Exceeded { quota: Quota::AnswersOfHour(2), until: Some(8 * HOUR) };
        assert_eq!(take(&mut usage, Grant::Inference, &limits, now), Some(full));
        assert_eq!(take(&mut usage, Grant::Inference, &limits, now + 1), None);
        assert_eq!(usage.answers_of_hour(now + 1), 1);
    }

    #[test]
    fn preparations_are_counted_apart() {
        let (limits, mut usage) = (limits(Bound::Unlimited, 100, 1), Usage::default());
        assert_eq!(take(&mut usage, Grant::Preparation, &limits, HOUR), None);
        let full = Exceeded { quota: Quota::PreparationsOfDay(1), until: Some(25 * HOUR) };
        assert_eq!(take(&mut usage, Grant::Preparation, &limits, HOUR), Some(full));
        assert_eq!(take(&mut usage, Grant::Inference, &limits, HOUR), None);
        assert_eq!((usage.all_answers, usage.all_preparations), (1, 1));
    }

    #[test]
    fn who_may_have_nothing_is_told_no_time() {
        let (limits, mut usage) = (limits(Bound::Unlimited, 0, 9), Usage::default());
        let never = Exceeded { quota: Quota::AnswersOfDay(0), until: None };
        assert_eq!(take(&mut usage, Grant::Preparation, &limits, HOUR), Some(never));
    }

    #[test]
    fn a_clock_that_is_set_back_frees_nothing() {
        let (limits, mut usage) = (limits(Bound::Most(1), 1, 9), Usage::default());
        assert_eq!(take(&mut usage, Grant::Inference, &limits, 50 * HOUR), None);
        let full = Exceeded { quota: Quota::AnswersOfDay(1), until: Some(74 * HOUR) };
        assert_eq!(take(&mut usage, Grant::Inference, &limits, 3 * HOUR), Some(full));
        usage.reset();
        assert_eq!(take(&mut usage, Grant::Inference, &limits, 3 * HOUR), None);
        let full = Exceeded { until: Some(27 * HOUR), ..full };
        assert_eq!(take(&mut usage, Grant::Inference, &limits, 3 * HOUR), Some(full), "by this clock again");
        assert_eq!(usage.all_answers, 2);
    }

    #[test]
    fn a_steady_client_at_its_quota_never_waits_for_more_than_an_hour() {
        let (limits, mut usage) = (limits(Bound::Unlimited, 2880, 3600), Usage::default());
        for segment in 0..3 * 2880_u64 {
            let now = 5 * HOUR + 30 * segment + segment % 7;
            assert_eq!(take(&mut usage, Grant::Inference, &limits, now), None, "segment {segment}");
        }
    }
}
