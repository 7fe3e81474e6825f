//! `pp-client`: finds the rhythm of an ECG together with a server that never sees it.

use std::process::ExitCode;

use clap::Parser;
use client::cli::{Cli, Command};
use client::run::infer;
use client::settings::TEMPLATE;
use tracing_subscriber::EnvFilter;

fn main() -> ExitCode {
    let arguments = match Cli::parse().command {
        Command::Infer(arguments) => arguments,
        Command::Config => {
            print!("{TEMPLATE}");
            return ExitCode::SUCCESS;
        }
    };
    let filter = EnvFilter::try_from_default_env().unwrap_or_else(|_| EnvFilter::new("error"));
    tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr).init();
    match infer(&arguments) {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            eprintln!("pp-client: {failure}");
            failure.exit_code()
        }
    }
}
