//! The tests that the pages on security name: each must exist.
//!
//! A page names a test as `file.rs::name`, in backticks, with the file's path from the root of the
//! workspace or from `crates/`. A test is a function `name` right below an attribute that ends in
//! `test`, in the text of the file: so tests that a macro such as `proptest!` takes in count too.

use std::fs;
use std::path::{Path, PathBuf};

/// Between the file and the name of a test.
const SEPARATOR: &str = ".rs::";

/// A test that a page names.
#[derive(Debug, PartialEq, Eq)]
pub struct Claim {
    /// Line of the page, from 1.
    pub line: usize,
    /// Path of the file as it is written.
    pub file: String,
    /// Name of the test.
    pub test: String,
}

/// The tests that a page names, in order.
#[must_use]
pub fn claims(page: &str) -> Vec<Claim> {
    let quoted = |text: &str| text.split('`').skip(1).step_by(2).map(str::to_owned).collect::<Vec<_>>();
    let lines = page.lines().zip(1..);
    lines
        .flat_map(|(text, line)| quoted(text).into_iter().filter_map(move |quoted| claim(&quoted, line)))
        .collect()
}

fn claim(quoted: &str, line: usize) -> Option<Claim> {
    let (file, test) = quoted.split_once(SEPARATOR)?;
    Some(Claim { line, file: format!("{file}.rs"), test: test.into() })
}

/// Whether the text of a source file has a test of this name.
#[must_use]
pub fn has_test(source: &str, name: &str) -> bool {
    let head = format!("fn {name}(");
    let lines: Vec<&str> = source.lines().map(str::trim).collect();
    let is_head = |line: &str| line.trim_start_matches("async ").starts_with(&head);
    lines.iter().enumerate().filter(|(_, line)| is_head(line)).any(|(at, _)| is_marked(&lines[..at]))
}

/// Whether the attributes and comments that end `above` mark a test that runs.
fn is_marked(above: &[&str]) -> bool {
    let belongs = |line: &&&str| line.starts_with("#[") || line.starts_with("//");
    let attributes = above.iter().rev().take_while(belongs);
    let attributes: Vec<&str> = attributes.filter(|line| line.starts_with("#[")).copied().collect();
    let is_test = |line: &&str| {
        line.trim_start_matches("#[").split(['(', ']']).next().is_some_and(|path| path.ends_with("test"))
    };
    attributes.iter().any(is_test) && !attributes.iter().any(|line| line.starts_with("#[ignore"))
}

/// What is wrong with the claims of a page: a line for each test that is not there.
///
/// `read` gives the text of a file by its path from the root.
#[must_use]
pub fn broken(name: &str, page: &str, read: &dyn Fn(&Path) -> Option<String>) -> Vec<String> {
    let found = |claim: &Claim| {
        let places = [PathBuf::from(&claim.file), Path::new("crates").join(&claim.file)];
        places.iter().filter_map(|place| read(place)).any(|source| has_test(&source, &claim.test))
    };
    let broken = claims(page).into_iter().filter(|claim| !found(claim));
    broken
        .map(|Claim { line, file, test }| format!("{name}:{line}: there is no test {file}::{test}"))
        .collect()
}

/// The pages on security and their texts.
///
/// # Errors
/// When a page cannot be read; the text names it.
pub fn pages(root: &Path) -> Result<Vec<(String, String)>, String> {
    let folder = root.join("docs/security");
    let failed = |place: &Path, error: std::io::Error| format!("{}: {error}", place.display());
    let mut places = vec![root.join("SECURITY.md")];
    for entry in fs::read_dir(&folder).map_err(|error| failed(&folder, error))? {
        places.push(entry.map_err(|error| failed(&folder, error))?.path());
    }
    places.retain(|place| place.extension().is_some_and(|extension| extension == "md"));
    places.sort();
    let page = |place: PathBuf| {
        let text = fs::read_to_string(&place).map_err(|error| failed(&place, error))?;
        Ok((place.strip_prefix(root).unwrap_or(&place).display().to_string(), text))
    };
    places.into_iter().map(page).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const SOURCE: &str = "
        #[test]
        fn plain() {}
        /// What it is for.
        #[tokio::test(start_paused = true)]
        // Why so.
        async fn asynchronous() {}
        proptest! {
            #[test]
            fn within_a_macro(x in any::<u8>()) {}
        }
        #[test]
        #[ignore = \"slow\"]
        fn ignored() {}
        #[cfg(test)]
        fn helper() {}
        fn plain_too() {}
    ";

    #[test]
    fn tests_are_told_from_other_functions() {
        for name in ["plain", "asynchronous", "within_a_macro"] {
            assert!(has_test(SOURCE, name), "{name}");
        }
        for name in ["ignored", "helper", "plain_too", "plai", "lain", "absent"] {
            assert!(!has_test(SOURCE, name), "{name}");
        }
    }

    #[test]
    fn a_claim_without_its_test_is_named() {
        let page =
            "# Page\nTrue: `a/b.rs::plain`, `a/b.rs` alone, a path `x::y`.\n`a/b.rs::gone` `c.rs::plain`\n";
        let read = |path: &Path| (path == Path::new("crates/a/b.rs")).then(|| SOURCE.to_owned());
        assert_eq!(claims(page).len(), 3);
        let expected = ["p:3: there is no test a/b.rs::gone", "p:3: there is no test c.rs::plain"];
        assert_eq!(broken("p", page, &read), expected);
    }
}
