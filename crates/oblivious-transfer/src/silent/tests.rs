//! The correlation over several runs, choice statistics, positions, exact sizes and hostile
//! messages.

use std::collections::HashSet;

use rand::SeedableRng;
use rand_chacha::ChaCha20Rng;
use shares::Role;

use super::{
    ANSWER_BYTES, CHUNK_COTS, Checked, PART_BYTES, PART_CHUNKS, PART_COTS, PARTS, QUESTION_BYTES,
    SETUP_REPLY_BYTES, SETUP_REQUEST_BYTES, SilentExtension, SilentReplied, SilentRequested, choices_of,
    parts_for,
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

/// Both parties before they read each other's reply, and both replies.
pub(super) fn replied(seed: u64) -> ([SilentReplied; 2], [Vec<u8>; 2]) {
    let mut rng = ChaCha20Rng::seed_from_u64(seed);
    let delta = |rng: &mut _| Block::random(rng).with_lsb(true);
    let (mut a_sends, mut b_receives) = softspoken(delta(&mut rng), &mut rng);
    let (mut b_sends, mut a_receives) = softspoken(delta(&mut rng), &mut rng);
    let (a, from_a) = SilentRequested::start(b"silent test", Role::Client, &mut a_receives);
    let (b, from_b) = SilentRequested::start(b"silent test", Role::Server, &mut b_receives);
    assert_eq!([from_a.len(), from_b.len()], [SETUP_REQUEST_BYTES; 2]);
    let (a, reply_of_a) = a.reply(&mut a_sends, &from_b, &mut rng).unwrap();
    let (b, reply_of_b) = b.reply(&mut b_sends, &from_a, &mut rng).unwrap();
    assert_eq!([reply_of_a.len(), reply_of_b.len()], [SETUP_REPLY_BYTES; 2]);
    ([a, b], [reply_of_a, reply_of_b])
}

/// A pair of extensions that has not made anything yet.
pub(super) fn pair(seed: u64) -> [SilentExtension; 2] {
    let ([a, b], [reply_of_a, reply_of_b]) = replied(seed);
    [a.finish(&reply_of_b).unwrap(), b.finish(&reply_of_a).unwrap()]
}

/// Both parties check each other; what each comes to.
pub(super) fn check(pair: [SilentExtension; 2]) -> [Result<(SilentExtension, Checked), OtError>; 2] {
    let [(a, from_a), (b, from_b)] = pair.map(SilentExtension::check);
    assert_eq!([from_a.len(), from_b.len()], [QUESTION_BYTES; 2]);
    let ((a, from_a), (b, from_b)) = (a.answer(&from_b).unwrap(), b.answer(&from_a).unwrap());
    assert_eq!([from_a.len(), from_b.len()], [ANSWER_BYTES; 2]);
    [a.finish(&from_b), b.finish(&from_a)]
}

/// Both parties check each other and find nothing.
fn passed(pair: [SilentExtension; 2]) -> [SilentExtension; 2] {
    check(pair).map(|result| result.unwrap().0)
}

/// Both parties announce up to `most` parts; the messages of each.
pub(super) fn announce(pair: &mut [SilentExtension; 2], most: usize) -> [Vec<Vec<u8>>; 2] {
    pair.each_mut().map(|party| party.announce(most))
}

/// Keys and macs of a party.
pub(super) type Made = [Vec<Block>; 2];

/// Makes one announced part at `party` and checks the pieces' positions.
pub(super) fn made(party: &mut SilentExtension, message: &[u8], position: u64) -> Made {
    let pieces = party.extend(message, |place, keys, macs| (place, keys.to_vec(), macs.to_vec()));
    let pieces = pieces.unwrap().regardless();
    assert_eq!((pieces.len(), message.len()), (PART_CHUNKS, PART_BYTES));
    let mut all = Made::default();
    for ((place, keys, macs), expected) in pieces.into_iter().zip((position..).step_by(CHUNK_COTS)) {
        assert_eq!((place, keys.len(), macs.len()), (expected, CHUNK_COTS, CHUNK_COTS));
        all[0].extend(keys);
        all[1].extend(macs);
    }
    all
}

/// Checks every OT of one direction; returns the number of ones chosen.
pub(super) fn assert_correlated(delta: Block, keys: &[Block], macs: &[Block]) -> usize {
    assert_eq!((keys.len(), macs.len()), (PART_COTS, PART_COTS));
    for (mac, key) in macs.iter().zip(keys) {
        assert!(!key.lsb());
        assert_eq!(mac.value(), (*key ^ (Block::mask(mac.lsb()) & delta)).value());
    }
    macs.iter().filter(|mac| mac.lsb()).count()
}

/// Makes the next `count` parts on both sides, as many at a time as the runs allow, and checks
/// every OT of them.
fn checked_parts(pair: &mut [SilentExtension; 2], first: usize, count: usize) -> Vec<Made> {
    let deltas = pair.each_ref().map(|party| party.delta());
    let mut parts = Vec::new();
    while parts.len() < count {
        let [from_a, from_b] = announce(pair, count - parts.len());
        assert_eq!(from_a.len(), from_b.len());
        for (from_a, from_b) in from_a.iter().zip(&from_b) {
            let position = ((first + parts.len()) * PART_COTS) as u64;
            let a = made(&mut pair[0], from_b, position);
            let b = made(&mut pair[1], from_a, position);
            for ones in
                [assert_correlated(deltas[0], &a[0], &b[1]), assert_correlated(deltas[1], &b[0], &a[1])]
            {
                assert_balanced(ones, PART_COTS);
            }
            parts.push(a);
        }
    }
    parts
}

#[test]
fn two_full_runs_and_more_keep_the_correlation_and_fair_choices() {
    let mut pair = pair(12);
    assert_eq!(checked_parts(&mut pair, 0, 3).len(), 3);
    let mut pair = passed(pair);
    assert_eq!(checked_parts(&mut pair, 3, 2 * PARTS - 2).len(), 2 * PARTS - 2);
    // One check over parts of three runs.
    let mut pair = passed(pair);
    assert_eq!(checked_parts(&mut pair, 2 * PARTS + 1, 1).len(), 1);
    passed(pair);
}

/// The digest was made when the checks came.
#[test]
fn messages_and_outputs_are_those_known() {
    let mut pair = pair(21);
    let messages = announce(&mut pair, 1);
    let mut hasher = blake3::Hasher::new();
    for message in messages.iter().flatten() {
        hasher.update(message);
    }
    for (party, message) in pair.iter_mut().zip([&messages[1][0], &messages[0][0]]) {
        let pieces = party.extend(message, |_, keys, macs| [keys, macs].concat()).unwrap();
        for block in pieces.regardless().iter().flatten() {
            hasher.update(&block.to_bytes());
        }
    }
    let known = "3248c257f78dc667cdc1cb7a3c352e4d6f449d0aa236ce787598ac5b0e3599c8";
    assert_eq!(hasher.finalize().to_hex().as_str(), known);
}

#[test]
fn no_key_or_mac_stands_twice_within_or_across_runs() {
    let mut seen = HashSet::new();
    for (part, made) in checked_parts(&mut pair(13), 0, PARTS + 2).into_iter().enumerate() {
        // A sample that reaches the first and the second run.
        if !(2..PARTS).contains(&part) {
            let blocks = made.iter().flat_map(|blocks| blocks.iter().step_by(5));
            blocks.for_each(|block| assert!(seen.insert(block.value())));
        }
    }
}

#[test]
fn a_run_is_announced_to_its_end_and_no_further() {
    let mut pair = pair(14);
    let first = announce(&mut pair, 3);
    assert_eq!(first.each_ref().map(Vec::len), [3; 2]);
    let rest = announce(&mut pair, 2 * PARTS);
    assert_eq!(rest.each_ref().map(Vec::len), [PARTS - 3; 2]);
    assert_eq!(announce(&mut pair, 1).map(|messages| messages.len()), [0; 2]);
    let messages = [0, 1].map(|party| [first[party].as_slice(), &rest[party]].concat());
    assert_eq!(messages[0].iter().collect::<HashSet<_>>().len(), PARTS);
    for (from_a, from_b) in messages[0].iter().zip(&messages[1]) {
        let _ = pair[0].extend(from_b, |_, _, _| ()).unwrap();
        let _ = pair[1].extend(from_a, |_, _, _| ()).unwrap();
    }
    checked_parts(&mut pair, PARTS, 2);
}

#[test]
fn choice_bits_of_directions_sessions_and_neighbours_are_unrelated() {
    let choices = |seed| {
        let mut pair = pair(seed);
        let [from_a, from_b] = announce(&mut pair, 1);
        let bits = |macs: &[Block]| macs.iter().map(|mac| mac.lsb()).collect::<Vec<_>>();
        let [of_a, of_b] = [
            pair[0].extend(&from_b[0], |_, _, macs| bits(macs)),
            pair[1].extend(&from_a[0], |_, _, macs| bits(macs)),
        ];
        [of_a, of_b].map(|made| made.unwrap().regardless().concat())
    };
    let ([one, back], [other, _]) = (choices(15), choices(16));
    for other in [back, other] {
        assert_balanced(one.iter().zip(&other).filter(|(a, b)| a == b).count(), PART_COTS);
    }
    for lag in [1, 2, 3, CHUNK_COTS] {
        let same = one.iter().zip(&one[lag..]).filter(|(a, b)| a == b).count();
        assert_balanced(same, PART_COTS - lag);
    }
}

#[test]
fn hostile_or_misused_inputs_are_typed_errors() {
    let mut rng = ChaCha20Rng::seed_from_u64(17);
    let (mut sender, mut receiver) = softspoken(Block::new(2), &mut rng);
    let (setup, request) = SilentRequested::start(b"s", Role::Client, &mut receiver);
    assert!(matches!(setup.reply(&mut sender, &request, &mut rng), Err(OtError::EvenDelta)));

    let (mut sender, mut receiver) = softspoken(Block::ONE, &mut rng);
    let (setup, request) = SilentRequested::start(b"s", Role::Client, &mut receiver);
    assert!(matches!(setup.reply(&mut sender, &request[1..], &mut rng), Err(OtError::Length { .. })));
    let (mut sender, mut receiver) = softspoken(Block::ONE, &mut rng);
    let (setup, request) = SilentRequested::start(b"s", Role::Client, &mut receiver);
    let (replied, _) = setup.reply(&mut sender, &request, &mut rng).unwrap();
    assert!(matches!(replied.finish(&[0; SETUP_REPLY_BYTES + 1]), Err(OtError::Length { .. })));

    let mut pair = pair(18);
    assert!(matches!(pair[0].extend(&[0; PART_BYTES], |_, _, _| ()), Err(OtError::NotAnnounced)));
    let [from_a, from_b] = announce(&mut pair, 1);
    for length in [0, PART_BYTES - 1, PART_BYTES + 16] {
        assert!(matches!(pair[1].extend(&vec![0; length], |_, _, _| ()), Err(OtError::Length { .. })));
    }
    // The refused messages changed nothing.
    let delta = pair[0].delta();
    let (a, b) = (made(&mut pair[0], &from_b[0], 0), made(&mut pair[1], &from_a[0], 0));
    assert_correlated(delta, &a[0], &b[1]);
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
