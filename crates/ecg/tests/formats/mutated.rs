//! Changed copies of every file: right, or an error, or a change that is reported.
//!
//! The oracle is the reading of the file as it was. A changed copy may be refused. If it is read
//! and all that is understood of it is the same, then no more samples differ than one change
//! touches.
//! `ECG_MUTATIONS` sets how many copies of each file are read (`just mutations`: 10,000).

use ecg::Reading;
use rand_chacha::ChaCha20Rng;
use rand_chacha::rand_core::{Rng, SeedableRng};

use crate::own::{Own, documents, tables, written};

/// Copies of each file without the variable.
const COPIES: usize = 300;
/// Samples that one change of a file touches at most: a pair of 12 bits.
const TOUCHED: usize = 2;

fn below(rng: &mut ChaCha20Rng, limit: usize) -> usize {
    (rng.next_u64() % limit.max(1) as u64) as usize
}

/// One change: a bit, a byte, some bytes less, more or twice, the rest cut off, a line twice.
fn change(bytes: &mut Vec<u8>, rng: &mut ChaCha20Rng) {
    let at = below(rng, bytes.len());
    let length = 1 + below(rng, 8);
    let end = (at + length).min(bytes.len());
    match below(rng, 8) {
        0 => bytes[at] ^= 1 << below(rng, 8),
        1 => bytes[at] = rng.next_u32() as u8,
        2 => bytes[at] = b"0123456789.,;\n -e#\"'"[below(rng, 20)],
        3 => drop(bytes.drain(at..end)),
        4 => bytes.insert(at, rng.next_u32() as u8),
        5 => {
            let copy = bytes[at..end].to_vec();
            drop(bytes.splice(at..at, copy));
        }
        6 => bytes.truncate(at),
        _ => {
            let copy: Vec<u8> = bytes[at..].iter().copied().take_while(|byte| *byte != b'\n').collect();
            drop(bytes.splice(at..at, copy));
        }
    }
}

/// Whether a reading of a changed copy is right or says what has changed.
fn is_honest(before: &Reading, after: &Reading) -> bool {
    if before.understood != after.understood {
        return true;
    }
    let (old, new) = (before.recording.millivolts(), after.recording.millivolts());
    let differ = |(old, new): &(&f64, &f64)| (*old - *new).abs() > 1e-9;
    old.len() == new.len() && old.iter().zip(new).filter(differ).count() <= TOUCHED
}

/// Whether the sums of two signals, in steps, agree modulo 2^16. That is all that a WFDB header
/// knows of its samples: in format 8 a changed difference moves every later sample, and this sum
/// may not show it. Of the other formats no such change is known.
fn has_same_checksum(before: &Reading, after: &Reading) -> bool {
    let (old, new) = (before.recording.millivolts(), after.recording.millivolts());
    let steps: f64 = old.iter().zip(new).map(|(old, new)| (old - new) / 0.005).sum();
    let moved = steps.round();
    moved != 0.0 && moved % 65_536.0 == 0.0
}

#[test]
fn changed_files_are_right_or_refused_or_say_so() {
    let copies = std::env::var("ECG_MUTATIONS").ok().and_then(|copies| copies.parse().ok()).unwrap_or(COPIES);
    let mut rng = ChaCha20Rng::seed_from_u64(11);
    for file in tables().into_iter().chain(documents()).chain(written()) {
        let before = file.read().unwrap();
        let (mut refused, mut said) = (0, 0);
        for copy in 0..copies {
            let mut changed: Own = file.clone();
            match &mut changed.beside {
                Some(signals) if copy % 2 == 0 => change(signals, &mut rng),
                _ => change(&mut changed.bytes, &mut rng),
            }
            match changed.read() {
                Err(error) => {
                    refused += 1;
                    assert!(!format!("{error}").contains("Jane"), "{}: {error}", file.name);
                }
                Ok(after) => {
                    said += usize::from(before.understood != after.understood);
                    let collides = file.name == "w8.hea" && has_same_checksum(&before, &after);
                    if !is_honest(&before, &after) && !collides {
                        let name = std::env::temp_dir().join(format!("ecg-mutated-{}", file.name));
                        std::fs::write(&name, &changed.bytes).unwrap();
                        panic!(
                            "{}, copy {copy}: silently another signal, kept as {}",
                            file.name,
                            name.display()
                        );
                    }
                }
            }
        }
        println!("{}: of {copies} changed copies {refused} refused, {said} said, the rest right", file.name);
        assert!(refused + said > 0, "the changes of {} do nothing", file.name);
    }
}
