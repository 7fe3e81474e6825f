//! Senders that do not follow the protocol: what they learn without the check, and that the check
//! finds them.

use shares::Role;

use super::{ANSWER_BYTES, QUESTION_BYTES, SilentExtension, main};
use crate::block::Block;
use crate::check::require_equal;
use crate::error::OtError;
use crate::silent::check::Ledger;
use crate::silent::tests::{announce, assert_correlated, check, made, pair, replied};
use crate::silent::{CHUNK_COTS, KEPT, MAIN, PART_TREES, SETUP_REPLY_BYTES};

/// Bytes of a tree's blocks in the message of a part.
const TREE_BYTES: usize = MAIN.depth * Block::BYTES;
const HALF: usize = MAIN.leaves() / 2;

/// Where the noise of a tree of the first part is.
fn place_of_noise(party: &SilentExtension, tree: usize) -> usize {
    let run = main(&party.endpoint, 1, &party.reserve);
    let path = run.path(tree);
    (0..MAIN.depth).filter(|level| !path[*level].mac.lsb()).map(|level| 1 << level).sum()
}

/// A wrong sum for the last level of a tree spoils the leaf of the noise and its neighbour. Which
/// these are shows in what fails later: ten of eleven bits of the place, for each tree of the part.
#[test]
fn a_sender_with_wrong_sums_learns_the_noise_unless_it_is_checked() {
    let mut pair = pair(19);
    let deltas = pair.each_ref().map(|party| party.delta());
    let places: Vec<usize> = (0..PART_TREES).map(|tree| place_of_noise(&pair[1], tree) % HALF).collect();
    let [mut from_a, from_b] = announce(&mut pair, 1);
    from_a[0].chunks_mut(TREE_BYTES).for_each(|tree| tree[TREE_BYTES - Block::BYTES] ^= 4);
    let (a, b) = (made(&mut pair[0], &from_b[0], 0), made(&mut pair[1], &from_a[0], 0));
    // The other direction is not touched.
    assert_correlated(deltas[1], &b[0], &a[1]);
    // The defence is off: the sender sees which of its OTs fail. The first leaves of a tree stay in
    // the reserve, so it looks at the second half.
    let fails = |ot: &usize| b[1][*ot] != a[0][*ot] ^ (Block::mask(b[1][*ot].lsb()) & deltas[0]);
    let learnt: Vec<usize> = (0..PART_TREES)
        .flat_map(|tree| (tree * CHUNK_COTS + HALF - KEPT..(tree + 1) * CHUNK_COTS).filter(fails))
        .map(|ot| ot % CHUNK_COTS + KEPT - HALF)
        .collect();
    assert_eq!(learnt, places, "1280 bits");
    // The defence is on.
    let [a, b] = check(pair);
    assert!(a.is_ok());
    assert!(matches!(b, Err(OtError::Inconsistent { .. })));
}

/// The sender of such a sum can answer for one pair of leaves of 1024. It passes if the noise is
/// there, and not if it is anywhere else.
#[test]
fn a_sender_that_guesses_is_found_as_often_as_it_is_wrong() {
    let mut pair = pair(22);
    let place = place_of_noise(&pair[1], 0);
    let [mut from_a, from_b] = announce(&mut pair, 1);
    let error = Block::new(0x50);
    from_a[0][TREE_BYTES - Block::BYTES] ^= 0x50;
    let hash = pair[1].endpoint.points.clone().next(Role::Client, &from_a[0]);
    // The point follows from what it sent.
    pair[0].announced[0].hash = hash.clone();
    let _ = pair[0].extend(&from_b[0], |_, _, _| ()).unwrap();
    let _ = pair[1].extend(&from_a[0], |_, _, _| ()).unwrap();
    let [a, b] = pair.map(SilentExtension::check);
    let (sent, delta) = (&a.0.0.unchecked, a.0.0.delta());
    let question = Block::new(u128::from_le_bytes(b.1.try_into().unwrap()));
    let expected = b.0.0.unchecked.expected();
    let passes = |guess: &usize| {
        // The guess spoils leaves `guess` and `guess` + HALF of the first of 128 trees.
        let mut leaves = vec![Block::ZERO; PART_TREES * MAIN.leaves()];
        (leaves[*guess], leaves[guess + HALF]) = (error, error);
        let spoilt = hash.extend(Block::ZERO, &leaves);
        let line = Ledger { sent: sent.sent ^ spoilt, ..Ledger::default() };
        require_equal("test", &line.answer(question, delta), &expected).is_ok()
    };
    let guesses = (0..HALF).step_by(64).chain([place % HALF]);
    assert_eq!(guesses.filter(passes).collect::<Vec<_>>(), [place % HALF]);
}

/// A wrong reply spoils later parts too. A sender that knew the point of a part before it sent its
/// reply could choose the reply's error so that both cancel in the check.
#[test]
fn the_point_of_a_part_depends_on_the_reply_before_it() {
    let point = |change: u8| {
        let ([a, b], [mut reply, reply_of_b]) = replied(25);
        let part = a.finish(&reply_of_b).unwrap().announce(1).swap_remove(0);
        reply[SETUP_REPLY_BYTES - 1] ^= change;
        b.finish(&reply).unwrap().endpoint.points.next(Role::Client, &part).point()
    };
    assert!(point(0) == point(0) && point(0) != point(1));
}

#[test]
fn wrong_questions_and_answers_are_refused() {
    let run = |seed: u64, change: &dyn Fn(&mut [Vec<u8>; 2])| {
        let mut pair = pair(seed);
        let [from_a, from_b] = announce(&mut pair, 1);
        let _ = pair[0].extend(&from_b[0], |_, _, _| ()).unwrap();
        let _ = pair[1].extend(&from_a[0], |_, _, _| ()).unwrap();
        let [(a, question_of_a), (b, _)] = pair.map(SilentExtension::check);
        let mut messages = [question_of_a, Vec::new()];
        change(&mut messages);
        let (_, answer) = b.answer(&messages[0]).unwrap();
        let (a, _) = a.answer(&[0; QUESTION_BYTES]).unwrap();
        messages[1] = answer;
        change(&mut messages);
        a.finish(&messages[1]).map(|_| ())
    };
    assert!(run(23, &|_| ()).is_ok());
    let question = |messages: &mut [Vec<u8>; 2]| messages[0][3] ^= 1;
    assert!(matches!(run(23, &question), Err(OtError::Inconsistent { .. })));
    for place in [0, 17, ANSWER_BYTES - 1] {
        let answer = |messages: &mut [Vec<u8>; 2]| {
            if let Some(byte) = messages[1].get_mut(place) {
                *byte ^= 0x80;
            }
        };
        assert!(matches!(run(23, &answer), Err(OtError::Inconsistent { .. })));
    }
    let short = |messages: &mut [Vec<u8>; 2]| messages[1].truncate(ANSWER_BYTES - 1);
    assert!(matches!(run(23, &short), Err(OtError::Length { .. })));
}

/// The leave of a check opens what was made before, and nothing that was made after.
#[test]
fn an_old_leave_opens_nothing_new() {
    let mut pair = pair(24);
    let extend = |pair: &mut [SilentExtension; 2]| {
        let [from_a, from_b] = announce(pair, 1);
        let _ = pair[1].extend(&from_a[0], |_, _, _| ()).unwrap();
        pair[0].extend(&from_b[0], |_, _, _| ()).unwrap()
    };
    let made = extend(&mut pair);
    let [(a, checked), (b, _)] = check(pair).map(Result::unwrap);
    assert!(made.accept(&checked).is_ok());
    let made = extend(&mut [a, b]);
    assert!(matches!(made.accept(&checked), Err(OtError::Unchecked)));
}
