//! The shape of an activation tensor, row-major `[batch][channel][position]`.

/// Dimensions of a tensor between two layers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Shape {
    /// Batch items (windows, or 1 after they became a sequence).
    pub batch: usize,
    /// Channels per batch item.
    pub channels: usize,
    /// Positions per channel.
    pub length: usize,
}

impl Shape {
    /// Number of values.
    #[must_use]
    pub fn count(&self) -> usize {
        self.batch.saturating_mul(self.channels).saturating_mul(self.length)
    }
}
