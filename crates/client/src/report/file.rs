//! What there is to say of one file, before it is put into words or JSON.

use std::path::Path;
use std::time::Duration;

use deepcardio::architecture::{Accuracy, Architecture, Level};
use deepcardio::scores::{Label, argmax, probabilities};
use ecg::Reading;
use protocol::client::Outcome;
use protocol::meter::Ledger;

use crate::checked::Checked;

/// Wall time of one file.
#[derive(Clone, Copy, Default)]
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
    /// The network that classified it; `None` if no server was called.
    pub architecture: Option<&'a Architecture>,
    /// The id of its weights.
    pub model_id: Option<[u8; 16]>,
    /// Every segment, by the signal check.
    pub checked: &'a [Checked],
    /// One result for each segment that can be read.
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
pub(super) struct Verdict<'a> {
    pub(super) architecture: &'a Architecture,
    pub(super) label: Label,
    pub(super) scores: Option<Vec<i64>>,
}

impl<'a> Verdict<'a> {
    fn of(architecture: &'a Architecture, outcome: &Outcome) -> Self {
        let (label, scores) = match outcome {
            Outcome::Scores(scores) => (Label::of(architecture, scores), Some(scores.clone())),
            Outcome::Label(label) => (*label, None),
        };
        Self { architecture, label, scores }
    }

    pub(super) fn probabilities(&self) -> Option<Vec<f64>> {
        self.scores.as_ref().map(|scores| probabilities(self.architecture, scores))
    }

    pub(super) fn name(&self) -> &'a str {
        class_name(self.architecture, self.label.class)
    }

    /// Whether the two best classes are too near to tell.
    pub(super) fn is_uncertain(&self) -> bool {
        self.label.level == Some(Level::Uncertain)
    }

    /// How often answers of this level were right on validation data.
    pub(super) fn accuracy(&self) -> Option<(Level, Accuracy)> {
        let level = self.label.level?;
        Some((level, self.architecture.confidence()?.accuracy(level)))
    }
}

fn class_name(architecture: &Architecture, class: usize) -> &str {
    architecture.classes().get(class).map_or("?", String::as_str)
}

/// One segment: the signal check, and what the network said where there was something to ask.
pub(super) struct Part<'a> {
    pub(super) checked: &'a Checked,
    pub(super) verdict: Option<Verdict<'a>>,
}

impl FileReport<'_> {
    /// The segments in the order of time.
    pub(super) fn parts(&self) -> Vec<Part<'_>> {
        let mut outcomes = self.outcomes.iter();
        let part = |checked| {
            let outcome = if Checked::is_readable(checked) { outcomes.next() } else { None };
            let verdict =
                self.architecture.zip(outcome).map(|(network, outcome)| Verdict::of(network, outcome));
            Part { checked, verdict }
        };
        self.checked.iter().map(part).collect()
    }

    /// The class of the whole record; `None` if the server reveals none.
    pub(super) fn overall(&self) -> Option<&str> {
        let class = match self.overall? {
            Overall::Scores(scores) => argmax(scores),
            Overall::Class(class) => *class,
        };
        Some(class_name(self.architecture?, class))
    }
}
