//! Trees at both parties, and receivers whose trees are none.

use rand::SeedableRng;
use rand_chacha::ChaCha20Rng;

use super::{
    DIGIT_BITS, LEAVES, Rebuilt, SUMS, TREES, Tags, base_choices, grow, path_bit, rebuild, reorder, sum,
};
use crate::block::{Block, write_blocks};
use crate::error::OtError;

const SESSION: &[u8] = b"tree test";

/// A receiver's honest trees, and the base OTs for any correlation.
struct Receiver {
    base: Vec<[Block; 2]>,
    leaves: Vec<[Block; LEAVES]>,
    message: Vec<u8>,
}

impl Receiver {
    fn new(seed: u64) -> Self {
        let mut rng = ChaCha20Rng::seed_from_u64(seed);
        let roots: Vec<Block> = (0..TREES).map(|_| Block::random(&mut rng)).collect();
        let base: Vec<[Block; 2]> =
            (0..TREES * DIGIT_BITS).map(|_| [Block::random(&mut rng), Block::random(&mut rng)]).collect();
        let (leaves, message) = grow(SESSION, &roots, &base);
        Self { base, leaves: leaves.to_vec(), message }
    }

    /// The base keys that the sender with `delta` chooses.
    fn chosen(&self, delta: Block) -> Vec<Block> {
        self.base.iter().zip(base_choices(delta)).map(|(pair, choice)| pair[usize::from(choice)]).collect()
    }

    /// What a sender without the check makes of `message`.
    fn unchecked(&self, delta: Block, message: &[u8]) -> Vec<[Block; LEAVES]> {
        Rebuilt::new(SESSION, delta, &self.chosen(delta), message).unwrap().leaves.to_vec()
    }

    /// Makes a message with wrong sums pass for the sender with `delta`.
    fn commit(&self, delta: Block, message: &mut [u8], tree: usize) {
        let mut tags = Tags::new(SESSION).of(&self.unchecked(delta, message).into())[tree];
        let digit = digit(delta, tree);
        tags[0] = Tags::new(SESSION).tag(tree, self.leaves[tree][digit]);
        let mut all = Vec::new();
        write_blocks(&sum(&tags), &mut all);
        message[SUMS * Block::BYTES + tree * all.len()..][..all.len()].copy_from_slice(&all);
        let digest = Rebuilt::new(SESSION, delta, &self.chosen(delta), message).unwrap().computed;
        let end = message.len() - digest.len();
        message[end..].copy_from_slice(&digest);
    }
}

fn digit(delta: Block, tree: usize) -> usize {
    (delta.value() >> (DIGIT_BITS * tree)) as usize % LEAVES
}

/// Adds something to the sum over one side of one level of a tree.
fn spoil(message: &mut [u8], tree: usize, level: usize, side: bool) {
    message[((tree * DIGIT_BITS + level) * 2 + usize::from(side)) * Block::BYTES] ^= 0x40;
}

/// The digits of one tree for which the sender takes `message`.
fn accepted(receiver: &Receiver, message: &[u8], tree: usize) -> Vec<usize> {
    let takes = |digit: &usize| {
        let delta = Block::new((*digit as u128) << (DIGIT_BITS * tree));
        match rebuild(SESSION, delta, &receiver.chosen(delta), message) {
            Ok(_) => true,
            Err(error) => {
                assert!(matches!(error, OtError::Inconsistent { .. }));
                false
            }
        }
    };
    (0..LEAVES).filter(takes).collect()
}

#[test]
fn all_leaves_but_the_digit_of_delta_agree() {
    let receiver = Receiver::new(6);
    let delta = Block::random(&mut ChaCha20Rng::seed_from_u64(7));
    let punctured = rebuild(SESSION, delta, &receiver.chosen(delta), &receiver.message).unwrap();
    for tree in 0..TREES {
        let digit = digit(delta, tree);
        for leaf in 0..LEAVES {
            let known = punctured[tree][leaf ^ digit];
            assert_eq!(known, if leaf == digit { Block::ZERO } else { receiver.leaves[tree][leaf] });
        }
    }
}

/// A wrong sum over one side of a level spoils the leaves of a sender that opens this side, and of
/// no other. So without the check each sum tells a bit of Delta: whether what the leaves serve
/// fails. With the check a sender for whom it would fail refuses all.
#[test]
fn a_wrong_sum_tells_a_bit_of_delta_unless_trees_are_checked() {
    let receiver = Receiver::new(8);
    let delta = Block::random(&mut ChaCha20Rng::seed_from_u64(9));
    let honest = receiver.unchecked(delta, &receiver.message);
    let mut learnt = 0;
    for tree in 0..TREES {
        for level in 0..DIGIT_BITS {
            let mut message = receiver.message.clone();
            spoil(&mut message, tree, level, false);
            let fails = receiver.unchecked(delta, &message) != honest;
            learnt |= u128::from(fails) << (DIGIT_BITS * tree + DIGIT_BITS - 1 - level);
            let checked = rebuild(SESSION, delta, &receiver.chosen(delta), &message);
            assert_eq!(checked.is_err(), fails);
            assert_eq!(path_bit(delta, tree, level), fails);
        }
    }
    assert_eq!(learnt, delta.value(), "all 128 bits without the check");
}

/// Whatever a receiver commits to, it is taken for the digits that give the leaves committed to.
#[test]
fn a_receiver_that_guesses_is_taken_at_its_guess_alone() {
    let receiver = Receiver::new(10);
    let all: Vec<usize> = (0..LEAVES).collect();
    assert_eq!(accepted(&receiver, &receiver.message, 3), all);
    // One wrong sum of the first level: the half of the digits that does not open it. Or a
    // commitment to what one digit of the other half makes of it.
    let mut half = receiver.message.clone();
    spoil(&mut half, 3, 0, false);
    assert_eq!(accepted(&receiver, &half, 3), all[..8]);
    receiver.commit(Block::new(13 << 12), &mut half, 3);
    assert_eq!(accepted(&receiver, &half, 3), [13]);
    // All sums that digit 6 opens.
    let (guess, mut one) = (Block::new(6 << 12), receiver.message.clone());
    for level in 0..DIGIT_BITS {
        spoil(&mut one, 3, level, !path_bit(guess, 3, level));
    }
    receiver.commit(guess, &mut one, 3);
    assert_eq!(accepted(&receiver, &one, 3), [6]);
}

#[test]
fn tags_come_back_in_order() {
    let delta = Block::new(0xb << 8);
    let mut tags = core::array::from_fn(|place| [Block::new((place ^ 0xb) as u128); 2]);
    reorder(&mut tags, delta, 2);
    assert!(tags.iter().enumerate().all(|(place, tag)| *tag == [Block::new(place as u128); 2]));
}
