//! The extraction of all weights from offline messages by plaintexts finer than Delta.
//!
//! Without the mask of `full_circle` the server answers with a phase of W m - Delta s and noise,
//! for whatever plaintext m it was sent. If m is Delta / 2^j at one position and 0 elsewhere, a
//! weight w moves a result's phase by w Delta / 2^j. The multiple Delta s does not hide that modulo
//! Delta, so it gives bit j - 1 of w once the bits below are known: eight messages a weight, and
//! one message serves as many input channels as there is room for impulses whose taps do not
//! overlap.

use rand_chacha::ChaCha20Rng;
use rand_chacha::rand_core::{Rng, SeedableRng};

use super::chance::range;
use super::deviant::{Deviant, PHASE_BITS};
use crate::full_circle::FullCircle;
use crate::params::MODULUS;
use crate::{Conv1dShape, LinearPlan, WeightHolder};

/// The six convolutions of the shipped models, 218,280 weights, with fewer windows.
const CONVOLUTIONS: [(Conv1dShape, u32); 6] = [
    (Conv1dShape { batch: 1, in_channels: 1, out_channels: 8, length: 512, kernel: 5 }, 18),
    (Conv1dShape { batch: 1, in_channels: 8, out_channels: 16, length: 256, kernel: 5 }, 20),
    (Conv1dShape { batch: 1, in_channels: 16, out_channels: 32, length: 128, kernel: 5 }, 20),
    (Conv1dShape { batch: 3, in_channels: 32, out_channels: 64, length: 64, kernel: 5 }, 21),
    (Conv1dShape { batch: 11, in_channels: 64, out_channels: 128, length: 32, kernel: 5 }, 22),
    (Conv1dShape { batch: 25, in_channels: 128, out_channels: 256, length: 16, kernel: 5 }, 24),
];

/// Where the impulse of an input channel stands.
struct Impulse {
    channel: usize,
    item: usize,
    position: usize,
}

/// Impulses for all input channels, those of one message together. An impulse has the middle of
/// `kernel` positions to itself.
fn impulses(shape: &Conv1dShape) -> Vec<Vec<Impulse>> {
    let per_item = shape.length / shape.kernel;
    let place = |channel: usize| {
        let slot = channel % (per_item * shape.batch);
        let position = slot % per_item * shape.kernel + shape.padding();
        Impulse { channel, item: slot / per_item, position }
    };
    let channels: Vec<usize> = (0..shape.in_channels).collect();
    channels.chunks(per_item * shape.batch).map(|part| part.iter().map(|&c| place(c)).collect()).collect()
}

/// What an attack found.
#[derive(Default)]
struct Outcome {
    weights: usize,
    /// Weights recovered in all eight bits.
    recovered: usize,
    /// Bits of weights guessed right, of eight a weight.
    bits: usize,
    messages: usize,
}

/// Bit by bit, from the lowest: the phase less what the known bits make of it shows the next.
fn extract(
    (shape, ell): (Conv1dShape, u32),
    client: &Deviant,
    circle: FullCircle,
    rng: &mut ChaCha20Rng,
) -> Outcome {
    let plan = LinearPlan::new(shape, ell).unwrap();
    let weights: Vec<i8> = (0..shape.weight_len()).map(|_| rng.next_u32() as i8).collect();
    let server = WeightHolder::prepare(&plan, &weights).unwrap();
    let key = client.key();
    let mut known = vec![0u64; weights.len()];
    let (mut messages, mut bits) = (0, 0);
    for j in 1..=8u32 {
        for part in impulses(&shape) {
            let mut input = vec![0; shape.input_len()];
            for Impulse { channel, item, position } in &part {
                input[(item * shape.in_channels + channel) * shape.length + position] = MODULUS >> (ell + j);
            }
            let request = client.encrypt(&plan, |element| input[element], rng);
            assert_eq!(request.len(), plan.input_bytes());
            let s: Vec<u32> = (0..shape.output_len()).map(|_| rng.next_u32() >> (32 - ell)).collect();
            let response = server.answer(&key, &request, &s, circle, rng).unwrap();
            messages += 1;
            let phases = client.phases(&plan, &response);
            for (index, phase) in weights_seen(&shape, &part) {
                // Modulo Delta the phase is (known + 2^(j-1) bit) Delta / 2^j.
                let rest = phases[phase].wrapping_sub((known[index] << PHASE_BITS) >> j);
                let half = 1 << (PHASE_BITS - 1);
                let bit = (half / 2..half / 2 + half).contains(&(rest & ((1 << PHASE_BITS) - 1)));
                known[index] |= u64::from(bit) << (j - 1);
                bits += usize::from(bit == (weights[index] >> (j - 1) & 1 == 1));
            }
        }
    }
    let recovered = known.iter().zip(&weights).filter(|(k, w)| **k as u8 == **w as u8).count();
    Outcome { weights: weights.len(), recovered, bits, messages }
}

/// (index of a weight, index of the result that shows it) for the impulses of one message.
fn weights_seen(shape: &Conv1dShape, part: &[Impulse]) -> Vec<(usize, usize)> {
    let mut seen = Vec::new();
    for Impulse { channel, item, position } in part {
        for out in 0..shape.out_channels {
            for tap in 0..shape.kernel {
                let result = (item * shape.out_channels + out) * shape.length;
                let weight = (out * shape.in_channels + channel) * shape.kernel + tap;
                seen.push((weight, result + position + shape.padding() - tap));
            }
        }
    }
    seen
}

/// The whole attack on all layers, with a client of an ordinary key.
fn extract_all(circle: fn(u32) -> FullCircle) -> Outcome {
    let mut rng = ChaCha20Rng::seed_from_u64(12);
    let mut all = Outcome::default();
    for (shape, ell) in CONVOLUTIONS {
        let client = Deviant::honest_key(&mut rng);
        let outcome = extract((shape, ell), &client, circle(ell), &mut rng);
        all.weights += outcome.weights;
        all.recovered += outcome.recovered;
        all.bits += outcome.bits;
        all.messages += outcome.messages;
    }
    all
}

/// Without the weights' help a guessed bit is right with probability 1/2 and a guessed weight with
/// 1/256.
fn assert_chance(outcome: &Outcome) {
    let (weights, bits) = (range(outcome.weights, 1.0 / 256.0), range(8 * outcome.weights, 0.5));
    let Outcome { recovered, bits: right, .. } = outcome;
    println!("{recovered} weights, {right} bits; by chance {weights:?} and {bits:?}");
    assert!(weights.contains(recovered), "{recovered} weights recovered, {weights:?} by chance");
    assert!(bits.contains(right), "{right} bits right, {bits:?} by chance");
}

#[test]
fn without_the_mask_fine_plaintexts_recover_every_weight() {
    let all = extract_all(FullCircle::switched_off);
    println!("{} of {} weights from {} messages", all.recovered, all.weights, all.messages);
    assert_eq!((all.weights, all.recovered), (218_280, 218_280));
}

#[test]
fn with_the_mask_fine_plaintexts_do_no_better_than_chance() {
    let all = extract_all(FullCircle::new);
    assert_eq!(all.weights, 218_280);
    assert_chance(&all);
}

/// With the secret key 0 and b_pk = 0 the client need not even decrypt.
#[test]
fn with_the_zero_key_the_same() {
    let mut rng = ChaCha20Rng::seed_from_u64(13);
    let (shape, ell) = CONVOLUTIONS[3];
    let client = Deviant::zero_secret(|_, _| 0, &mut rng);
    let control = extract((shape, ell), &client, FullCircle::switched_off(ell), &mut rng);
    assert_eq!(control.recovered, control.weights);
    assert_chance(&extract((shape, ell), &client, FullCircle::new(ell), &mut rng));
}
