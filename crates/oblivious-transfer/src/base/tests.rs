//! Base OT: both roles, hostile messages, session separation.

use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha20Rng;

use super::{SENDER_MESSAGE_BYTES, Sender, receive, receiver_message_bytes};
use crate::error::OtError;

const COUNT: usize = 9;

fn choices(rng: &mut ChaCha20Rng) -> Vec<bool> {
    (0..COUNT).map(|_| rng.next_u32() & 1 == 1).collect()
}

#[test]
fn receiver_gets_its_choice_and_only_that() {
    let mut rng = ChaCha20Rng::seed_from_u64(3);
    let choices = choices(&mut rng);
    let (sender, first) = Sender::start(&mut rng);
    let (keys, second) = receive(b"s", &choices, &first, &mut rng).unwrap();
    assert_eq!((first.len(), second.len()), (SENDER_MESSAGE_BYTES, receiver_message_bytes(COUNT)));
    let pairs = sender.finish(b"s", COUNT, &second).unwrap();
    for ((pair, key), choice) in pairs.iter().zip(&keys).zip(choices) {
        assert_eq!(pair[usize::from(choice)], *key);
        assert_ne!(pair[usize::from(!choice)], *key);
    }
    let all: std::collections::HashSet<u128> = pairs.iter().flatten().map(|key| key.value()).collect();
    assert_eq!(all.len(), 2 * COUNT);
}

#[test]
fn another_session_gives_unrelated_keys() {
    let mut rng = ChaCha20Rng::seed_from_u64(4);
    let (sender, first) = Sender::start(&mut rng);
    let (keys, second) = receive(b"one", &[true; COUNT], &first, &mut rng).unwrap();
    let pairs = sender.finish(b"two", COUNT, &second).unwrap();
    assert!(pairs.iter().zip(&keys).all(|(pair, key)| pair[0] != *key && pair[1] != *key));
}

#[test]
fn hostile_messages_are_refused() {
    let mut rng = ChaCha20Rng::seed_from_u64(5);
    let (sender, first) = Sender::start(&mut rng);
    let (_, mut second) = receive(b"s", &[false; COUNT], &first, &mut rng).unwrap();
    for length in [0, 31, 33] {
        let result = receive(b"s", &[false; COUNT], &vec![0; length], &mut rng);
        assert!(matches!(result, Err(OtError::Length { expected: 32, .. })));
    }
    let result = receive(b"s", &[false; COUNT], &[0xff; 32], &mut rng);
    assert!(matches!(result, Err(OtError::Point { index: 0, .. })));
    let (spare, _) = Sender::start(&mut rng);
    assert!(matches!(spare.finish(b"s", COUNT, &second[1..]), Err(OtError::Length { .. })));
    second[32 * 5..][..32].fill(0xff);
    assert!(matches!(sender.finish(b"s", COUNT, &second), Err(OtError::Point { index: 5, .. })));
}
