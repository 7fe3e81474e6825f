//! Every target on its seeds and on changed copies of them: what a fuzzer does, for a moment and
//! without one.
#![expect(clippy::unwrap_used, reason = "the helpers of a test fail by panicking, as the test does")]

use std::fs;
use std::path::{Path, PathBuf};

use fuzz::TARGETS;
use rand::{Rng, RngExt, SeedableRng};
use rand_chacha::ChaCha20Rng;

/// Changed copies of each seed.
const COPIES: usize = 150;

fn folder(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(name)
}

fn entries(folder: &Path) -> Vec<PathBuf> {
    let mut entries: Vec<PathBuf> =
        fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    entries.sort();
    entries
}

/// A copy with bytes changed, cut off, inserted or repeated.
fn changed(seed: &[u8], rng: &mut ChaCha20Rng) -> Vec<u8> {
    let mut bytes = seed.to_vec();
    for _ in 0..rng.random_range(1..4) {
        let at = rng.random_range(0..=bytes.len());
        match rng.random_range(0..5) {
            0 => bytes.truncate(at),
            1 => bytes.insert(at, rng.next_u32() as u8),
            2 => drop(bytes.splice(at..at, seed[..at.min(seed.len())].iter().copied())),
            _ => {
                if let Some(byte) = bytes.get_mut(at) {
                    *byte ^= 1 << rng.random_range(0..8);
                }
            }
        }
    }
    bytes
}

#[test]
fn every_target_takes_its_seeds_and_changed_copies_of_them() {
    let mut rng = ChaCha20Rng::seed_from_u64(1);
    for target in TARGETS {
        (target.run)(&[]);
        let seeds = entries(&folder("seeds").join(target.name));
        assert!(!seeds.is_empty(), "{} has no seeds", target.name);
        for seed in seeds {
            let seed = fs::read(seed).unwrap();
            (target.run)(&seed);
            (0..COPIES).for_each(|_| (target.run)(&changed(&seed, &mut rng)));
        }
    }
}

#[test]
fn every_target_has_a_program_and_a_folder_of_seeds_and_no_other_has() {
    let names: Vec<&str> = TARGETS.iter().map(|target| target.name).collect();
    for of in ["seeds", "fuzz_targets"] {
        let files = entries(&folder(of));
        let files: Vec<&str> = files.iter().map(|file| file.file_stem().unwrap().to_str().unwrap()).collect();
        assert_eq!(files, names, "{of}");
    }
}
