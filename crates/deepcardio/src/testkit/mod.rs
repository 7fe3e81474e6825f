//! Random models and segments for tests, at the extremes of their widths.

mod confidence;
mod lstm;
mod numbers;
mod segment;
mod small;
mod spec;
mod weights;

pub use confidence::with_random_levels;
pub use lstm::random_lstm_model;
pub use segment::random_segment;
pub use small::random_small_model;
pub use spec::{ModelSpec, random_model};
pub use weights::random_weights;
