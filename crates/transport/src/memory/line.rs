//! What one direction of a pair is like.

use std::time::Duration;

/// Latency, bandwidth and room of one direction.
#[derive(Clone, Copy, Debug)]
pub struct Line {
    pub(super) latency: Duration,
    pub(super) bytes_per_second: Option<u64>,
    pub(super) room: usize,
}

impl Line {
    /// Bytes arrive as soon as they are written; 64 KiB may wait for the reader.
    pub const INSTANT: Self = Self { latency: Duration::ZERO, bytes_per_second: None, room: 1 << 16 };

    /// The same line with this much time between the end of sending and arrival.
    #[must_use]
    pub const fn with_latency(self, latency: Duration) -> Self {
        Self { latency, ..self }
    }

    /// The same line that takes no more than so many bytes a second; 0 stands for no limit.
    #[must_use]
    pub const fn with_bandwidth(self, bytes_per_second: u64) -> Self {
        let bytes_per_second = if bytes_per_second == 0 { None } else { Some(bytes_per_second) };
        Self { bytes_per_second, ..self }
    }

    /// The same line with room for so many bytes that were written and are not read yet, as a
    /// window of TCP has it. A writer waits while there is none. Where arrivals shall follow from
    /// latency and bandwidth alone, give room for the longest message.
    #[must_use]
    pub const fn with_room(self, bytes: usize) -> Self {
        Self { room: if bytes == 0 { 1 } else { bytes }, ..self }
    }

    /// How long `bytes` occupy the line.
    pub(super) fn occupied(&self, bytes: usize) -> Duration {
        match self.bytes_per_second {
            Some(rate) => Duration::from_secs_f64(bytes as f64 / rate as f64),
            None => Duration::ZERO,
        }
    }
}
