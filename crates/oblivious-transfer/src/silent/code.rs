//! The public code: every output adds ten pseudorandom places of the reserve.

use crate::aes::AesBackend;
use crate::block::Block;

/// Ones of a row of the code, counted with multiplicity.
pub(super) const WEIGHT: usize = 10;
/// Outputs made at once.
const BATCH: usize = 256;
/// Outputs between a prefetch and its use; what other programs leave of the shared cache decides what it is worth.
const AHEAD: usize = 12;
/// Counter blocks for a batch: [`WEIGHT`] words of 32 bits for each output.
const BATCH_BLOCKS: usize = BATCH * WEIGHT / 4;

/// Adds to output j, which has position `first` + j in the stage, its ten places of `table`. `first` and the number of
/// outputs are multiples of 256.
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
    let rows = places.as_flattened().as_chunks::<WEIGHT>().0;
    for (index, (output, row)) in outputs.iter_mut().zip(rows).enumerate() {
        if let Some(ahead) = rows.get(index + AHEAD) {
            for place in ahead {
                prefetch(&table[scale::<K>(*place)]);
            }
        }
        let mut sum = *output;
        for place in row {
            sum ^= table[scale::<K>(*place)];
        }
        *output = sum;
    }
}

/// Asks for the cache line of `block`, where there is a way to ask.
#[inline(always)]
fn prefetch(block: &Block) {
    #[cfg(all(target_arch = "x86_64", not(miri)))]
    // SAFETY: a prefetch changes no state but the cache's, and the address is that of a live reference.
    unsafe {
        core::arch::x86_64::_mm_prefetch::<{ core::arch::x86_64::_MM_HINT_T0 }>(
            core::ptr::from_ref(block).cast(),
        );
    }
    #[cfg(not(all(target_arch = "x86_64", not(miri))))]
    let _ = block;
}

/// Maps a uniform word to 0..K, with a bias below K / 2^32.
#[inline(always)]
fn scale<const K: usize>(word: u32) -> usize {
    ((u64::from(word) * K as u64) >> 32) as usize
}
