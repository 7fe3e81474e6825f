//! The table and the figure of a run: where the time and the bytes of a classification go, layer by
//! layer.
//!
//! | module | what |
//! |---|---|
//! | [`measure`] | sessions over loopback TCP and their books |
//! | [`accounts`] | the books as columns of the figure: layers 1 to 6, the head, what is shared |
//! | [`scaling`] | growth with windows, segments and sessions |
//! | [`machine`] | what it ran on |
//! | [`table`] | CSV, JSON and Markdown |
//! | [`figure`] | SVG |
//! | `contents` | everything that table and figure show |

pub mod accounts;
mod contents;
pub mod figure;
pub mod machine;
pub mod measure;
pub mod scaling;
pub mod table;

use std::fs;
use std::path::{Path, PathBuf};

use crate::Result;
pub use contents::{PUBLISHED, Published, Report};

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
