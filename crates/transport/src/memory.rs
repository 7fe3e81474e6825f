//! A pair of byte streams in this process, with a latency and a bandwidth in each direction.
//!
//! Time is tokio's. Where a test pauses it, every arrival has an exact virtual time, so that the
//! time of a session in units of the latency is the number of trips that it waited for. (Tokio
//! wakes at whole milliseconds: choose latencies of whole milliseconds.)

mod direction;
mod line;
mod stream;

pub use line::Line;
pub use stream::{MemoryStream, pair};
