//! What a synthesis gives.

/// A synthetic recording and the truth about it.
pub(crate) struct Synthetic {
    /// Samples in millivolts.
    pub(crate) millivolts: Vec<f64>,
    /// Times of the R peaks, in seconds.
    pub(crate) beats: Vec<f64>,
}
