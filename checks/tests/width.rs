//! Comments and documents of this workspace keep to a hundred columns.

use std::path::Path;

#[test]
fn prose_keeps_to_a_hundred_columns() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let complaints = checks::width::complaints(&root).unwrap();
    assert!(complaints.is_empty(), "{}", complaints.join("\n"));
}
