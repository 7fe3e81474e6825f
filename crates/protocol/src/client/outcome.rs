//! What a client learns.

use deepcardio::scores::Label;

/// What the client learned of one segment.
#[derive(Clone, PartialEq, Eq)]
pub enum Outcome {
    /// The integer score of every class.
    Scores(Vec<i64>),
    /// The best class and how sure that is, no more.
    Label(Label),
}
