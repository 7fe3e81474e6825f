//! What a client measured of the way to its server, and the choice that follows from it.

use std::time::Duration;

use crate::method::{Comparison, Method, Reveal};
use crate::plan::Plan;

/// Round-trip time and bandwidth of the way to the server, as the set-up of a session found them.
#[derive(Clone, Copy, Debug)]
pub(crate) struct LinkEstimate {
    /// From the greeting to its answer.
    pub(crate) round_trip: Duration,
    /// In each direction; a low guess where transfers are short.
    pub(crate) bytes_per_second: f64,
}

impl LinkEstimate {
    /// From the time of one small round trip and of a simultaneous exchange of `bytes` each way.
    pub(crate) fn measured(round_trip: Duration, bytes: usize, exchange: Duration) -> Self {
        let transfer = exchange.saturating_sub(round_trip / 2).max(Duration::from_micros(1));
        Self { round_trip, bytes_per_second: bytes as f64 / transfer.as_secs_f64() }
    }

    /// The shape of comparison that takes less time on this way: a tree has fewer trips, a ripple
    /// fewer bytes.
    pub(crate) fn comparison(self, plan: &Plan) -> Comparison {
        let seconds = |shape| {
            let trips = plan.one_way_trips(shape) as f64 * self.round_trip.as_secs_f64() / 2.0;
            // About half of a step's bytes go each way, at the same time.
            let bytes = plan.traffic(Method::Ot(shape), Reveal::Scores) as f64 / 2.0;
            trips + bytes / self.bytes_per_second
        };
        if seconds(Comparison::Tree) < seconds(Comparison::Ripple) {
            Comparison::Tree
        } else {
            Comparison::Ripple
        }
    }
}

#[cfg(test)]
mod tests {
    use deepcardio::architecture::{Architecture, Head, Widths};

    use super::*;

    #[test]
    fn a_slow_line_ripples_and_a_long_line_takes_the_tree() {
        let widths = Widths { ell: 20, ..Widths::default() };
        let plan = Plan::new(&Architecture::deepcardio(6, Head::Average, widths).unwrap()).unwrap();
        let link = |milliseconds, megabits: f64| LinkEstimate {
            round_trip: Duration::from_millis(milliseconds),
            bytes_per_second: megabits * 1e6 / 8.0,
        };
        assert_eq!(link(1, 2.0).comparison(&plan), Comparison::Ripple);
        assert_eq!(link(100, 1000.0).comparison(&plan), Comparison::Tree);
    }

    #[test]
    fn bandwidth_is_what_an_exchange_took_beyond_the_way() {
        let link = LinkEstimate::measured(Duration::from_millis(20), 1_000_000, Duration::from_millis(110));
        assert!((link.bytes_per_second - 1e7).abs() < 1.0);
        assert!(
            LinkEstimate::measured(Duration::from_secs(1), 10, Duration::ZERO).bytes_per_second.is_finite()
        );
    }
}
