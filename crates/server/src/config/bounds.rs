//! Which numbers a setting may have. A slip of the finger is found before the model is loaded.

/// A setting that is a number, and its range.
#[derive(Clone, Copy)]
pub(super) struct Bound {
    name: &'static str,
    least: u64,
    most: u64,
}

/// A number that a setting cannot have.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{name} must be {least} to {most}, and is {value}")]
pub struct OutOfRange {
    name: &'static str,
    value: u64,
    least: u64,
    most: u64,
}

/// More threads than cores serve nobody.
pub(super) const THREADS: Bound = Bound::new("threads", 1, 1024);
/// A session takes a hundred megabytes and some descriptors.
pub(super) const MAX_SESSIONS: Bound = Bound::new("max-sessions", 1, 4096);
pub(super) const SESSIONS_PER_CLIENT: Bound = Bound::new("sessions-per-client", 1, 4096);
/// Up to a hundred terabytes.
pub(super) const MEMORY_MB: Bound = Bound::new("memory-mb", 1, 100_000_000);
/// Each takes 25 megabytes or more.
pub(super) const PREPARED_PER_SESSION: Bound = Bound::new("prepared-per-session", 1, 1024);
pub(super) const STEP_TIMEOUT: Bound = Bound::seconds("step-timeout", 1);
pub(super) const IDLE_TIMEOUT: Bound = Bound::seconds("idle-timeout", 1);
pub(super) const SESSION_TIMEOUT: Bound = Bound::seconds("session-timeout", 1);
pub(super) const AUDIT_DAYS: Bound = Bound::new("audit-days", 1, 36_500);
pub(super) const DRAIN_TIMEOUT: Bound = Bound::seconds("drain-timeout", 0);
pub(super) const LEAVE_DELAY: Bound = Bound::seconds("leave-delay", 0);

impl Bound {
    const fn new(name: &'static str, least: u64, most: u64) -> Self {
        Self { name, least, most }
    }

    /// Up to a year.
    const fn seconds(name: &'static str, least: u64) -> Self {
        Self::new(name, least, 365 * 24 * 3600)
    }

    /// # Errors
    /// [`OutOfRange`] names the setting and what it may be.
    pub(super) fn check(self, value: u64) -> Result<(), OutOfRange> {
        let Self { name, least, most } = self;
        if (least..=most).contains(&value) { Ok(()) } else { Err(OutOfRange { name, value, least, most }) }
    }

    /// As [`Self::check`].
    pub(super) fn check_count(self, value: usize) -> Result<(), OutOfRange> {
        self.check(u64::try_from(value).unwrap_or(u64::MAX))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_ends_of_a_range_are_in_it() {
        for value in [1, 1024] {
            assert_eq!(THREADS.check(value), Ok(()));
        }
        assert_eq!(DRAIN_TIMEOUT.check(0), Ok(()));
        for value in [0, 1025, usize::MAX] {
            let said = THREADS.check_count(value).unwrap_err().to_string();
            assert_eq!(said, format!("threads must be 1 to 1024, and is {value}"));
        }
    }
}
