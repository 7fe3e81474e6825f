//! Hashing a numbered stream of blocks, re-keyed every [`BATCH`] positions.

use super::{BATCH, Domain, KeyDeriver, KeyIndex};
use crate::aes::{self, AesBackend, Kernel};
use crate::block::Block;

/// Keys expanded side by side.
const KEYS: usize = 4;

/// Hashes position i of a stream under the key with item i / [`BATCH`], however the stream is cut
/// into pieces.
///
/// Both parties of an OT use the same domain, layer and positions. The sender hashes its two
/// candidates, key and key ^ Delta, as two pieces at the same positions. That puts at most 2
/// [`BATCH`] inputs under one key.
#[derive(Clone, Copy)]
pub struct StreamHasher<'a> {
    deriver: &'a KeyDeriver,
    domain: Domain,
    layer: u16,
}

impl<'a> StreamHasher<'a> {
    /// A stream of its own for each (`domain`, `layer`) of a session.
    #[must_use]
    pub fn new(deriver: &'a KeyDeriver, domain: Domain, layer: u16) -> Self {
        Self { deriver, domain, layer }
    }

    /// Replaces `blocks`, which stand at positions `first`, `first` + 1, ... of the stream, by
    /// their hashes.
    pub fn hash_at(&self, first: u64, blocks: &mut [Block]) {
        let batch = BATCH as u64;
        let lead = ((batch - first % batch) % batch).min(blocks.len() as u64) as usize;
        let (head, body) = blocks.split_at_mut(lead);
        if !head.is_empty() {
            let mut key = [Block::ZERO];
            self.keys(first / batch, &mut key);
            aes::dispatch(Hash { keys: &key, blocks: head });
        }
        let mut item = first.div_ceil(batch);
        for piece in body.chunks_mut(KEYS * BATCH) {
            let mut keys = [Block::ZERO; KEYS];
            self.keys(item, &mut keys);
            aes::dispatch(Hash { keys: &keys, blocks: piece });
            item += KEYS as u64;
        }
    }

    fn keys(&self, item: u64, out: &mut [Block]) {
        self.deriver.keys(KeyIndex { domain: self.domain, layer: self.layer, batch: 0, item }, out);
    }
}

/// Hashes batch after batch, each under its own key.
struct Hash<'a, const N: usize> {
    keys: &'a [Block; N],
    blocks: &'a mut [Block],
}

impl<const N: usize> Kernel for Hash<'_, N> {
    type Output = ();

    #[inline(always)]
    fn run<A: AesBackend>(self, aes: A) {
        let schedules = aes.schedule(self.keys);
        for (schedule, batch) in schedules.iter().zip(self.blocks.chunks_mut(BATCH)) {
            aes.hash(schedule, batch);
        }
    }
}

#[cfg(test)]
mod tests {
    use rand_chacha::ChaCha20Rng;
    use rand_chacha::rand_core::SeedableRng;

    use super::{BATCH, StreamHasher};
    use crate::block::Block;
    use crate::hash::{Domain, Hasher, KeyDeriver, KeyIndex};

    #[test]
    fn pieces_of_any_size_give_the_definition() {
        let mut rng = ChaCha20Rng::seed_from_u64(2);
        let deriver = KeyDeriver::new(b"session");
        let stream = StreamHasher::new(&deriver, Domain::ClientReceives, 9);
        let inputs: Vec<Block> = (0..1500).map(|_| Block::random(&mut rng)).collect();
        let expected: Vec<Block> = inputs
            .iter()
            .zip(0..)
            .map(|(x, position)| {
                let item = position / BATCH as u64;
                let index = KeyIndex { domain: Domain::ClientReceives, layer: 9, batch: 0, item };
                Hasher::new(deriver.key(index)).hash(*x)
            })
            .collect();
        for piece in [1, 7, 63, 64, 65, 300, 1500] {
            let mut blocks = inputs.clone();
            let mut position = 0;
            for part in blocks.chunks_mut(piece) {
                stream.hash_at(position, part);
                position += part.len() as u64;
            }
            assert_eq!(blocks, expected);
        }
    }
}
