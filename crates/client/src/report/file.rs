//! What there is to say of one file, before it is put into words or JSON.

use std::path::Path;
use std::time::Duration;

use deepcardio::architecture::{Accuracy, Architecture, Level};
use deepcardio::scores::{Label, argmax, probabilities};
use ecg::Reading;
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
    /// What it held, and how it was understood.
    pub reading: &'a Reading,
    /// The network that classified it.
    pub architecture: &'a Architecture,
    /// One result per segment.
    pub outcomes: &'a [Outcome],
    /// The result of the whole record; `None` if the server reveals none.
    pub overall: Option<&'a Overall>,
    /// The books of the session for this file.
    pub ledger: &'a Ledger,
    /// Wall time.
    pub seconds: Seconds,
    /// Whether the result was compared with the network in the clear.
    pub verified: bool,
}

/// The result of a whole record.
pub enum Overall {
    /// The segments' scores summed.
    Scores(Vec<i64>),
    /// The class with the greatest sum.
    Class(usize),
}

/// What is known of one segment.
pub(super) struct Verdict {
    pub(super) label: Label,
    pub(super) scores: Option<Vec<i64>>,
}

impl Verdict {
    fn of(architecture: &Architecture, outcome: &Outcome) -> Self {
        match outcome {
            Outcome::Scores(scores) => {
                Self { label: Label::of(architecture, scores), scores: Some(scores.clone()) }
            }
            Outcome::Label(label) => Self { label: *label, scores: None },
        }
    }

    pub(super) fn probabilities(&self, architecture: &Architecture) -> Option<Vec<f64>> {
        self.scores.as_ref().map(|scores| probabilities(architecture, scores))
    }

    pub(super) fn name<'a>(&self, architecture: &'a Architecture) -> &'a str {
        class_name(architecture, self.label.class)
    }

    /// How often answers of this level were right on validation data.
    pub(super) fn accuracy(&self, architecture: &Architecture) -> Option<(Level, Accuracy)> {
        let level = self.label.level?;
        Some((level, architecture.confidence()?.accuracy(level)))
    }
}

fn class_name(architecture: &Architecture, class: usize) -> &str {
    architecture.classes().get(class).map_or("?", String::as_str)
}

impl FileReport<'_> {
    /// The verdicts on the segments.
    pub(super) fn verdicts(&self) -> Vec<Verdict> {
        self.outcomes.iter().map(|outcome| Verdict::of(self.architecture, outcome)).collect()
    }

    /// The class of the whole record; `None` if the server reveals none.
    pub(super) fn overall(&self) -> Option<&str> {
        let class = match self.overall? {
            Overall::Scores(scores) => argmax(scores),
            Overall::Class(class) => *class,
        };
        Some(class_name(self.architecture, class))
    }
}
