//! The `deepcardio` program.
fn main() {}
