//! Every value of one classification, to compare a private run with.

/// Every intermediate value of one classification, one entry per stage.
///
/// It shows a patient's data and, in the accumulators, the model. It is for tests and has no
/// `Debug`.
pub struct Trace {
    /// The stages, in order.
    pub stages: Vec<StageTrace>,
}

/// Values of one stage, each row-major `[batch][channel][position]`.
pub struct StageTrace {
    /// After the linear layer, at every position. The last stage's are the class scores.
    pub accumulators: Vec<i32>,
    /// After the non-linear step. The last hidden state of an LSTM.
    pub activations: Vec<i32>,
    /// After the reductions: the next stage's input.
    pub output: Vec<i32>,
}
