//! The width of prose: comments and documents keep to [`COLUMNS`] columns.
//!
//! Tables, code, headings and lines with a link may be longer, because they cannot be wrapped.

use std::fs;
use std::path::Path;

/// Most columns of a line of prose.
pub const COLUMNS: usize = 100;
/// Folders that hold nothing written by hand.
const SKIPPED: [&str; 5] = ["target", "corpus", "artifacts", "results", "venv"];

/// The lines of prose below `root` that are too long, each as file, line and columns.
///
/// # Errors
/// If a folder or file cannot be read; the text names it.
pub fn complaints(root: &Path) -> Result<Vec<String>, String> {
    let mut complaints = Vec::new();
    walk(root, &mut |path, text| {
        let prose = match path.extension().and_then(|end| end.to_str()) {
            Some("rs") => comment,
            Some("md") => |line: &str| Some(line.to_owned()),
            _ => return,
        };
        let path = path.strip_prefix(root).unwrap_or(path).display();
        complaints.extend(
            too_long(text, prose).map(|(line, columns)| format!("{path}:{line}: {columns} columns of prose")),
        );
    })?;
    Ok(complaints)
}

fn walk(folder: &Path, visit: &mut impl FnMut(&Path, &str)) -> Result<(), String> {
    let failed = |error| format!("{}: {error}", folder.display());
    for entry in fs::read_dir(folder).map_err(failed)? {
        let path = entry.map_err(failed)?.path();
        let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
        if path.is_dir() {
            if !name.starts_with('.') && !SKIPPED.contains(&name) {
                walk(&path, visit)?;
            }
        } else if name.ends_with(".rs") || name.ends_with(".md") {
            let text = fs::read_to_string(&path).map_err(|error| format!("{}: {error}", path.display()))?;
            visit(&path, &text);
        }
    }
    Ok(())
}

/// What a comment says, without its mark; `None` for code.
fn comment(line: &str) -> Option<String> {
    let line = line.trim_start().strip_prefix("//")?;
    Some(line.trim_start_matches(['/', '!']).trim_start().to_owned())
}

/// Numbers and columns of the lines of prose that are too long.
fn too_long(text: &str, prose: impl Fn(&str) -> Option<String>) -> impl Iterator<Item = (usize, usize)> {
    let mut code = false;
    text.lines().zip(1..).filter_map(move |(line, number)| {
        let said = prose(line)?;
        if said.starts_with("```") {
            code = !code;
        }
        let wraps = !code && !said.starts_with(['|', '#']) && !said.contains("](") && !said.contains("://");
        let columns = line.chars().count();
        (wraps && columns > COLUMNS).then_some((number, columns))
    })
}

#[cfg(test)]
mod tests {
    use super::{COLUMNS, comment, too_long};

    #[test]
    fn a_long_line_is_found_where_it_could_be_wrapped() {
        let long = "word ".repeat(COLUMNS / 5 + 1);
        let code = format!("let x = \"{long}\";\n    /// {long}\n//! | {long}\n");
        assert_eq!(too_long(&code, comment).map(|(line, _)| line).collect::<Vec<_>>(), [2]);
        let document = format!("{long}\n```\n{long}\n```\n| {long}\n[a](b) {long}\nshort\n- {long}");
        let lines = too_long(&document, |line| Some(line.to_owned())).map(|(line, _)| line);
        assert_eq!(lines.collect::<Vec<_>>(), [1, 8]);
    }
}
