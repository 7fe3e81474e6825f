//! Writes a synthetic single-lead ECG as CSV, to try the programs and test them without anyone's
//! recording.
//!
//! ```text
//! cargo run -p ecg --example synthesise_ecg -- --rhythm af --seconds 30 --rate 300 --seed 1 > af.csv
//! ```

use std::io::{self, BufWriter, Write};
use std::process::ExitCode;

mod synthesis;

use synthesis::{Rhythm, synthesise};

const USAGE: &str =
    "usage: synthesise_ecg --rhythm normal|af|noise --seconds 1..86400 --rate 50..4000 --seed N";

struct Options {
    rhythm: Rhythm,
    seconds: f64,
    rate_hz: f64,
    seed: u64,
}

fn main() -> ExitCode {
    let options = match parse(std::env::args().skip(1)) {
        Ok(options) => options,
        Err(problem) => {
            eprintln!("{problem}\n{USAGE}");
            return ExitCode::from(2);
        }
    };
    match write(&options) {
        Ok(()) => ExitCode::SUCCESS,
        // Whoever reads the output may stop early.
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("cannot write: {error}");
            ExitCode::FAILURE
        }
    }
}

fn write(options: &Options) -> io::Result<()> {
    let ecg = synthesise(options.rhythm, options.seconds, options.rate_hz, options.seed);
    let mut out = BufWriter::new(io::stdout().lock());
    writeln!(out, "time_s,ecg_mv")?;
    for (index, value) in ecg.millivolts.iter().enumerate() {
        writeln!(out, "{:.4},{value:.4}", index as f64 / options.rate_hz)?;
    }
    out.flush()
}

fn parse(mut arguments: impl Iterator<Item = String>) -> Result<Options, String> {
    let mut options = Options { rhythm: Rhythm::Normal, seconds: 30.0, rate_hz: 300.0, seed: 1 };
    while let Some(flag) = arguments.next() {
        let value = arguments.next().ok_or_else(|| format!("{flag} needs a value"))?;
        match flag.as_str() {
            "--rhythm" => options.rhythm = value.parse()?,
            "--seconds" => options.seconds = number(&flag, &value, 1.0, 86_400.0)?,
            "--rate" => options.rate_hz = number(&flag, &value, 50.0, 4000.0)?,
            "--seed" => options.seed = value.parse().map_err(|_| format!("{flag} is not a whole number"))?,
            _ => return Err(format!("unknown flag {flag}")),
        }
    }
    Ok(options)
}

fn number(flag: &str, value: &str, least: f64, greatest: f64) -> Result<f64, String> {
    match value.parse() {
        Ok(number) if (least..=greatest).contains(&number) => Ok(number),
        _ => Err(format!("{flag} is not a number from {least} to {greatest}")),
    }
}
