//! Remarks on a file: what was not used, and what to know of what was.

use std::fmt;

/// A remark on a file that was read.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum Note {
    /// A column is not used.
    ColumnUnused(String),
}

impl fmt::Display for Note {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::ColumnUnused(name) => write!(f, "{name} is not used"),
        }
    }
}
