//! Command line: one file per command. Results go to standard output, errors to standard error.

mod check;
mod classify;
mod confidence;
mod convert;
mod damage;
mod eval;
mod inspect;
mod judgement;
mod labelled;
mod metrics;
mod outcome;
mod records;
mod selection;
mod table;

use std::io::Write;
use std::process::ExitCode;

use clap::{Parser, Subcommand};

/// DeepCardio in the clear: convert, measure, inspect, classify, evaluate. Not a medical device.
#[derive(Parser)]
#[command(name = "deepcardio", version, about)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    Convert(convert::Arguments),
    Confidence(confidence::Arguments),
    Inspect(inspect::Arguments),
    Classify(classify::Arguments),
    Eval(eval::Arguments),
    Check(check::Arguments),
    Damage(damage::Arguments),
}

/// Parses the command line and runs the command.
pub(crate) fn run() -> ExitCode {
    let outcome = match Arguments::parse().command {
        Command::Convert(arguments) => convert::run(&arguments),
        Command::Confidence(arguments) => confidence::run(&arguments),
        Command::Inspect(arguments) => inspect::run(&arguments),
        Command::Classify(arguments) => classify::run(&arguments),
        Command::Eval(arguments) => eval::run(&arguments),
        Command::Check(arguments) => check::run(&arguments),
        Command::Damage(arguments) => damage::run(&arguments),
    };
    let written = outcome.and_then(|text| Ok(std::io::stdout().write_all(text.as_bytes())?));
    match written {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::FAILURE
        }
    }
}
