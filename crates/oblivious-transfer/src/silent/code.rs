//! The public code: every output adds ten pseudorandom places of the reserve.

use crate::aes::AesBackend;
use crate::block::Block;

/// Ones of a row of the code, counted with multiplicity.
pub(super) const WEIGHT: usize = 10;
/// Outputs made at once.
const BATCH: usize = 64;
/// Counter blocks for a batch: [`WEIGHT`] words of 32 bits for each output.
const BATCH_BLOCKS: usize = BATCH * WEIGHT / 4;

/// Adds to output j, which has position `first` + j in the stage, its ten places of `table`. `first` and the number of
/// outputs are multiples of 64.
///
/// Places depend on public values alone; that the table exceeds the nearest caches is what bounds the speed.
#[inline(always)]
pub(super) fn encode<A: AesBackend, const K: usize>(
    aes: A,
    code: &A::Schedule,
    first: u64,
    table: &[Block; K],
    outputs: &mut [Block],
) {
    let mut counter = first / BATCH as u64 * BATCH_BLOCKS as u64;
    for outputs in outputs.chunks_mut(BATCH) {
        let mut blocks = [Block::ZERO; BATCH_BLOCKS];
        for block in &mut blocks {
            *block = Block::from_words([counter, 0]);
            counter += 1;
        }
        aes.encrypt(code, &mut blocks);
        let mut places = [[0u32; 4]; BATCH_BLOCKS];
        for (places, block) in places.iter_mut().zip(&blocks) {
            let [low, high] = block.words();
            *places = [low as u32, (low >> 32) as u32, high as u32, (high >> 32) as u32];
        }
        add_places(table, &places, outputs);
    }
}

/// Adds to each output its places of `table`.
///
/// Not inlined, so that it is compiled without the instructions of the kernel: with AVX2 or AVX-512 the compiler
/// makes gathers of 64-bit halves of it, which are five times slower than ten plain 128-bit loads.
#[inline(never)]
fn add_places<const K: usize>(table: &[Block; K], places: &[[u32; 4]; BATCH_BLOCKS], outputs: &mut [Block]) {
    for (output, places) in outputs.iter_mut().zip(places.as_flattened().as_chunks::<WEIGHT>().0) {
        let mut sum = *output;
        for place in places {
            sum ^= table[scale::<K>(*place)];
        }
        *output = sum;
    }
}

/// Maps a uniform word to 0..K, with a bias below K / 2^32.
#[inline(always)]
fn scale<const K: usize>(word: u32) -> usize {
    ((u64::from(word) * K as u64) >> 32) as usize
}
