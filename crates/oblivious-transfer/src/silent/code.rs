//! The public code: every output adds ten pseudorandom places of the reserve, in both directions at
//! once.

use zeroize::DefaultIsZeroes;

use crate::aes::AesBackend;
use crate::block::Block;

/// Ones of a row of the code, counted with multiplicity.
pub(super) const WEIGHT: usize = 10;
/// Outputs made at once.
const BATCH: usize = 256;
/// Outputs between a prefetch and its use.
///
/// What it is worth depends on what other programs leave of the shared cache.
const AHEAD: usize = 12;
/// Counter blocks for a batch: [`WEIGHT`] words of 32 bits for each output.
const BATCH_BLOCKS: usize = BATCH * WEIGHT / 4;

/// One correlated OT of each direction, as a party holds them.
///
/// It is aligned, so that a pair lies in one cache line.
#[derive(Clone, Copy, Default)]
#[repr(C, align(32))]
pub(super) struct Pair {
    /// Of the direction in which the party sends.
    pub(super) key: Block,
    /// Of the direction in which it receives.
    pub(super) mac: Block,
}

impl DefaultIsZeroes for Pair {}

/// The outputs of a stretch of the code, both directions.
pub(super) struct Outputs<'a> {
    pub(super) keys: &'a mut [Block],
    pub(super) macs: &'a mut [Block],
}

/// Adds to every output of both directions its ten places of `table`.
///
/// Output j has position `first` + j in the stage. `first` and the number of outputs are multiples
/// of 256.
///
/// Places depend on public values alone. The table exceeds the nearest caches, and that bounds the
/// speed. So the directions share a code: one cache line brings the summands of both.
#[inline(always)]
pub(super) fn encode<A: AesBackend, const K: usize>(
    aes: A,
    code: &A::Schedule,
    first: u64,
    table: &[Pair; K],
    outputs: Outputs<'_>,
) {
    let mut counter = first / BATCH as u64 * BATCH_BLOCKS as u64;
    for (keys, macs) in outputs.keys.chunks_mut(BATCH).zip(outputs.macs.chunks_mut(BATCH)) {
        let mut blocks: [Block; BATCH_BLOCKS] =
            core::array::from_fn(|index| Block::from_words([counter + index as u64, 0]));
        counter += BATCH_BLOCKS as u64;
        aes.encrypt(code, &mut blocks);
        let places: [[u32; 4]; BATCH_BLOCKS] = core::array::from_fn(|index| {
            let [low, high] = blocks[index].words();
            [low as u32, (low >> 32) as u32, high as u32, (high >> 32) as u32].map(scale::<K>)
        });
        add_places(table, &places, Outputs { keys, macs });
    }
}

/// Adds to each output its places of `table`.
///
/// It is not inlined, so that it is compiled without the instructions of the kernel. With AVX2 or
/// AVX-512 the compiler makes gathers of 64-bit halves of it. They are five times slower than ten
/// plain 128-bit loads.
#[inline(never)]
fn add_places<const K: usize>(table: &[Pair; K], places: &[[u32; 4]; BATCH_BLOCKS], outputs: Outputs<'_>) {
    let rows = places.as_flattened().as_chunks::<WEIGHT>().0;
    let outputs = outputs.keys.iter_mut().zip(outputs.macs);
    for (index, ((key, mac), row)) in outputs.zip(rows).enumerate() {
        if let Some(ahead) = rows.get(index + AHEAD) {
            for place in ahead {
                prefetch(&table[*place as usize]);
            }
        }
        let mut sum = Pair { key: *key, mac: *mac };
        for place in row {
            let Pair { key, mac } = table[*place as usize];
            sum.key ^= key;
            sum.mac ^= mac;
        }
        (*key, *mac) = (sum.key, sum.mac);
    }
}

/// Asks for the cache line of `pair`, where there is a way to ask.
#[inline(always)]
fn prefetch(pair: &Pair) {
    #[cfg(all(target_arch = "x86_64", not(miri)))]
    // SAFETY: a prefetch changes no state but the cache's, and the address is that of a live
    // reference.
    unsafe {
        core::arch::x86_64::_mm_prefetch::<{ core::arch::x86_64::_MM_HINT_T0 }>(
            core::ptr::from_ref(pair).cast(),
        );
    }
    #[cfg(not(all(target_arch = "x86_64", not(miri))))]
    let _ = pair;
}

/// Maps a uniform word to 0..K, with a bias below K / 2^32.
#[inline(always)]
fn scale<const K: usize>(word: u32) -> u32 {
    ((u64::from(word) * K as u64) >> 32) as u32
}
