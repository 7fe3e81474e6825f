//! ECG front end: from a recording to the quantised segments whose windows the network reads.
//!
//! ```text
//! file -> Recording (mV, Hz) -> BandPass -> Resampler -> segments of 30 s, in integers
//! ```
//!
//! [`segments`] runs the whole chain with the preprocessing constants of a network ([`Signal`]).
//! The filter sees the whole record before it is cut, so that no segment carries an edge of its
//! own. Every step agrees with SciPy (`butter`, `sosfiltfilt`, `resample_poly`) to 1e-6, checked
//! against stored vectors.
//!
//! Samples are personal data: the types that hold them are wiped on drop, have no `Debug` of
//! values, and no error message repeats the content of a file.

mod complex;
mod cutting;
mod error;
pub mod files;
mod filter;
mod gaps;
pub mod limits;
pub mod quality;
mod recording;
mod resample;
mod segment;
mod signal;

pub use cutting::{condition, segment_starts, segments, spans};
pub use error::{EcgError, LineProblem};
pub use files::{Foreign, Format, Gap, Hints, Note, Reading, Source, Understood, Unit, open, read};
pub use filter::BandPass;
pub use recording::Recording;
pub use resample::Resampler;
pub use segment::Segment;
pub use signal::Signal;
