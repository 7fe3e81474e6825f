//! The audit trail: who had how much of which model, and who was turned away. Nothing medical.

use serde::{Deserialize, Serialize};

/// Longest text of an entry, in bytes. A longer one is cut.
const LONGEST: usize = 200;

/// One entry.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", tag = "event")]
pub enum Event {
    /// A session. It is entered as it begins, and each count is kept as it is granted.
    Session(SessionEvent),
    /// Somebody who could not show who they are.
    Unauthenticated {
        /// When, in seconds since 1970.
        at: u64,
        /// From which address.
        address: String,
        /// Why.
        reason: String,
        /// How many more there were since the entry before.
        unsaid: u64,
    },
    /// The operator set other limits for a client, or began its counts anew.
    Operator {
        /// When, in seconds since 1970.
        at: u64,
        /// Whose.
        client: String,
        /// What was done.
        action: String,
    },
}

/// A session and what its client was given.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct SessionEvent {
    /// When it began, in seconds since 1970.
    pub at: u64,
    /// Whose it is.
    pub client: String,
    /// From which address.
    pub address: String,
    /// Digest of the model that it was served with.
    pub model: String,
    /// Preparations that were granted.
    pub preparations: u64,
    /// Answers for segments that were granted.
    pub inferences: u64,
    /// Labels of records that were granted.
    pub record_labels: u64,
    /// How it ended; `None` while it runs, and if the server was killed meanwhile.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub end: Option<Closing>,
}

/// How a session ended.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct Closing {
    /// When, in seconds since 1970.
    pub at: u64,
    /// Bytes that the server sent; `None` if it failed before they were added up.
    pub bytes_sent: Option<u64>,
    /// Bytes that it received.
    pub bytes_received: Option<u64>,
    /// In words.
    pub outcome: String,
}

impl Event {
    /// When it happened, or began.
    #[must_use]
    pub fn at(&self) -> u64 {
        match self {
            Self::Session(session) => session.at,
            Self::Unauthenticated { at, .. } | Self::Operator { at, .. } => *at,
        }
    }
}

/// The text, cut to what an entry holds.
#[must_use]
pub fn short(text: &str) -> String {
    let end = (0..=LONGEST.min(text.len())).rev().find(|&end| text.is_char_boundary(end));
    text.get(..end.unwrap_or(0)).unwrap_or_default().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_entry_is_read_as_it_was_written() {
        let session = SessionEvent { at: 7, client: "ward-3".into(), inferences: 2, ..Default::default() };
        let events = [
            Event::Session(session),
            Event::Unauthenticated { at: 8, address: "a".into(), reason: "b".into(), unsaid: 3 },
            Event::Operator { at: 9, client: "c".into(), action: "d".into() },
        ];
        for event in events {
            let bytes = serde_json::to_vec(&event).unwrap();
            assert_eq!(serde_json::from_slice::<Event>(&bytes).unwrap(), event);
        }
    }

    #[test]
    fn a_long_text_is_cut_between_letters() {
        let text = "ä".repeat(150);
        assert_eq!(short(&text), "ä".repeat(100));
        assert_eq!(short("no"), "no");
    }
}
