//! What there is to say of one file, before it is put into words or JSON.

use std::path::Path;
use std::time::Duration;

use deepcardio::architecture::Architecture;
use deepcardio::scores::{argmax, probabilities};
use ecg::Recording;
use protocol::client::Outcome;
use protocol::meter::Ledger;

/// Wall time of one file.
#[derive(Clone, Copy)]
pub struct Seconds {
    /// Connection, handshake and keys; falls on the first file.
    pub setup: Duration,
    /// Before the ECG was needed.
    pub offline: Duration,
    /// From the ECG to the results.
    pub online: Duration,
    /// All of it; less than the sum where one was prepared while another was classified.
    pub total: Duration,
}

/// Everything to be said of one file.
pub struct FileReport<'a> {
    /// The file.
    pub path: &'a Path,
    /// What it held.
    pub recording: &'a Recording,
    /// The network that classified it.
    pub architecture: &'a Architecture,
    /// One result per segment.
    pub outcomes: &'a [Outcome],
    /// The result of the whole record.
    pub overall: &'a Outcome,
    /// The books of the session for this file.
    pub ledger: &'a Ledger,
    /// Wall time.
    pub seconds: Seconds,
    /// Whether the result was compared with the network in the clear.
    pub verified: bool,
}

/// What is known of one segment, or of the whole record.
pub(super) struct Verdict {
    pub(super) label: usize,
    pub(super) scores: Option<Vec<i64>>,
}

impl Verdict {
    fn of(outcome: &Outcome) -> Self {
        match outcome {
            Outcome::Scores(scores) => Self { label: argmax(scores), scores: Some(scores.clone()) },
            Outcome::Label(label) => Self { label: *label, scores: None },
        }
    }

    pub(super) fn probabilities(&self, architecture: &Architecture) -> Option<Vec<f64>> {
        self.scores.as_ref().map(|scores| probabilities(scores, architecture.score_scale()))
    }

    pub(super) fn name<'a>(&self, architecture: &'a Architecture) -> &'a str {
        architecture.classes().get(self.label).map_or("?", String::as_str)
    }
}

impl FileReport<'_> {
    /// The verdicts on the segments.
    pub(super) fn verdicts(&self) -> Vec<Verdict> {
        self.outcomes.iter().map(Verdict::of).collect()
    }

    /// The verdict on the whole record.
    pub(super) fn overall(&self) -> Verdict {
        Verdict::of(self.overall)
    }
}
