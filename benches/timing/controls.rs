//! Planted dependences, which the test must find.

use std::hint::black_box;

use benches::Result;
use benches::timing::measure::Subject;
use oblivious_transfer::block::Block;
use oblivious_transfer::hash::Hasher;

/// Weights of the planted product.
const TERMS: usize = 256;

/// One branch on a secret bit, and one product that passes over zero weights.
pub(crate) fn subjects() -> Result<Vec<Subject>> {
    Ok(vec![branch(), skipping()])
}

/// Hashes 64 blocks, and one more if the secret bit is 1.
fn branch() -> Subject {
    Subject::new(
        ["PLANTED: one hash more for a 1", "secret bit 0 / 1"],
        Hasher::new(Block::new(1)),
        |_, class| Ok((class.choose(&[0_u32, 1]), vec![Block::ONE; 64])),
        |hasher, (secret, mut blocks)| {
            hasher.hash_in_place(&mut blocks);
            if black_box(secret) == 1 {
                black_box(hasher.hash(blocks[0]));
            }
            Ok(blocks)
        },
    )
}

/// A product that skips what adds nothing.
fn skipping() -> Subject {
    Subject::new(
        ["PLANTED: zero weights are skipped", "weights 0 / greatest"],
        [vec![0_i32; TERMS], vec![15; TERMS]],
        |weights, class| Ok(class.choose(weights)),
        |_, weights| {
            let mut sum = 0_i32;
            for (weight, value) in weights.iter().zip(0..) {
                if black_box(*weight) != 0 {
                    sum = black_box(sum.wrapping_add(weight.wrapping_mul(value)));
                }
            }
            Ok((sum, weights))
        },
    )
}
