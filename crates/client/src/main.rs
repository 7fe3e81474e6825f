//! `pp-client`: finds the rhythm of an ECG together with a server that never sees it.

use std::process::ExitCode;

use clap::{CommandFactory, Parser};
use client::cli::{Cli, Command};
use client::report;
use client::run::infer;
use client::settings::TEMPLATE;
use startup::{environment, log, output};
use tracing_subscriber::filter::LevelFilter;

/// The exit code of files whose reports, which are printed, say what there is to say.
const UNREADABLE: u8 = 7;

fn main() -> ExitCode {
    let arguments = match Cli::parse().command {
        Command::Infer(arguments) => arguments,
        Command::Config => {
            output::print(TEMPLATE);
            return ExitCode::SUCCESS;
        }
    };
    for name in environment::unknown(&Cli::command(), "PP_CLIENT_") {
        output::say(&format!("pp-client: {name} is set, and is no setting of this program"));
    }
    let _log = log::open(LevelFilter::ERROR, log::Format::Text);
    match infer(&arguments) {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            if arguments.json && failure.code() != UNREADABLE {
                output::print(&report::error(&failure));
            }
            output::say(&format!("pp-client: {failure}"));
            failure.exit_code()
        }
    }
}
