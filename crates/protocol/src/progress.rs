//! How a session tells a program how far it is. Nothing secret passes here.

use std::sync::Arc;

use crate::meter::Phase;

/// One step done.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Progress {
    /// The phase.
    pub phase: Phase,
    /// The layer just finished.
    pub layer: String,
    /// Steps finished in this phase.
    pub done: usize,
    /// Steps of this phase.
    pub total: usize,
}

/// Who wants to know.
pub type Observer = Arc<dyn Fn(Progress) + Send + Sync>;

/// Reports to `observer`, if there is one.
pub(crate) fn report(observer: Option<&Observer>, phase: Phase, layer: &str, done: usize, total: usize) {
    if let Some(observer) = observer {
        observer(Progress { phase, layer: layer.to_owned(), done, total });
    }
}
