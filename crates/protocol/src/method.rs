//! How an inference is computed and what it reveals.
//!
//! Both parties agree on these before anything is planned.

use std::fmt;

/// Most segments whose scores add up into one label, where a record's label is revealed.
///
/// That is an hour of ECG that does not overlap.
pub const MAX_RECORD_SEGMENTS: usize = gc_nonlinear::MAX_TERMS;
// A request says the number in one byte.
const _: () = assert!(MAX_RECORD_SEGMENTS <= u8::MAX as usize);

/// Which protocol computes the non-linear steps.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Backend {
    /// Garbled circuits.
    Gc,
    /// Oblivious transfer.
    Ot,
}

impl Backend {
    /// Every backend.
    pub const ALL: &'static [Self] = &[Self::Gc, Self::Ot];

    /// Every method of the backend.
    pub(crate) fn methods(self) -> &'static [Method] {
        match self {
            Self::Gc => &[Method::Gc],
            Self::Ot => &[Method::Ot(Comparison::Ripple), Method::Ot(Comparison::Tree)],
        }
    }

    /// How a greeting names it.
    pub(crate) fn byte(self) -> u8 {
        match self {
            Self::Gc => 1,
            Self::Ot => 2,
        }
    }

    pub(crate) fn from_byte(byte: u8) -> Option<Self> {
        Self::ALL.iter().copied().find(|backend| backend.byte() == byte)
    }
}

impl fmt::Display for Backend {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Gc => "gc",
            Self::Ot => "ot",
        })
    }
}

/// What the server lets the client learn.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reveal {
    /// The score of every class.
    Scores,
    /// The label of a segment and how sure it is, no more.
    Label,
    /// As [`Reveal::Label`], and when asked the label of several segments' scores summed.
    RecordLabel,
}

impl Reveal {
    const ALL: [Self; 3] = [Self::Scores, Self::Label, Self::RecordLabel];

    /// Whether labels are revealed and no scores.
    #[must_use]
    pub fn hides_scores(self) -> bool {
        self != Self::Scores
    }

    /// How an acceptance names it.
    pub(crate) fn byte(self) -> u8 {
        match self {
            Self::Scores => 1,
            Self::Label => 2,
            Self::RecordLabel => 3,
        }
    }

    pub(crate) fn from_byte(byte: u8) -> Option<Self> {
        Self::ALL.into_iter().find(|reveal| reveal.byte() == byte)
    }
}

impl fmt::Display for Reveal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Scores => "scores",
            Self::Label => "label",
            Self::RecordLabel => "record-label",
        })
    }
}

/// The shape of a comparison from oblivious transfer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Comparison {
    /// Least traffic.
    Ripple,
    /// Fewest round trips.
    Tree,
}

/// How one inference computes its non-linear steps.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Method {
    /// Garbled circuits.
    Gc,
    /// Oblivious transfer.
    Ot(Comparison),
}

impl Method {
    /// The backend that knows the method.
    pub(crate) fn backend(self) -> Backend {
        match self {
            Self::Gc => Backend::Gc,
            Self::Ot(_) => Backend::Ot,
        }
    }
}
