//! From a recording to the segments that the network reads.

pub mod segment;

pub use segment::{Segment, SegmentError};
