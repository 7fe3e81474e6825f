//! The extraction of all weights from offline messages by plaintexts finer than Delta.
//!
//! The server answers with a phase of W m - Delta s and noise, for whatever plaintext m it was sent. If m is Delta / 2^j at
//! one position and 0 elsewhere, a weight w moves a result's phase by w Delta / 2^j. The multiple Delta s does
//! not hide that modulo Delta, so it gives bit j - 1 of w once the bits below are known: eight messages a weight,
//! and one message serves as many input channels as there is room for impulses whose taps do not overlap.

use rand_chacha::ChaCha20Rng;
use rand_chacha::rand_core::{Rng, SeedableRng};

use super::deviant::{Deviant, PHASE_BITS};
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

/// Impulses for all input channels, those of one message together. An impulse has the middle of `kernel`
/// positions to itself.
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
struct Outcome {
    weights: usize,
    /// Weights recovered in all eight bits.
    recovered: usize,
    messages: usize,
}

/// Bit by bit, from the lowest: the phase less what the known bits make of it shows the next.
fn extract((shape, ell): (Conv1dShape, u32), rng: &mut ChaCha20Rng) -> Outcome {
    let plan = LinearPlan::new(shape, ell).unwrap();
    let weights: Vec<i8> = (0..shape.weight_len()).map(|_| rng.next_u32() as i8).collect();
    let server = WeightHolder::prepare(&plan, &weights).unwrap();
    let client = Deviant::new(rng);
    let key = client.key();
    let mut known = vec![0u64; weights.len()];
    let mut messages = 0;
    for j in 1..=8u32 {
        for part in impulses(&shape) {
            let mut input = vec![0; shape.input_len()];
            for Impulse { channel, item, position } in &part {
                input[(item * shape.in_channels + channel) * shape.length + position] = MODULUS >> (ell + j);
            }
            let request = client.encrypt(&plan, |element| input[element], rng);
            assert_eq!(request.len(), plan.input_bytes());
            let s: Vec<u32> = (0..shape.output_len()).map(|_| rng.next_u32() >> (32 - ell)).collect();
            let response = server.apply(&key, &request, &s, rng).unwrap();
            messages += 1;
            let phases = client.phases(&plan, &response);
            for Impulse { channel, item, position } in part {
                for out in 0..shape.out_channels {
                    for tap in 0..shape.kernel {
                        let t = position + shape.padding() - tap;
                        let phase = phases[(item * shape.out_channels + out) * shape.length + t];
                        let known = &mut known[(out * shape.in_channels + channel) * shape.kernel + tap];
                        // Modulo Delta the phase is (known + 2^(j-1) bit) Delta / 2^j.
                        let rest = phase.wrapping_sub((*known << PHASE_BITS) >> j) & ((1 << PHASE_BITS) - 1);
                        let half = 1 << (PHASE_BITS - 1);
                        let bit = u64::from((half / 2..half / 2 + half).contains(&rest));
                        *known |= bit << (j - 1);
                    }
                }
            }
        }
    }
    let recovered = known.iter().zip(&weights).filter(|(k, w)| **k as u8 == **w as u8).count();
    Outcome { weights: weights.len(), recovered, messages }
}

#[test]
fn fine_plaintexts_recover_every_weight() {
    let mut rng = ChaCha20Rng::seed_from_u64(12);
    let (mut weights, mut recovered, mut messages) = (0, 0, 0);
    for layer in CONVOLUTIONS {
        let outcome = extract(layer, &mut rng);
        weights += outcome.weights;
        recovered += outcome.recovered;
        messages += outcome.messages;
    }
    println!("{recovered} of {weights} weights from {messages} messages");
    assert_eq!((weights, recovered), (218_280, 218_280));
}
