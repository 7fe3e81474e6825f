//! Equal labels in two instances give Delta away.
//!
//! Instances of a batch share hash keys. With equal labels on a wire their ciphertexts differ by
//! Delta where the server's bits differ, and Delta opens every later step of the session. So the
//! macs of the input OTs must be distinct, whatever the client does.

use gc_nonlinear::{ActivationGarbler, HashRoot, ReceiverCots, SentCots, StepPlan};
use oblivious_transfer::block::Block;
use rand::SeedableRng;
use rand_chacha::ChaCha20Rng;
use shares::StepShape;

use crate::support::{deal, garbling_delta};

const SHAPE: StepShape = StepShape { count: 64, ell: 8, shift: 0, bits: 4, pool: false, out_ell: 8 };
/// Two instances whose shares differ in the lowest bit at the server.
const PAIR: [usize; 2] = [3, 40];

/// What two ciphertexts of the first gate add up to, where the server's bits differ.
fn sum_of_ciphertexts(plan: &StepPlan, sent: SentCots, received: &ReceiverCots) -> Block {
    let mut rng = ChaCha20Rng::seed_from_u64(4);
    // The client inputs zeros: a correction is its choice.
    let corrections = received.choices.to_bytes();
    let (_, outputs) = deal(&mut rng, Block::ONE, plan.output_cots());
    let hash_root = HashRoot::new(&[1; 32]);
    let server = ActivationGarbler::prepare(plan, &hash_root, 0, sent, &corrections, outputs).unwrap();
    let mut shares = vec![0; SHAPE.count];
    shares[PAIR[0]] = 1;
    let message = server.garble_chunk(0, &shares).unwrap();
    let [first, second] = PAIR.map(|place| Block::from_bytes(message.as_chunks().0[place]));
    first ^ second
}

fn delta() -> Block {
    garbling_delta(&mut ChaCha20Rng::seed_from_u64(1))
}

#[test]
fn equal_labels_in_two_instances_give_delta() {
    let plan = StepPlan::new(SHAPE).unwrap();
    let (mut sent, mut received) = deal(&mut ChaCha20Rng::seed_from_u64(2), delta(), plan.input_cots());
    assert_ne!(sum_of_ciphertexts(&plan, dealt_again(&sent), &received), delta());
    received.macs[PAIR[1]] = received.macs[PAIR[0]];
    let choice = Block::mask(received.choices.get(PAIR[1])) & delta();
    sent.keys[PAIR[1]] = received.macs[PAIR[1]] ^ choice;
    assert_eq!(sum_of_ciphertexts(&plan, sent, &received), delta());
}

fn dealt_again(sent: &SentCots) -> SentCots {
    SentCots { delta: sent.delta, keys: sent.keys.clone() }
}
