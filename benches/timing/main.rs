//! Does the time of a primitive depend on weights or on a party's secret choices?
//!
//! ```text
//! TIMING_SECONDS=600 cargo run --release -p benches --example timing [part of a name]
//! ```
//! Each subject runs a million times, or for TIMING_SECONDS (600 unless set) if that is shorter.
//! Every run has one of two settings of the secret, drawn by chance (`benches::timing`). The
//! program fails if any |t| is 5 or more. It also fails if a planted branch on a secret stays
//! below: then the clock sees nothing here, and the other figures mean nothing.
//!
//! All runs on one thread. Run it on a machine that does nothing else.
//!
//! | module | subjects |
//! |---|---|
//! | `controls` | planted dependences, which must be found |
//! | `residues` | the ring, packing of residues, the hash |
//! | `transfers` | base OT, SoftSpoken, a tree of the silent extension |
//! | `steps` | the steps from oblivious transfer |
//! | `cells` | a cell of the LSTM with its unit vectors |
//! | `garbling` | garbling and evaluating, of activations and of the label |
//! | `linear` | the homomorphic layer, and the server's plain product |
//! | `sessions` | a whole session, under two extreme models and ECGs |

mod cells;
mod controls;
mod garbling;
mod linear;
mod residues;
mod sessions;
mod steps;
mod transfers;

use std::process::ExitCode;
use std::time::Duration;

use benches::Result;
use benches::timing::measure::Subject;
use benches::timing::statistics::Verdict;

/// A |t| from which a dependence counts as found.
const FOUND: f64 = 5.0;
/// Seconds of a subject unless TIMING_SECONDS says otherwise.
const SECONDS: f64 = 600.0;

fn main() -> ExitCode {
    match run() {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            eprintln!("{error}");
            ExitCode::FAILURE
        }
    }
}

/// Whether nothing was found but what was planted.
fn run() -> Result<bool> {
    let seconds = match std::env::var("TIMING_SECONDS") {
        Ok(text) => text.parse().map_err(|_| format!("TIMING_SECONDS: `{text}` is no number"))?,
        Err(_) => SECONDS,
    };
    let time = Duration::try_from_secs_f64(seconds)?;
    let filter = std::env::args().nth(1).unwrap_or_default();
    // Inside the pool, so that what runs in parallel elsewhere runs on this one thread, and no
    // thread has to be woken.
    let pool = rayon::ThreadPoolBuilder::new().num_threads(1).build()?;
    pool.install(|| all(time, &filter))
}

/// A family of subjects, made when their turn comes.
type Family = fn() -> Result<Vec<Subject>>;

fn all(time: Duration, filter: &str) -> Result<bool> {
    println!("at most {} s a subject; |t| below {FOUND} is asked for\n", time.as_secs_f64());
    println!(
        "{:<36} {:<34} {:>9} {:>12} {:>9} {:>9} {:>11} {:>6}",
        "subject", "classes", "runs", "median ns", "t of all", "worst t", "difference", "kept"
    );
    let mut good = true;
    for mut subject in controls::subjects()? {
        let verdict = subject.measure(time.min(Duration::from_secs(20)))?;
        if !print(&subject, &verdict) {
            println!("^ planted, and not found: the clock sees nothing here");
            good = false;
        }
    }
    println!();
    let families: [Family; 7] = [
        residues::subjects,
        transfers::subjects,
        steps::subjects,
        cells::subjects,
        garbling::subjects,
        linear::subjects,
        sessions::subjects,
    ];
    for family in families {
        for mut subject in family()? {
            if subject.name.contains(filter) {
                let verdict = subject.measure(time)?;
                if print(&subject, &verdict) {
                    println!("^ FOUND a dependence");
                    good = false;
                }
            }
        }
    }
    Ok(good)
}

/// Prints a line; returns whether a dependence was found.
fn print(subject: &Subject, verdict: &Verdict) -> bool {
    let Verdict { count, median, whole, greatest, difference, kept } = verdict;
    println!(
        "{:<36} {:<34} {count:>9} {median:>12} {whole:>9.2} {greatest:>9.2} {difference:>8.1} ns {:>4.0} %",
        subject.name,
        subject.classes,
        kept * 100.0
    );
    greatest.abs() >= FOUND
}
