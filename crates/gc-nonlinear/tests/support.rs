//! What the tests share: the plain reference, an ideal dealer of correlated OTs and both roles
//! played in one process.

use gc_nonlinear::{
    ActivationEvaluator, ActivationGarbler, HashRoot, ReceiverCots, SentCots, StepError, StepPlan,
};
use oblivious_transfer::bits::BitVec;
use oblivious_transfer::block::Block;
use oblivious_transfer::cot;
use oblivious_transfer::softspoken::{ReceiverSetup, SenderSetup};
use rand::RngExt;
use rand_chacha::ChaCha20Rng;
use shares::{Ring, StepShape};

/// Correlated OTs from nowhere.
pub(crate) fn deal(rng: &mut ChaCha20Rng, delta: Block, count: usize) -> (SentCots, ReceiverCots) {
    let choices = BitVec::random(count, rng);
    let (keys, received) = cot::deal(delta, choices, rng);
    (SentCots { delta, keys }, received)
}

/// The contract, on plain integers.
pub(crate) fn reference(shape: &StepShape, accumulators: &[i32]) -> Vec<u32> {
    let values: Vec<i32> = if shape.pool {
        accumulators.chunks_exact(2).map(|pair| pair[0].max(pair[1])).collect()
    } else {
        accumulators.to_vec()
    };
    let rounding = if shape.shift == 0 { 0 } else { 1_i64 << (shape.shift - 1) };
    let greatest = (1_i64 << shape.bits) - 1;
    values.iter().map(|m| ((i64::from(*m) + rounding) >> shape.shift).clamp(0, greatest) as u32).collect()
}

/// Random shares of some numbers.
pub(crate) fn share(rng: &mut ChaCha20Rng, ell: u32, values: &[i32]) -> (Vec<u32>, Vec<u32>) {
    let mask = Ring::new(ell).mask();
    values
        .iter()
        .map(|value| {
            let client = rng.random::<u32>() & mask;
            (client, (*value as u32).wrapping_sub(client) & mask)
        })
        .unzip()
}

/// The sum of shares mod 2^ell.
pub(crate) fn open(ell: u32, client: &[u32], server: &[u32]) -> Vec<u32> {
    assert_eq!(client.len(), server.len());
    client
        .iter()
        .zip(server)
        .map(|(client, server)| client.wrapping_add(*server) & Ring::new(ell).mask())
        .collect()
}

/// Random accumulators within the contract's bound, extremes and near-ties among them.
pub(crate) fn accumulators(rng: &mut ChaCha20Rng, shape: &StepShape, count: usize) -> Vec<i32> {
    let bound = 1_i32 << (shape.ell - 2);
    let edges = [0, 1, -1, bound - 1, 1 - bound, (1 << shape.shift) >> 1, ((1 << shape.shift) >> 1) - 1];
    let mut last = 0;
    (0..count)
        .map(|_| {
            let value: i32 = match rng.random_range(0..4) {
                0 => edges[rng.random_range(0..edges.len())],
                1 => last + rng.random_range(-1..=1),
                2 => rng.random_range(-bound..=bound) >> rng.random_range(0..shape.ell),
                _ => rng.random_range(-bound..=bound),
            };
            last = value.clamp(1 - bound, bound - 1);
            last
        })
        .collect()
}

/// Everything that travels in a step.
pub(crate) struct Transcript {
    pub(crate) input_corrections: Vec<u8>,
    pub(crate) chunks: Vec<Vec<u8>>,
    pub(crate) output_corrections: Vec<u8>,
}

/// Plays a step and returns both outputs and the messages.
pub(crate) fn play(
    plan: &StepPlan,
    hash_root: &HashRoot,
    shares: (&[u32], &[u32]),
    input: (SentCots, ReceiverCots),
    output: (SentCots, ReceiverCots),
) -> Result<(Vec<u32>, Vec<u32>, Transcript), StepError> {
    let (input_corrections, mut client) =
        ActivationEvaluator::prepare(plan, hash_root, 7, shares.0, input.1, output.0)?;
    let server = ActivationGarbler::prepare(plan, hash_root, 7, input.0, &input_corrections, output.1)?;
    let mut chunks = Vec::new();
    for chunk in 0..plan.chunks() {
        let message = server.garble_chunk(chunk, shares.1)?;
        assert_eq!(message.len(), plan.chunk_bytes(chunk));
        client.evaluate_chunk(&message)?;
        chunks.push(message);
    }
    let (y0, output_corrections) = client.finish()?;
    let y1 = server.finish(&output_corrections)?;
    assert_eq!(input_corrections.len(), plan.input_corrections_bytes());
    assert_eq!(output_corrections.len(), plan.output_corrections_bytes());
    Ok((y0, y1, Transcript { input_corrections, chunks, output_corrections }))
}

/// A correlation for garbling.
pub(crate) fn garbling_delta(rng: &mut ChaCha20Rng) -> Block {
    Block::random(rng).with_lsb(true)
}

/// Plays a step on dealt OTs.
pub(crate) fn play_dealt(
    plan: &StepPlan,
    rng: &mut ChaCha20Rng,
    client: &[u32],
    server: &[u32],
) -> Result<(Vec<u32>, Vec<u32>, Transcript), StepError> {
    let delta = garbling_delta(rng);
    let input = deal(rng, delta, plan.input_cots());
    let delta = Block::random(rng);
    let output = deal(rng, delta, plan.output_cots());
    play(plan, &HashRoot::new(&rng.random()), (client, server), input, output)
}

/// Correlated OTs from base OTs and SoftSpoken.
pub(crate) fn extend(rng: &mut ChaCha20Rng, delta: Block, count: usize) -> (SentCots, ReceiverCots) {
    let (receiver, message) = ReceiverSetup::start(b"test", rng);
    let (sender, message) = SenderSetup::start(b"test", delta, &message, rng).unwrap();
    let (mut receiver, message) = receiver.finish(&message, rng).unwrap();
    let mut sender = sender.finish(&message).unwrap();
    let (received, message) = receiver.extend_random(count);
    let keys = sender.extend_random(count, &message).unwrap();
    (SentCots { delta, keys }, received)
}
