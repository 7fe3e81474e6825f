//! Prints every import circle and every arrow from a lower to a higher layer; fails when there is
//! one.

use std::path::Path;
use std::process::ExitCode;

fn main() -> ExitCode {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let complaints = checks::report::complaints(&root).unwrap_or_else(|error| vec![error]);
    for complaint in &complaints {
        println!("{complaint}");
    }
    println!("{} complaints about layers and circles", complaints.len());
    if complaints.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}
