//! This workspace has no import circle and no arrow from a lower to a higher layer.

use std::path::Path;

#[test]
fn no_circles_and_no_upward_arrows() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let complaints = checks::report::complaints(&root).unwrap();
    assert!(complaints.is_empty(), "{}", complaints.join("\n"));
}
