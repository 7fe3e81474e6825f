//! What a session gave its client, counted before it leaves.
//!
//! A client that breaks off has learnt what it was given all the same. So the counts outlive a
//! session that fails.

use std::sync::atomic::{AtomicU64, Ordering};

/// What a session gave its client.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Given {
    /// Preparations begun. Each leaks what the masks of the linear layers do, used or not.
    pub preparations: u64,
    /// Labels of segments, or score vectors. An inference that ends before its output is none.
    pub inferences: u64,
    /// Labels of records of several segments begun.
    pub record_labels: u64,
}

impl Given {
    /// What came after `before`.
    pub(super) fn since(self, before: Self) -> Self {
        Self {
            preparations: self.preparations - before.preparations,
            inferences: self.inferences - before.inferences,
            record_labels: self.record_labels - before.record_labels,
        }
    }

    /// Answers: one for each inference, and one for each label of a record.
    #[must_use]
    pub fn answers(&self) -> u64 {
        self.inferences + self.record_labels
    }
}

/// Counts what both lanes of a session give.
#[derive(Default)]
pub(super) struct Counters {
    preparations: AtomicU64,
    inferences: AtomicU64,
    record_labels: AtomicU64,
}

impl Counters {
    pub(super) fn preparation(&self) {
        self.preparations.fetch_add(1, Ordering::Relaxed);
    }

    pub(super) fn inference(&self) {
        self.inferences.fetch_add(1, Ordering::Relaxed);
    }

    /// Returns the label's number in the session, from 0.
    pub(super) fn record_label(&self) -> u64 {
        self.record_labels.fetch_add(1, Ordering::Relaxed)
    }

    pub(super) fn given(&self) -> Given {
        let of = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
        Given {
            preparations: of(&self.preparations),
            inferences: of(&self.inferences),
            record_labels: of(&self.record_labels),
        }
    }
}
