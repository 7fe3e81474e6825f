//! The correlation for many sizes, repeated batches, exact message sizes, hostile messages, and
//! receivers that deviate: what they learn without the checks, and that the checks find them.

use rand::SeedableRng;
use rand_chacha::ChaCha20Rng;

use super::check::{Transcript, add_offsets};
use super::receiver::deviant::Deviation;
use super::{
    CotReceiver, CotSender, DIGIT_BITS, LEAVES, ReceiverSetup, STEP, SenderSetup, TASK_STEPS, TREES,
    TREES_MESSAGE_BYTES, random_bytes, vectors_bytes,
};
use crate::aes::{self, AesBackend, Kernel};
use crate::block::Block;
use crate::error::OtError;
use crate::hash::{Domain, Hasher, KeyDeriver, StreamHasher};
use crate::testkit::{assert_balanced, assert_cot};

fn pair(delta: Block, rng: &mut ChaCha20Rng) -> (CotSender, CotReceiver) {
    let (receiver, first) = ReceiverSetup::start(b"softspoken test", rng);
    let (sender, second) = SenderSetup::start(b"softspoken test", delta, &first, rng).unwrap();
    let (receiver, third) = receiver.finish(&second, rng).unwrap();
    (sender.finish(&third).unwrap(), receiver)
}

const COUNTS: [usize; 13] = [
    0,
    1,
    7,
    8,
    64,
    127,
    129,
    1000,
    STEP,
    STEP + 1,
    3 * STEP - 5,
    STEP * TASK_STEPS,
    2 * STEP * TASK_STEPS + 77,
];

#[test]
fn correlation_holds_for_every_size() {
    let mut rng = ChaCha20Rng::seed_from_u64(7);
    let delta = Block::random(&mut rng).with_lsb(true);
    let (mut sender, mut receiver) = pair(delta, &mut rng);
    assert_eq!(sender.delta(), delta);
    for count in COUNTS {
        let (cots, message) = receiver.extend_random(count);
        assert_eq!(message.len(), random_bytes(count));
        assert_cot(delta, &sender.extend_random(count, &message).unwrap(), &cots);
        assert_balanced(cots.choices.count_ones(), count);
    }
}

#[test]
fn batches_never_repeat_a_stream_position() {
    let mut rng = ChaCha20Rng::seed_from_u64(8);
    let delta = Block::random(&mut rng);
    let (mut sender, mut receiver) = pair(delta, &mut rng);
    let mut seen = std::collections::HashSet::new();
    for count in [1, 130, 5, 4000, 128] {
        let (_, message) = receiver.extend_random(count);
        for key in sender.extend_random(count, &message).unwrap().iter() {
            assert!(seen.insert(key.value()));
        }
    }
}

#[test]
fn extreme_correlations() {
    let mut rng = ChaCha20Rng::seed_from_u64(9);
    for delta in [Block::ZERO, Block::ONE, Block::new(u128::MAX), Block::new(1 << 127)] {
        let (mut sender, mut receiver) = pair(delta, &mut rng);
        let (cots, message) = receiver.extend_random(333);
        assert_cot(delta, &sender.extend_random(333, &message).unwrap(), &cots);
    }
}

#[test]
fn hostile_messages_are_typed_errors() {
    let mut rng = ChaCha20Rng::seed_from_u64(10);
    let (mut sender, mut receiver) = pair(Block::ONE, &mut rng);
    let (_, message) = receiver.extend_random(2051);
    assert!(matches!(sender.extend_random(2051, &message[1..]), Err(OtError::Length { .. })));
    assert!(matches!(sender.extend_random(2051 + 128, &message), Err(OtError::Length { .. })));

    let (setup, first) = ReceiverSetup::start(b"x", &mut rng);
    assert!(SenderSetup::start(b"x", Block::ONE, &first[..31], &mut rng).is_err());
    let (sender, second) = SenderSetup::start(b"x", Block::ONE, &first, &mut rng).unwrap();
    let (_, third) = setup.finish(&second, &mut rng).unwrap();
    assert!(matches!(sender.finish(&third[16..]), Err(OtError::Length { .. })));
    let (setup, _) = ReceiverSetup::start(b"x", &mut rng);
    assert!(matches!(setup.finish(&[0xff; 8192], &mut rng), Err(OtError::Point { .. })));
}

/// A message changed anywhere, vectors and proof alike.
#[test]
fn a_changed_batch_is_refused() {
    let mut rng = ChaCha20Rng::seed_from_u64(11);
    // No digit of the correlation is zero: with a zero digit, a change of its tree changes nothing.
    let (mut sender, mut receiver) = pair(Block::new(u128::MAX / 15 * 9), &mut rng);
    let length = random_bytes(700);
    for place in (0..length).step_by(97).chain(vectors_bytes(700)..length) {
        let (_, mut message) = receiver.extend_random(700);
        message[place] ^= 0x10;
        assert!(matches!(sender.extend_random(700, &message), Err(OtError::Inconsistent { .. })));
    }
    let (cots, message) = receiver.extend_random(700);
    assert_cot(sender.delta(), &sender.extend_random(700, &message).unwrap(), &cots);
}

#[test]
fn a_changed_tree_message_is_refused() {
    let mut rng = ChaCha20Rng::seed_from_u64(12);
    // Every place of the sums of tags and of the digest.
    for place in (TREES_MESSAGE_BYTES - 32 - 32 * TREES..TREES_MESSAGE_BYTES).step_by(29) {
        let (receiver, first) = ReceiverSetup::start(b"x", &mut rng);
        let (sender, second) = SenderSetup::start(b"x", Block::ONE, &first, &mut rng).unwrap();
        let (_, mut third) = receiver.finish(&second, &mut rng).unwrap();
        third[place] ^= 1;
        assert!(matches!(sender.finish(&third), Err(OtError::Inconsistent { .. })));
    }
}

/// What an OT's pad tells a receiver that knows the message under it: the digit for which its mac,
/// moved by it, gives the pad.
fn digit_told_by(pad: Block, mac: Block, tree: usize) -> usize {
    let moved = |digit: usize| mac ^ Block::new((digit as u128) << (DIGIT_BITS * tree));
    (0..LEAVES).find(|digit| Hasher::new(Block::ONE).hash(moved(*digit)) == pad).unwrap()
}

#[test]
fn a_receiver_with_two_choices_learns_delta_unless_it_is_checked() {
    let mut rng = ChaCha20Rng::seed_from_u64(13);
    let delta = Block::random(&mut rng);
    let (mut sender, mut receiver) = pair(delta, &mut rng);
    let deviations: Vec<_> = (1..TREES).map(|tree| Deviation { tree, ot: 60 * tree, guess: 0 }).collect();
    let (cots, message) = receiver.extend_deviating(2000, &deviations);
    let unchecked = sender.extend(2000, &message).unwrap();
    // The defence is off: the keys are used although the check would fail.
    let learnt = deviations.iter().fold(0, |learnt, Deviation { tree, ot, .. }| {
        let chosen = unchecked.keys[*ot] ^ (Block::mask(cots.choices.get(*ot)) & delta);
        let digit = digit_told_by(Hasher::new(Block::ONE).hash(chosen), cots.macs[*ot], *tree);
        learnt | (digit as u128) << (DIGIT_BITS * tree)
    });
    assert_eq!(learnt >> DIGIT_BITS, delta.value() >> DIGIT_BITS, "124 bits of 128");
    // The defence is on.
    assert!(matches!(unchecked.verify(), Err(OtError::Inconsistent { .. })));
}

/// The guess of one digit succeeds for one digit of sixteen, that of two for one pair of 256. Then
/// the OTs are right.
#[test]
fn a_receiver_that_guesses_is_found_as_often_as_it_is_wrong() {
    let mut rng = ChaCha20Rng::seed_from_u64(14);
    let guesses = [Deviation { tree: 5, ot: 3, guess: 9 }, Deviation { tree: 31, ot: 2100, guess: 4 }];
    for digit in 0..LEAVES as u128 {
        let delta = Block::new(digit << 20 | 4 << 124 | 1);
        let (mut sender, mut receiver) = pair(delta, &mut rng);
        for guesses in [&guesses[..1], &guesses] {
            let (cots, message) = receiver.extend_deviating(2500, guesses);
            match sender.extend_random(2500, &message) {
                Ok(keys) if digit == 9 => assert_cot(delta, &keys, &cots),
                result => assert!(digit != 9 && matches!(result, Err(OtError::Inconsistent { .. }))),
            }
        }
        // The second guess alone, which is wrong for none of these correlations, and another.
        let (_, message) = receiver.extend_deviating(2500, &guesses[1..]);
        assert!(sender.extend_random(2500, &message).is_ok());
        let (_, message) = receiver.extend_deviating(2500, &[Deviation { guess: 5, ..guesses[1] }]);
        assert!(sender.extend_random(2500, &message).is_err());
    }
}

/// Takes the offsets of a batch away again, or adds them.
struct Move<'a> {
    key: Block,
    blocks: &'a mut [Block],
}

impl Kernel for Move<'_> {
    type Output = ();

    #[inline(always)]
    fn run<A: AesBackend>(self, aes: A) {
        let [key] = aes.schedule(&[self.key]);
        add_offsets(aes, &key, 0, self.blocks);
    }
}

/// Two equal macs make the two pads equal that their receiver did not choose. So it learns the
/// difference of two values that it must not know.
#[test]
fn a_receiver_that_chooses_its_trees_finds_equal_pads_unless_macs_are_moved() {
    let mut rng = ChaCha20Rng::seed_from_u64(15);
    let (twins, delta) = ([17, 40], Block::random(&mut rng));
    let (receiver, first) = ReceiverSetup::start(b"twins", &mut rng);
    let (sender, second) = SenderSetup::start(b"twins", delta, &first, &mut rng).unwrap();
    let (mut receiver, third) = receiver.finish_with_twins(twins, &second, &mut rng);
    let mut sender = sender.finish(&third).unwrap();
    let (cots, message) = receiver.extend_random(64);
    assert_cot(delta, &sender.extend_random(64, &message).unwrap(), &cots);

    let deriver = KeyDeriver::new(b"twins");
    let not_chosen = |macs: &[Block]| {
        let mut pads: Vec<Block> = macs.iter().map(|mac| *mac ^ delta).collect();
        StreamHasher::new(&deriver, Domain::ClientReceives, 0).hash_at(0, &mut pads);
        twins.map(|twin| pads[twin])
    };
    let [one, other] = not_chosen(&cots.macs);
    assert_ne!(one, other);
    // The defence is off: the offsets, which are public, are taken away again.
    let challenge = Transcript::new(b"twins", &third).challenge(0, &message[..vectors_bytes(64)]);
    let mut still = cots.macs.to_vec();
    aes::dispatch(Move { key: challenge.offsets, blocks: &mut still });
    let [one, other] = not_chosen(&still);
    assert_eq!(one, other);
}
