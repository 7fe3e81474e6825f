//! Every test that SECURITY.md or a page of docs/security names exists, and the pages name many.

use std::fs;
use std::path::Path;

use checks::claims;

#[test]
fn the_tests_that_pages_name_exist() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let read = |path: &Path| fs::read_to_string(root.join(path)).ok();
    let pages = claims::pages(&root).unwrap();
    let broken: Vec<String> =
        pages.iter().flat_map(|(name, page)| claims::broken(name, page, &read)).collect();
    assert!(broken.is_empty(), "{}", broken.join("\n"));
    let named: usize = pages.iter().map(|(_, page)| claims::claims(page).len()).sum();
    assert!(named >= 50, "{named} tests named");
}
