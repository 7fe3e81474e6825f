//! The table and the figure of a run: where the time and the bytes of a classification go, layer by layer.
//!
//! | module | what |
//! |---|---|
//! | [`measure`] | sessions over loopback TCP and their books |
//! | [`accounts`] | the books as columns of the figure: layers 1 to 6, the head, what is shared |
//! | [`scaling`] | growth with windows, segments and sessions |
//! | [`machine`] | what it ran on |
//! | [`table`] | CSV, JSON and Markdown |
//! | [`figure`] | SVG |

pub mod accounts;
pub mod figure;
pub mod machine;
pub mod measure;
pub mod scaling;
pub mod table;

use std::fs;
use std::path::{Path, PathBuf};

use serde::Serialize;

use crate::Result;
use accounts::Account;
use machine::Machine;
use scaling::Scaling;

/// The figures that the work being followed was published with (Chervet et al., figure 2 and text): a laptop as client,
/// a workstation as server. Its figure has no numbers for single layers that could be quoted.
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

/// Writes `figure.svg`, `table.csv`, `table.json` and `table.md` into `directory`.
///
/// # Errors
/// If a file cannot be written.
pub fn write(report: &Report, directory: &Path) -> Result<Vec<PathBuf>> {
    fs::create_dir_all(directory)?;
    let files = [
        ("table.csv", table::csv(report)),
        ("table.json", table::json(report)?),
        ("table.md", table::markdown(report)),
        ("figure.svg", figure::svg(report)?),
    ];
    let mut paths = Vec::new();
    for (name, contents) in files {
        let path = directory.join(name);
        fs::write(&path, contents)?;
        paths.push(path);
    }
    Ok(paths)
}
