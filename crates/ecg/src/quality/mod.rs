//! Is there a signal, and is it a heart's? What is asked of every segment before it is classified.
//!
//! [`examine`] looks at a stretch of a recording and returns its heart rate and [`Finding`]s. A
//! network answers whatever it is given: a flat line became "normal sinus rhythm". So a segment
//! with a finding that is [`Severity::Unreadable`] is not classified at all, and one with a
//! [`Severity::Doubt`] is classified and reported with the doubt.
//!
//! Everything is computed from the samples and the rate, without a clock and without state. The
//! thresholds stand in one file, with the records that set them; `docs/signal-check.md` in the
//! repository holds what they were measured to do.

mod averages;
mod beats;
mod examine;
mod finding;
mod lost;
mod measures;
mod repeats;
mod shape;
mod thresholds;
mod tones;

pub use examine::{Examination, examine};
pub use finding::{Finding, Kind, Severity};
