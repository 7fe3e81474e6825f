//! The backend for every processor: the `aes` crate, which uses ARMv8 instructions where they exist
//! and constant-time fixsliced software elsewhere.

use aes::Aes128Enc;
use aes::cipher::{Array, BlockCipherEncrypt, KeyInit};

use super::backend::{AesBackend, sealed};
use crate::block::Block;

/// Blocks handed to the `aes` crate at once.
const WIDTH: usize = 8;

/// AES-128 without any assumption on the processor.
#[derive(Clone, Copy)]
pub struct Portable;

impl sealed::Sealed for Portable {}

impl AesBackend for Portable {
    type Schedule = Aes128Enc;

    fn schedule<const N: usize>(self, keys: &[Block; N]) -> [Aes128Enc; N] {
        keys.map(|key| Aes128Enc::new(&Array(key.to_bytes())))
    }

    fn encrypt(self, key: &Aes128Enc, blocks: &mut [Block]) {
        for chunk in blocks.chunks_mut(WIDTH) {
            encrypt_chunk(key, chunk);
        }
    }

    fn hash(self, key: &Aes128Enc, blocks: &mut [Block]) {
        for chunk in blocks.chunks_mut(WIDTH) {
            let mut inputs = [Block::ZERO; WIDTH];
            for (input, block) in inputs.iter_mut().zip(chunk.iter_mut()) {
                *input = block.sigma();
                *block = *input;
            }
            encrypt_chunk(key, chunk);
            for (block, input) in chunk.iter_mut().zip(inputs) {
                *block ^= input;
            }
        }
    }

    fn wipe(self, _: &mut [Aes128Enc]) {
        // The `aes` crate wipes its schedules itself.
    }
}

/// Encrypts at most [`WIDTH`] blocks.
fn encrypt_chunk(key: &Aes128Enc, chunk: &mut [Block]) {
    let mut bytes = [Array([0; Block::BYTES]); WIDTH];
    for (bytes, block) in bytes.iter_mut().zip(chunk.iter()) {
        *bytes = Array(block.to_bytes());
    }
    key.encrypt_blocks(&mut bytes[..chunk.len()]);
    for (block, bytes) in chunk.iter_mut().zip(bytes) {
        *block = Block::from_bytes(bytes.0);
    }
}
