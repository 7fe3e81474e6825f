//! The `deepcardio` program: convert, inspect, classify and evaluate models in the clear.

mod cli;

use std::process::ExitCode;

fn main() -> ExitCode {
    cli::run()
}
