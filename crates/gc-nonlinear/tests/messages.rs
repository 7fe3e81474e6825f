//! Hostile messages, misuse, and what the transcript shows.

use gc_nonlinear::{ActivationEvaluator, ActivationGarbler, CHUNK, HashRoot, SentCots, StepError, StepPlan};
use oblivious_transfer::block::Block;
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha20Rng;
use shares::StepShape;

use crate::support::{deal, garbling_delta, open, play, play_dealt, reference, share};

const SHAPE: StepShape = StepShape { count: CHUNK + 70, ell: 12, shift: 4, bits: 5, pool: true, out_ell: 13 };

/// Both roles of a fresh step on shares of zero, and the input corrections.
fn prepare(rng: &mut ChaCha20Rng) -> (StepPlan, ActivationEvaluator, ActivationGarbler) {
    let plan = StepPlan::new(SHAPE).unwrap();
    let hash_root = HashRoot::new(&rng.random());
    let delta = garbling_delta(rng);
    let input = deal(rng, delta, plan.input_cots());
    let output = deal(rng, Block::new(99), plan.output_cots());
    let shares = vec![0; plan.input_values()];
    let (corrections, client) =
        ActivationEvaluator::prepare(&plan, &hash_root, 3, &shares, input.1, output.0).unwrap();
    let server = ActivationGarbler::prepare(&plan, &hash_root, 3, input.0, &corrections, output.1).unwrap();
    (plan, client, server)
}

#[test]
fn wrong_lengths_of_messages_are_refused() {
    let mut rng = ChaCha20Rng::seed_from_u64(1);
    let (plan, mut client, server) = prepare(&mut rng);
    let shares = vec![0; plan.input_values()];
    let mut message = server.garble_chunk(0, &shares).unwrap();
    message.push(0);
    assert!(matches!(client.evaluate_chunk(&message), Err(StepError::Length { .. })));
    message.truncate(plan.chunk_bytes(0) - 1);
    assert!(matches!(client.evaluate_chunk(&message), Err(StepError::Length { .. })));
    assert!(matches!(client.evaluate_chunk(&[]), Err(StepError::Length { .. })));
    // A chunk in another's place has another length here; the last is shorter.
    let last = server.garble_chunk(1, &shares).unwrap();
    assert!(matches!(client.evaluate_chunk(&last), Err(StepError::Length { .. })));
    for length in [0, plan.output_corrections_bytes() - 1, plan.output_corrections_bytes() + 1] {
        let (plan, _, server) = prepare(&mut rng);
        (0..plan.chunks()).for_each(|chunk| drop(server.garble_chunk(chunk, &shares).unwrap()));
        assert!(matches!(server.finish(&vec![0; length]), Err(StepError::Length { .. })));
    }
}

#[test]
fn wrong_corrections_are_refused() {
    let mut rng = ChaCha20Rng::seed_from_u64(2);
    let plan = StepPlan::new(StepShape { count: 3, ..SHAPE }).unwrap();
    let hash_root = HashRoot::new(&[1; 32]);
    let delta = garbling_delta(&mut rng);
    let mut attempt = |corrections: &[u8]| {
        let input = deal(&mut rng, delta, plan.input_cots());
        let output = deal(&mut rng, delta, plan.output_cots());
        ActivationGarbler::prepare(&plan, &hash_root, 0, input.0, corrections, output.1).err()
    };
    let bytes = plan.input_corrections_bytes();
    assert_eq!(plan.input_cots() % 8, 1);
    assert_eq!(attempt(&vec![0; bytes]), None);
    assert!(matches!(attempt(&vec![0; bytes - 1]), Some(StepError::Length { .. })));
    assert!(matches!(attempt(&vec![0; bytes + 1]), Some(StepError::Length { .. })));
    assert!(matches!(attempt(&vec![255; bytes]), Some(StepError::Bits(_))));
}

#[test]
fn misuse_is_refused() {
    let mut rng = ChaCha20Rng::seed_from_u64(3);
    let (plan, mut client, server) = prepare(&mut rng);
    let shares = vec![0; plan.input_values()];
    assert_eq!(server.garble_chunk(2, &shares).err(), Some(StepError::NoChunk { chunk: 2 }));
    assert_eq!(
        server.garble_chunk(usize::MAX, &shares).err(),
        Some(StepError::NoChunk { chunk: usize::MAX })
    );
    assert!(matches!(server.garble_chunk(0, &shares[1..]), Err(StepError::Count { .. })));
    let message = server.garble_chunk(0, &shares).unwrap();
    assert_eq!(server.garble_chunk(0, &shares).err(), Some(StepError::Repeated { chunk: 0 }));
    client.evaluate_chunk(&message).unwrap();
    assert_eq!(client.finish().err(), Some(StepError::Unfinished { done: 1, chunks: 2 }));
    assert_eq!(server.finish(&[]).err(), Some(StepError::Unfinished { done: 1, chunks: 2 }));

    let (_, mut client, server) = prepare(&mut rng);
    for chunk in 0..2 {
        client.evaluate_chunk(&server.garble_chunk(chunk, &shares).unwrap()).unwrap();
    }
    assert_eq!(client.evaluate_chunk(&message).err(), Some(StepError::NoChunk { chunk: 2 }));
}

#[test]
fn wrong_lists_are_refused() {
    let mut rng = ChaCha20Rng::seed_from_u64(4);
    let plan = StepPlan::new(StepShape { count: 3, ..SHAPE }).unwrap();
    let hash_root = HashRoot::new(&[1; 32]);
    let delta = garbling_delta(&mut rng);
    for (shares, inputs, outputs) in [(1, 0, 0), (0, 1, 0), (0, 0, 1)] {
        let input = deal(&mut rng, delta, plan.input_cots() - inputs);
        let output = deal(&mut rng, delta, plan.output_cots() - outputs);
        let list = vec![0; plan.input_values() - shares];
        let refused = ActivationEvaluator::prepare(&plan, &hash_root, 0, &list, input.1, output.0).err();
        assert!(matches!(refused, Some(StepError::Count { .. })));
    }
    let corrections = vec![0; plan.input_corrections_bytes()];
    let (SentCots { .. }, output) = deal(&mut rng, delta, plan.output_cots());
    let (even, _) = deal(&mut rng, delta.with_lsb(false), plan.input_cots());
    let refused = ActivationGarbler::prepare(&plan, &hash_root, 0, even, &corrections, output).err();
    assert_eq!(refused, Some(StepError::Colour));
}

#[test]
fn shapes_outside_the_limits_are_refused() {
    let shape = StepShape { out_ell: 31, ..SHAPE };
    assert!(matches!(StepPlan::new(shape), Err(StepError::Shape(_))));
}

#[test]
fn flipped_bits_change_a_value_or_nothing() {
    let mut rng = ChaCha20Rng::seed_from_u64(5);
    for _ in 0..40 {
        let (plan, mut client, server) = prepare(&mut rng);
        let shares = vec![0; plan.input_values()];
        for chunk in 0..plan.chunks() {
            let mut message = server.garble_chunk(chunk, &shares).unwrap();
            let place = rng.random_range(0..plan.chunk_bytes(1) * 8);
            message[place / 8] ^= 1 << (place % 8);
            client.evaluate_chunk(&message).unwrap();
        }
        let (y0, corrections) = client.finish().unwrap();
        let y1 = server.finish(&corrections).unwrap();
        // A flipped choice correction spoils one output, a flipped table at most one; the others
        // stay 0.
        assert!(open(SHAPE.out_ell, &y0, &y1).iter().filter(|value| **value != 0).count() <= 2);
    }
}

#[test]
fn equal_inputs_give_other_messages_of_equal_size() {
    let mut rng = ChaCha20Rng::seed_from_u64(6);
    let plan = StepPlan::new(SHAPE).unwrap();
    let zeros = vec![0; plan.input_values()];
    let ones = vec![(1 << SHAPE.ell) - 1; plan.input_values()];
    let (_, _, first) = play_dealt(&plan, &mut rng, &zeros, &zeros).unwrap();
    let (_, _, second) = play_dealt(&plan, &mut rng, &zeros, &zeros).unwrap();
    let (_, _, other) = play_dealt(&plan, &mut rng, &zeros, &ones).unwrap();
    assert_ne!(first.input_corrections, second.input_corrections);
    assert_ne!(first.output_corrections, second.output_corrections);
    for ((first, second), other) in first.chunks.iter().zip(&second.chunks).zip(&other.chunks) {
        assert_eq!((first.len(), second.len()), (second.len(), other.len()));
        let blocks = |message: &Vec<u8>| -> std::collections::HashSet<[u8; 16]> {
            message[..plan.ciphertexts_per_output() * 16 * 70].as_chunks().0.iter().copied().collect()
        };
        assert_eq!(blocks(first).len(), plan.ciphertexts_per_output() * 70, "no ciphertext repeats");
        assert!(blocks(first).is_disjoint(&blocks(second)));
    }
}

#[test]
fn the_same_labels_in_another_step_or_session_give_other_tables() {
    let plan = StepPlan::new(StepShape { count: 64, ..SHAPE }).unwrap();
    let tables = |session_id: [u8; 32], step: u16| {
        let mut rng = ChaCha20Rng::seed_from_u64(7);
        let delta = garbling_delta(&mut rng);
        let input = deal(&mut rng, delta, plan.input_cots());
        let output = deal(&mut rng, delta, plan.output_cots());
        let corrections = vec![0; plan.input_corrections_bytes()];
        let hash_root = HashRoot::new(&session_id);
        ActivationGarbler::prepare(&plan, &hash_root, step, input.0, &corrections, output.1)
            .unwrap()
            .garble_chunk(0, &vec![0; plan.input_values()])
            .unwrap()
    };
    assert_eq!(tables([1; 32], 1), tables([1; 32], 1));
    assert_ne!(tables([1; 32], 1), tables([1; 32], 2));
    assert_ne!(tables([1; 32], 1), tables([2; 32], 1));
}

#[test]
fn output_shares_are_fresh() {
    let mut rng = ChaCha20Rng::seed_from_u64(8);
    let plan = StepPlan::new(SHAPE).unwrap();
    let zeros = vec![0; plan.input_values()];
    let (first, _, _) = play_dealt(&plan, &mut rng, &zeros, &zeros).unwrap();
    let (second, _, _) = play_dealt(&plan, &mut rng, &zeros, &zeros).unwrap();
    let equal = first.iter().zip(&second).filter(|(a, b)| a == b).count();
    // 2118 pairs of uniform 13-bit values: 0.26 are equal on average.
    assert!(equal < 10, "{equal} equal shares");
}

#[test]
fn softspoken_ots_in_both_directions() {
    let mut rng = ChaCha20Rng::seed_from_u64(9);
    let plan = StepPlan::new(SHAPE).unwrap();
    let delta = garbling_delta(&mut rng);
    let input = crate::support::extend(&mut rng, delta, plan.input_cots());
    let delta = garbling_delta(&mut rng);
    let output = crate::support::extend(&mut rng, delta, plan.output_cots());
    let acc = crate::support::accumulators(&mut rng, &SHAPE, plan.input_values());
    let (client, server) = share(&mut rng, SHAPE.ell, &acc);
    let hash_root = HashRoot::new(&[3; 32]);
    let (y0, y1, _) = play(&plan, &hash_root, (&client, &server), input, output).unwrap();
    assert_eq!(open(SHAPE.out_ell, &y0, &y1), reference(&SHAPE, &acc));
}

#[test]
fn chunks_are_garbled_in_any_order_and_at_once() {
    let mut rng = ChaCha20Rng::seed_from_u64(10);
    let (plan, mut client, server) = prepare(&mut rng);
    let shares = vec![0; plan.input_values()];
    let (first, second) = std::thread::scope(|scope| {
        let second = scope.spawn(|| server.garble_chunk(1, &shares).unwrap());
        (server.garble_chunk(0, &shares).unwrap(), second.join().unwrap())
    });
    client.evaluate_chunk(&first).unwrap();
    client.evaluate_chunk(&second).unwrap();
    let (y0, corrections) = client.finish().unwrap();
    let y1 = server.finish(&corrections).unwrap();
    assert_eq!(open(SHAPE.out_ell, &y0, &y1), vec![0; SHAPE.count]);
}
