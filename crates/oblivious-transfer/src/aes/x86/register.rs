//! AES in batches on registers of 128, 256 and 512 bits, which hold one, two and four blocks.
//!
//! The three widths differ in nothing but the names of their instructions, so one macro writes the
//! loops of all. Every function is compiled for its instructions, and a call from outside needs a
//! proof that they exist. Blocks enter and leave registers by value, which the compiler makes plain
//! loads and stores of.

/// A module with the loops of one width.
macro_rules! width {
    (
        $(#[$doc:meta])* $name:ident, $features:literal, $Register:ident of $blocks:literal,
        $xor:ident, $and:ident, $shuffle:ident, $round:ident, $last_round:ident
    ) => {
        $(#[$doc])*
        pub(super) mod $name {
            use core::hint::black_box;
            use core::arch::x86_64::{$Register, $and, $last_round, $round, $shuffle, $xor};

            use bytemuck::must_cast;

            use crate::aes::x86::schedule::RoundKeys;
            use crate::block::Block;

            /// The blocks of one register.
            type Chunk = [Block; $blocks];

            /// Swaps the 64-bit halves of each block.
            const SWAP_HALVES: i32 = 0b01_00_11_10;
            /// Ones in the high half of each block.
            const HIGH: $Register = must_cast([[0, u64::MAX]; $blocks]);

            #[inline(always)]
            fn load(chunk: Chunk) -> $Register {
                must_cast(chunk.map(Block::words))
            }

            #[inline(always)]
            fn store(register: $Register) -> Chunk {
                must_cast::<_, [[u64; 2]; $blocks]>(register).map(Block::from_words)
            }

            /// What goes into the cipher: a block, or its sigma if it is hashed.
            #[target_feature(enable = $features)]
            #[inline]
            fn input<const HASH: bool>(chunk: Chunk) -> $Register {
                let x = load(chunk);
                if HASH { $xor($shuffle::<SWAP_HALVES>(x), $and(x, HIGH)) } else { x }
            }

            /// Encrypts or hashes `V` registers side by side.
            #[target_feature(enable = $features)]
            #[inline]
            fn side_by_side<const HASH: bool, const V: usize>(key: &RoundKeys, chunks: &mut [Chunk; V]) {
                let [first, middle @ .., last] = &key.0;
                let first = load([*first; $blocks]);
                let mut states = chunks.map(|chunk| $xor(input::<HASH>(chunk), first));
                for key in middle {
                    let key = load([*key; $blocks]);
                    for state in &mut states {
                        *state = $round(*state, key);
                    }
                }
                let last = load([*last; $blocks]);
                for (state, chunk) in states.into_iter().zip(chunks) {
                    let output = $last_round(state, last);
                    *chunk = store(if HASH { $xor(output, input::<HASH>(*chunk)) } else { output });
                }
            }

            /// Encrypts or hashes all blocks that fill registers, `V`, then four, then one at a
            /// time.
            ///
            /// Returns the blocks that are left. A key that is hidden from the compiler is read
            /// from memory again; otherwise all round keys would stay in registers, and too few
            /// would be left for the blocks.
            #[target_feature(enable = $features)]
            #[inline]
            pub(in crate::aes::x86) fn apply<'a, const HASH: bool, const V: usize>(
                key: &RoundKeys,
                blocks: &'a mut [Block],
            ) -> &'a mut [Block] {
                let (chunks, rest) = blocks.as_chunks_mut();
                let (wide, chunks) = chunks.as_chunks_mut::<V>();
                for chunks in wide {
                    side_by_side::<HASH, V>(black_box(key), chunks);
                }
                let (four, chunks) = chunks.as_chunks_mut::<4>();
                for chunks in four {
                    side_by_side::<HASH, 4>(black_box(key), chunks);
                }
                for chunk in chunks {
                    side_by_side::<HASH, 1>(key, core::array::from_mut(chunk));
                }
                rest
            }
        }
    };
}

width! {
    /// One block a register, on AES-NI.
    one, "aes,ssse3", __m128i of 1,
    _mm_xor_si128, _mm_and_si128, _mm_shuffle_epi32, _mm_aesenc_si128, _mm_aesenclast_si128
}

width! {
    /// Two blocks a register, on VAES and AVX2.
    two, "aes,avx2,vaes", __m256i of 2,
    _mm256_xor_si256, _mm256_and_si256, _mm256_shuffle_epi32, _mm256_aesenc_epi128, _mm256_aesenclast_epi128
}

width! {
    /// Four blocks a register, on VAES and AVX-512.
    four, "aes,avx2,vaes,avx512f,avx512bw,avx512dq,avx512vl", __m512i of 4,
    _mm512_xor_si512, _mm512_and_si512, _mm512_shuffle_epi32, _mm512_aesenc_epi128, _mm512_aesenclast_epi128
}
