//! How much an answer tells, as an operator names it.

use clap::ValueEnum;
use protocol::method::Reveal;
use serde::{Deserialize, Serialize};

/// What a client learns.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ValueEnum)]
#[serde(rename_all = "kebab-case")]
pub enum RevealPolicy {
    /// The label of every segment of 30 s, and in four levels how sure it is.
    Label,
    /// As label, and the label of a record of several segments, which is an answer more.
    RecordLabel,
    /// The score of every class: 25 times as many bits an answer as a label.
    Scores,
}

impl From<RevealPolicy> for Reveal {
    fn from(policy: RevealPolicy) -> Self {
        match policy {
            RevealPolicy::Scores => Self::Scores,
            RevealPolicy::Label => Self::Label,
            RevealPolicy::RecordLabel => Self::RecordLabel,
        }
    }
}
