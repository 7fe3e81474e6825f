//! A pseudorandom generator: AES-128 in counter mode under a secret seed.
//!
//! The stream is AES(0), AES(1), ... Blocks, words and bytes are taken from it in order. No part is
//! given twice.

use core::convert::Infallible;

use rand_core::{SeedableRng, TryCryptoRng, TryRng};
use zeroize::Zeroize;

use crate::aes::AesKey;
use crate::block::Block;

/// Blocks made at once for byte-wise use.
const BUFFER: usize = 32;

/// AES-CTR under a seed, wiped when dropped.
pub struct Prg {
    key: AesKey,
    counter: u128,
    buffer: [u8; BUFFER * Block::BYTES],
    /// Bytes of the buffer that are spent.
    used: usize,
}

impl Prg {
    /// The generator of `seed`.
    #[must_use]
    pub fn from_block(seed: Block) -> Self {
        let buffer = [0; BUFFER * Block::BYTES];
        Self { key: AesKey::new(seed), counter: 0, used: buffer.len(), buffer }
    }

    /// Fills `out` with fresh blocks straight from the counter.
    ///
    /// Buffered bytes stay for later byte-wise use.
    pub fn fill_blocks(&mut self, out: &mut [Block]) {
        for block in out.iter_mut() {
            *block = Block::new(self.counter);
            self.counter += 1;
        }
        self.key.encrypt_blocks(out);
    }

    /// One fresh block.
    #[must_use]
    pub fn block(&mut self) -> Block {
        let mut out = [Block::ZERO];
        self.fill_blocks(&mut out);
        out[0]
    }

    fn refill(&mut self) {
        let mut blocks = [Block::ZERO; BUFFER];
        self.fill_blocks(&mut blocks);
        for (bytes, block) in self.buffer.as_chunks_mut().0.iter_mut().zip(blocks) {
            *bytes = block.to_bytes();
        }
        blocks.zeroize();
        self.used = 0;
    }

    fn take<const N: usize>(&mut self) -> [u8; N] {
        let mut out = [0; N];
        self.fill(&mut out);
        out
    }

    fn fill(&mut self, mut out: &mut [u8]) {
        while !out.is_empty() {
            if self.used == self.buffer.len() {
                self.refill();
            }
            let ready = &mut self.buffer[self.used..];
            let count = ready.len().min(out.len());
            let (now, later) = out.split_at_mut(count);
            now.copy_from_slice(&ready[..count]);
            ready[..count].zeroize();
            self.used += count;
            out = later;
        }
    }
}

impl TryRng for Prg {
    type Error = Infallible;

    fn try_next_u32(&mut self) -> Result<u32, Infallible> {
        Ok(u32::from_le_bytes(self.take()))
    }

    fn try_next_u64(&mut self) -> Result<u64, Infallible> {
        Ok(u64::from_le_bytes(self.take()))
    }

    fn try_fill_bytes(&mut self, out: &mut [u8]) -> Result<(), Infallible> {
        self.fill(out);
        Ok(())
    }
}

impl TryCryptoRng for Prg {}

impl SeedableRng for Prg {
    type Seed = [u8; Block::BYTES];

    fn from_seed(seed: Self::Seed) -> Self {
        Self::from_block(Block::from_bytes(seed))
    }
}

impl Drop for Prg {
    fn drop(&mut self) {
        self.buffer.zeroize();
    }
}

#[cfg(test)]
mod tests {
    use rand_core::Rng;

    use super::Prg;
    use crate::aes::AesKey;
    use crate::block::Block;

    #[test]
    fn blocks_are_counter_mode_in_any_pieces() {
        let seed = Block::new(42);
        let (mut whole, mut pieces) = ([Block::ZERO; 50], [Block::ZERO; 50]);
        Prg::from_block(seed).fill_blocks(&mut whole);
        let mut prg = Prg::from_block(seed);
        for piece in pieces.chunks_mut(7) {
            prg.fill_blocks(piece);
        }
        assert_eq!(whole, pieces);
        let key = AesKey::new(seed);
        for (counter, block) in whole.into_iter().enumerate() {
            assert_eq!(block, key.encrypt(Block::new(counter as u128)));
        }
    }

    #[test]
    fn bytes_are_the_same_stream_and_never_repeat() {
        let (mut bytes, mut again) = ([0; 2000], [0; 2000]);
        Prg::from_block(Block::ONE).fill_bytes(&mut bytes);
        let mut prg = Prg::from_block(Block::ONE);
        for piece in again.chunks_mut(13) {
            prg.fill_bytes(piece);
        }
        assert_eq!(bytes, again);
        assert_ne!(bytes[..16], prg.block().to_bytes());
        assert_eq!(bytes[..16], AesKey::new(Block::ONE).encrypt(Block::ZERO).to_bytes());
    }
}
