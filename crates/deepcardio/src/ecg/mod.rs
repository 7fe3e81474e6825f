//! ECG front end: from a recording to the quantised windows the network reads.
//!
//! ```text
//! CSV -> Recording (mV, Hz) -> BandPass -> Resampler -> segments of 30 s -> windows of integers
//! ```
//!
//! [`segments`] runs the whole chain with the constants of the model's [`Signal`](crate::architecture::Signal). The filter sees the
//! whole record before it is cut, so that no segment carries an edge of its own. Every step agrees with
//! SciPy (`butter`, `sosfiltfilt`, `resample_poly`) to 1e-6, checked against stored vectors.
//!
//! Samples are personal data: the types that hold them are wiped on drop, have no `Debug` of values, and
//! no error message repeats the content of a file.

mod complex;
pub mod csv;
mod cutting;
mod error;
mod filter;
mod recording;
mod resample;
pub mod segment;

pub use cutting::{condition, segment_starts, segments};
pub use error::{EcgError, LineProblem};
pub use filter::BandPass;
pub use recording::{
    MAX_MILLIVOLTS, MAX_RATE_HZ, MAX_SAMPLES, MAX_SECONDS, MIN_RATE_HZ, MIN_SECONDS, Recording,
};
pub use resample::Resampler;
pub use segment::{Segment, SegmentError};
