//! The model file: round trip, and every way to damage it.

#![expect(clippy::unwrap_used, reason = "helpers of tests fail the test")]

use deepcardio::model::{FormatError, MAX_BYTES};
use deepcardio::testkit::{ModelSpec, random_model, random_small_model, with_random_levels};
use deepcardio::{DecodeError, Model};
use rand::SeedableRng;
use rand_chacha::ChaCha20Rng;

fn small() -> Vec<u8> {
    let mut rng = ChaCha20Rng::seed_from_u64(5);
    let model = random_model(&mut rng, &ModelSpec::small(2, 16, 2, 2));
    with_random_levels(&mut rng, &model).to_bytes()
}

/// A correct checksum over changed content: what only the value checks can catch.
fn reseal(mut bytes: Vec<u8>) -> Vec<u8> {
    bytes.truncate(bytes.len() - 32);
    let checksum = blake3::hash(&bytes);
    bytes.extend_from_slice(checksum.as_bytes());
    bytes
}

/// What is wrong with the bytes. A model has no `Debug`, so `unwrap_err` is not for it.
fn refused(bytes: &[u8]) -> FormatError {
    Model::from_bytes(bytes).err().unwrap()
}

#[test]
fn models_round_trip() {
    for seed in 0..30 {
        let mut rng = ChaCha20Rng::seed_from_u64(seed);
        let mut model = random_small_model(&mut rng);
        if seed % 2 == 1 {
            model = with_random_levels(&mut rng, &model);
        }
        let bytes = model.to_bytes();
        let again = Model::from_bytes(&bytes).unwrap();
        assert!(again == model);
        assert_eq!(again.to_bytes(), bytes);
    }
}

#[test]
fn every_flipped_bit_is_an_error() {
    let bytes = small();
    for position in 0..bytes.len() {
        for bit in 0..8 {
            let mut damaged = bytes.clone();
            damaged[position] ^= 1 << bit;
            let error = refused(&damaged);
            let expected = match position {
                0..8 => matches!(error, FormatError::BadMagic),
                8..12 => matches!(error, FormatError::Version { supported: 3, .. }),
                12..20 => matches!(
                    error,
                    FormatError::Decode(
                        DecodeError::Truncated
                            | DecodeError::TrailingBytes { .. }
                            | DecodeError::TooLarge { .. }
                    )
                ),
                _ => matches!(error, FormatError::Checksum),
            };
            assert!(expected, "byte {position} bit {bit}: {error}");
        }
    }
}

#[test]
fn an_older_file_is_refused_with_what_to_do() {
    for version in [1_u32, 2] {
        let mut bytes = small();
        bytes[8..12].copy_from_slice(&version.to_le_bytes());
        let error = refused(&reseal(bytes));
        assert!(matches!(error, FormatError::Version { found, supported: 3 } if found == version), "{error}");
        for command in ["`deepcardio convert`", "`deepcardio confidence`"] {
            assert!(error.to_string().contains(command), "{error}");
        }
    }
}

#[test]
fn an_architecture_of_another_version_is_refused() {
    let mut bytes = small();
    bytes[24..28].copy_from_slice(&1u32.to_le_bytes());
    let error = refused(&reseal(bytes));
    assert!(matches!(error, FormatError::Decode(DecodeError::Version { found: 1, supported: 2 })), "{error}");
}

#[test]
fn every_truncation_is_an_error() {
    let bytes = small();
    for cut in 0..bytes.len() {
        let error = refused(&bytes[..cut]);
        assert!(matches!(error, FormatError::Decode(DecodeError::Truncated)), "cut at {cut}: {error}");
    }
    let longer = [&bytes[..], &[0]].concat();
    assert!(matches!(refused(&longer), FormatError::Decode(DecodeError::TrailingBytes { extra: 1 })));
}

#[test]
fn absurd_sizes_are_errors() {
    let huge = vec![0; MAX_BYTES as usize + 1];
    assert!(matches!(refused(&huge), FormatError::Decode(DecodeError::TooLarge { .. })));
    let mut bytes = small();
    bytes[20..24].copy_from_slice(&u32::MAX.to_le_bytes());
    let error = refused(&reseal(bytes));
    assert!(
        matches!(error, FormatError::Decode(DecodeError::TooMany { what: "architecture bytes", .. })),
        "{error}"
    );
}

#[test]
fn resealed_damage_never_panics_and_never_gives_an_unsound_model() {
    let bytes = small();
    for position in 20..bytes.len() - 32 {
        for value in [0x00, 0x7f, 0x80, 0xff] {
            let mut damaged = bytes.clone();
            damaged[position] = value;
            // Most changes of a weight or constant give another valid model. All others must be
            // errors.
            if let Ok(model) = Model::from_bytes(&reseal(damaged)) {
                for (stage, bound) in model.architecture().stages().iter().zip(model.bounds()) {
                    assert!(bound.least_ell <= stage.ell);
                }
            }
        }
    }
}
