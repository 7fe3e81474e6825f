//! How long, and after what, a client comes back to a server that cannot serve it now.

use std::time::{Duration, Instant};

use backon::{BackoffBuilder, ExponentialBackoff, ExponentialBuilder};
use protocol::error::{Error, Fault};

use crate::failure::Failure;

/// The first pause. Each is twice as long as the one before, and up to as much more by chance, so
/// that clients that were cut off together do not come back together.
const FIRST: Duration = Duration::from_millis(500);
/// The longest pause, but for chance.
const LONGEST: Duration = Duration::from_secs(30);

/// The attempts that follow a failure.
pub struct Retries {
    /// How long after the first failure there are any.
    most: Duration,
    failing: Option<Failing>,
}

/// What goes on since the first failure.
struct Failing {
    since: Instant,
    pauses: ExponentialBackoff,
}

impl Retries {
    /// Attempts for so long after the first failure; none at all for no time.
    #[must_use]
    pub fn new(most: Duration) -> Self {
        Self { most, failing: None }
    }

    /// Something went well: what fails from here on is a first failure.
    pub fn succeeded(&mut self) {
        self.failing = None;
    }

    /// How long to wait before the next attempt: as long as the server said, or longer and longer.
    ///
    /// # Errors
    /// The failure itself, if it would come again or if the time is up.
    pub fn pause(&mut self, failure: Failure, served_before: bool) -> Result<Duration, Failure> {
        let Some(asked) = wait_asked_for(&failure, served_before) else { return Err(failure) };
        let failing = self.failing.get_or_insert_with(|| Failing { since: Instant::now(), pauses: pauses() });
        let pause = failing.pauses.next().unwrap_or(LONGEST) + asked;
        if failing.since.elapsed() + pause > self.most { Err(failure) } else { Ok(pause) }
    }
}

fn pauses() -> ExponentialBackoff {
    ExponentialBuilder::new()
        .with_min_delay(FIRST)
        .with_max_delay(LONGEST)
        .without_max_times()
        .with_jitter()
        .build()
}

/// How long the server asked to be left alone; `None` if another attempt would fail alike.
///
/// A server that never answered is more likely to have another address than to be away for a
/// moment. One that drops a connection in the set-up may be crowded.
fn wait_asked_for(failure: &Failure, served_before: bool) -> Option<Duration> {
    match failure {
        Failure::Session(Error::Later { after, .. }) => Some(*after),
        Failure::Session(
            Error::Io(_) | Error::Peer { fault: Fault::Closed(_) | Fault::Silent(_) | Fault::Slow(_), .. },
        ) => Some(Duration::ZERO),
        Failure::Unreachable { .. } if served_before => Some(Duration::ZERO),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use shares::Role;

    use super::*;

    fn busy(seconds: u64) -> Failure {
        let (peer, reason) = (Role::Server, "all places are taken".into());
        Failure::Session(Error::Later { peer, after: Duration::from_secs(seconds), reason })
    }

    fn gone() -> Failure {
        let source = std::io::ErrorKind::ConnectionRefused.into();
        Failure::Unreachable { address: "a".into(), hint: "h".into(), source }
    }

    #[test]
    fn pauses_grow_and_never_fall_below_what_the_server_asked_for() {
        let mut retries = Retries::new(Duration::from_secs(1000));
        let pauses: Vec<_> = (0..4).map(|_| retries.pause(busy(10), true).unwrap().as_secs_f64()).collect();
        for (pause, least) in pauses.iter().zip([10.5, 11.0, 12.0, 14.0]) {
            assert!((least..=2.0 * least).contains(pause), "{pauses:?}");
        }
        retries.succeeded();
        assert!(retries.pause(busy(0), true).unwrap() <= 2 * FIRST);
    }

    #[test]
    fn it_ends_when_the_time_is_up() {
        assert!(Retries::new(Duration::from_secs(5)).pause(busy(10), true).is_err());
        assert!(Retries::new(Duration::ZERO).pause(busy(0), true).is_err());
    }

    #[test]
    fn what_would_fail_again_is_not_tried_again() {
        let mut retries = Retries::new(Duration::from_secs(1000));
        assert!(retries.pause(gone(), false).is_err(), "nobody has ever answered there");
        assert!(retries.pause(gone(), true).is_ok());
        for error in [Error::Incompatible("versions".into()), Error::Internal("a bug".into())] {
            assert!(retries.pause(error.into(), true).is_err());
        }
    }
}
