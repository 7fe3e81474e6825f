//! The `deepcardio` program: convert, measure, inspect, classify and evaluate models in the clear.

mod cli;

use std::process::ExitCode;

fn main() -> ExitCode {
    cli::run()
}
