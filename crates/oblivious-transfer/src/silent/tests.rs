//! The correlation over several runs, choice statistics, positions, exact sizes and hostile messages.

use std::collections::HashSet;

use rand::SeedableRng;
use rand_chacha::ChaCha20Rng;

use super::{
    CHUNK_COTS, PART_BYTES, PART_CHUNKS, PART_COTS, PARTS, SETUP_REPLY_BYTES, SETUP_REQUEST_BYTES,
    SilentReceiver, SilentReceiverSetup, SilentSender, choices_of, parts_for,
};
use crate::block::Block;
use crate::error::OtError;
use crate::softspoken::{CotReceiver, CotSender, ReceiverSetup, SenderSetup};
use crate::testkit::assert_balanced;

fn softspoken(delta: Block, rng: &mut ChaCha20Rng) -> (CotSender, CotReceiver) {
    let (receiver, first) = ReceiverSetup::start(b"silent test", rng);
    let (sender, second) = SenderSetup::start(b"silent test", delta, &first, rng).unwrap();
    let (receiver, third) = receiver.finish(&second, rng).unwrap();
    (sender.finish(&third).unwrap(), receiver)
}

fn pair(delta: Block, seed: u64) -> (SilentSender, SilentReceiver) {
    let mut rng = ChaCha20Rng::seed_from_u64(seed);
    let (mut sender, mut receiver) = softspoken(delta, &mut rng);
    let (setup, request) = SilentReceiverSetup::start(b"silent test", &mut receiver);
    assert_eq!(request.len(), SETUP_REQUEST_BYTES);
    let (sender, reply) = SilentSender::new(b"silent test", &mut sender, &request, &mut rng).unwrap();
    assert_eq!(reply.len(), SETUP_REPLY_BYTES);
    (sender, setup.finish(&reply).unwrap())
}

fn delta() -> Block {
    Block::random(&mut ChaCha20Rng::seed_from_u64(11)).with_lsb(true)
}

/// Runs one part on both sides and checks every OT of it; returns the keys and the number of ones chosen.
fn checked_part(sender: &mut SilentSender, receiver: &mut SilentReceiver) -> (Vec<Block>, usize) {
    let delta = sender.delta();
    let (keys, message) = sender.extend(|position, keys| (position, keys.to_vec()));
    assert_eq!((keys.len(), message.len()), (PART_CHUNKS, PART_BYTES));
    let ones = receiver
        .extend(&message, |position, macs| (position, macs.to_vec()))
        .unwrap()
        .into_iter()
        .zip(&keys)
        .map(|((place, macs), (position, keys))| {
            assert_eq!((place, macs.len(), keys.len()), (*position, CHUNK_COTS, CHUNK_COTS));
            for (mac, key) in macs.iter().zip(keys) {
                assert!(!key.lsb());
                assert_eq!(mac.value(), (*key ^ (Block::mask(mac.lsb()) & delta)).value());
            }
            macs.iter().filter(|mac| mac.lsb()).count()
        });
    let ones = ones.sum();
    (keys.into_iter().flat_map(|(_, keys)| keys).collect(), ones)
}

#[test]
fn two_full_runs_and_more_keep_the_correlation_and_fair_choices() {
    let (mut sender, mut receiver) = pair(delta(), 12);
    for _ in 0..2 * PARTS + 1 {
        let (keys, ones) = checked_part(&mut sender, &mut receiver);
        assert_eq!(keys.len(), PART_COTS);
        assert_balanced(ones, PART_COTS);
    }
}

#[test]
fn no_key_stands_twice_within_or_across_runs() {
    let (mut sender, mut receiver) = pair(delta(), 13);
    let mut seen = HashSet::new();
    for part in 0..PARTS + 2 {
        let (keys, _) = checked_part(&mut sender, &mut receiver);
        // A sample that reaches the first and the second run; the low words alone must not collide.
        if !(2..PARTS).contains(&part) {
            assert!(keys.iter().step_by(5).all(|key| seen.insert(key.value())));
        }
    }
}

#[test]
fn positions_count_on_without_gaps() {
    let (mut sender, _) = pair(delta(), 14);
    let mut expected = 0;
    for _ in 0..2 {
        for position in sender.extend(|position, _| position).0 {
            assert_eq!(position, expected);
            expected += CHUNK_COTS as u64;
        }
    }
    assert_eq!(expected, 2 * PART_COTS as u64);
}

#[test]
fn choice_bits_of_two_sessions_and_of_neighbours_are_unrelated() {
    let choices = |seed| {
        let (mut sender, mut receiver) = pair(delta(), seed);
        let (_, message) = sender.extend(|_, _| ());
        let bits = receiver
            .extend(&message, |_, macs| macs.iter().map(|mac| mac.lsb()).collect::<Vec<_>>())
            .unwrap();
        bits.concat()
    };
    let (one, other) = (choices(15), choices(16));
    assert_balanced(one.iter().zip(&other).filter(|(a, b)| a == b).count(), PART_COTS);
    for lag in [1, 2, 3, CHUNK_COTS] {
        let same = one.iter().zip(&one[lag..]).filter(|(a, b)| a == b).count();
        assert_balanced(same, PART_COTS - lag);
    }
}

#[test]
fn hostile_or_misused_inputs_are_typed_errors() {
    let mut rng = ChaCha20Rng::seed_from_u64(17);
    let (mut sender, mut receiver) = softspoken(Block::new(2), &mut rng);
    let (_, request) = SilentReceiverSetup::start(b"s", &mut receiver);
    assert!(matches!(SilentSender::new(b"s", &mut sender, &request, &mut rng), Err(OtError::EvenDelta)));

    let (mut sender, mut receiver) = softspoken(Block::ONE, &mut rng);
    let (setup, request) = SilentReceiverSetup::start(b"s", &mut receiver);
    let short = SilentSender::new(b"s", &mut sender, &request[1..], &mut rng);
    assert!(matches!(short, Err(OtError::Length { .. })));
    assert!(matches!(setup.finish(&[0; SETUP_REPLY_BYTES + 1]), Err(OtError::Length { .. })));

    let (mut sender, mut receiver) = pair(delta(), 18);
    for length in [0, PART_BYTES - 1, PART_BYTES + 16] {
        assert!(matches!(receiver.extend(&vec![0; length], |_, _| ()), Err(OtError::Length { .. })));
    }
    // The refused messages changed nothing.
    checked_part(&mut sender, &mut receiver);
}

#[test]
fn a_changed_message_breaks_the_correlation_but_nothing_else() {
    let (mut sender, mut receiver) = pair(delta(), 19);
    let (keys, mut message) = sender.extend(|_, keys| keys.to_vec());
    message[100] ^= 4;
    let macs = receiver.extend(&message, |_, macs| macs.to_vec()).unwrap();
    let wrong = macs
        .concat()
        .into_iter()
        .zip(keys.concat())
        .filter(|(mac, key)| *mac != *key ^ (Block::mask(mac.lsb()) & delta()));
    assert!(wrong.count() > 0);
}

#[test]
fn choices_are_the_lowest_bits() {
    let macs: Vec<Block> = (0..131).map(|i| Block::new(i * i % 7)).collect();
    assert!(choices_of(&macs).iter().eq(macs.iter().map(|mac| mac.lsb())));
}

#[test]
fn parts_are_rounded_up() {
    assert_eq!([0, 1, PART_COTS, PART_COTS + 1].map(parts_for), [0, 1, 1, 2]);
}
