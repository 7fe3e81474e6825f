//! Everything that table and figure show.

use serde::Serialize;

use super::accounts::Account;
use super::machine::Machine;
use super::scaling::Scaling;

/// The figures that the work being followed was published with (Chervet et al., figure 2 and text):
/// a laptop as client, a workstation as server. Its figure has no numbers for single layers that
/// could be quoted.
#[derive(Clone, Copy, Debug, Serialize)]
pub struct Published {
    /// Seconds for one window.
    pub seconds_per_window: f64,
    /// Seconds for one classification.
    pub seconds_per_classification: f64,
}

/// About 7 s a window, about 175 s a classification.
pub const PUBLISHED: Published = Published { seconds_per_window: 7.0, seconds_per_classification: 175.0 };

/// Everything that table and figure show.
#[derive(Debug, Serialize)]
pub struct Report {
    /// What it ran on.
    pub machine: Machine,
    /// Windows of a classification.
    pub windows: usize,
    /// Sessions measured for each backend; the one of median time is shown.
    pub sessions: usize,
    /// What to compare with.
    pub published: Published,
    /// One for each backend.
    pub accounts: Vec<Account>,
    /// How cost grows.
    pub scaling: Scaling,
}
