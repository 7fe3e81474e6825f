//! What a client learns.

/// What the client learned of one segment.
#[derive(Clone, PartialEq, Eq)]
pub enum Outcome {
    /// The integer score of every class.
    Scores(Vec<i64>),
    /// The index of the best class alone.
    Label(usize),
}
