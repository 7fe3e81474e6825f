//! The correlation for many sizes, repeated batches, exact message sizes and hostile messages.

use rand::SeedableRng;
use rand_chacha::ChaCha20Rng;

use super::{
    CotReceiver, CotSender, ReceiverSetup, STEP, SenderSetup, TASK_STEPS, chosen_bytes, random_bytes,
};
use crate::bits::BitVec;
use crate::block::Block;
use crate::error::OtError;
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
fn correlation_holds_for_every_size_and_both_kinds_of_choices() {
    let mut rng = ChaCha20Rng::seed_from_u64(7);
    let delta = Block::random(&mut rng).with_lsb(true);
    let (mut sender, mut receiver) = pair(delta, &mut rng);
    assert_eq!(sender.delta(), delta);
    for count in COUNTS {
        let (cots, message) = receiver.extend_random(count);
        assert_eq!(message.len(), random_bytes(count));
        assert_cot(delta, &sender.extend_random(count, &message).unwrap(), &cots);
        assert_balanced(cots.choices.count_ones(), count);

        let choices = BitVec::random(count, &mut rng);
        let (cots, message) = receiver.extend_chosen(&choices);
        assert_eq!(message.len(), chosen_bytes(count));
        assert_eq!(cots.choices, choices);
        assert_cot(delta, &sender.extend_chosen(count, &message).unwrap(), &cots);
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
    let (_, mut message) = receiver.extend_random(2051);
    assert!(matches!(sender.extend_random(2051, &message[1..]), Err(OtError::Length { .. })));
    assert!(matches!(sender.extend_random(2050 + 8, &message), Err(OtError::Length { .. })));
    assert!(matches!(sender.extend_chosen(2051, &message), Err(OtError::Length { .. })));
    *message.last_mut().unwrap() |= 0x80;
    assert!(matches!(sender.extend_random(2051, &message), Err(OtError::Padding { .. })));

    let (setup, first) = ReceiverSetup::start(b"x", &mut rng);
    assert!(SenderSetup::start(b"x", Block::ONE, &first[..31], &mut rng).is_err());
    let (sender, second) = SenderSetup::start(b"x", Block::ONE, &first, &mut rng).unwrap();
    let (_, third) = setup.finish(&second, &mut rng).unwrap();
    assert!(matches!(sender.finish(&third[16..]), Err(OtError::Length { .. })));
    let (setup, _) = ReceiverSetup::start(b"x", &mut rng);
    assert!(matches!(setup.finish(&[0xff; 8192], &mut rng), Err(OtError::Point { .. })));
}
