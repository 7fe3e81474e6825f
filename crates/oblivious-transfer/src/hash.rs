//! The correlation-robust hash H_K(x) = AES_K(sigma(x)) ^ sigma(x), and where its keys come from.
//!
//! Garbling and OT hash values that differ by a secret Delta. The hash must look random on all of
//! them together. Guo, Katz, Wang, Weng and Yu bound what an attacker gains ("Better concrete
//! security for half-gates garbling", CRYPTO 2020, and "Efficient and secure multiparty computation
//! from fixed-key block ciphers", S&P 2020). With one fixed key the bound decays with the total
//! number of calls. With a key that serves only [`BATCH`] inputs it decays with that number alone.
//!
//! So a key is derived from a [`KeyIndex`] that never returns in a session, and it serves one batch
//! of DISTINCT inputs. The keys are public: secrecy rests on the inputs, whose correlation Delta
//! has 127 unknown bits.
//!
//! **Inputs that a peer would like to choose.** A sender who hashes two equal inputs under one key
//! makes two equal pads, of OTs or of garbled gates, and their difference tells what they hide. A
//! hash for that setting is tweaked by the position, pi(pi(x) ^ i) ^ pi(x), and takes two AES
//! calls. It is not needed here, because no peer chooses a key, a mac or a label: those of
//! SoftSpoken are moved by offsets ([`crate::softspoken`]), those of the silent extension come from
//! leaves that are random to the receiver ([`crate::silent`]). So inputs under one key are distinct
//! but for chance: 128 inputs meet with probability 2^-115 a key.
//!
//! [`KeyDeriver`] encrypts the index under a session key. AES is a permutation, so different
//! indices give different keys. The [`Domain`] is part of the index, so garbling, OT derivation and
//! the other uses never meet.

use crate::aes::AesKey;
use crate::block::Block;

/// At most this many inputs of an OT stream are hashed under one key.
pub const BATCH: usize = 64;

/// What a derived key is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum Domain {
    /// Half-gate tables.
    Garbling = 1,
    /// Pads derived from correlated OTs where the client is the OT receiver.
    ClientReceives = 2,
    /// Pads derived from correlated OTs where the server is the OT receiver.
    ServerReceives = 3,
    /// Tree expansion of the silent extension.
    ///
    /// Such a key serves one tree. It hashes more than a [`BATCH`]: 254 nodes in the initial stage
    /// and 2046 in the main one.
    SilentTree = 4,
    /// Seeds of the public code of the silent extension.
    SilentCode = 5,
}

/// Names one key of a session. Every combination of fields gives another key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct KeyIndex {
    /// What the key is for.
    pub domain: Domain,
    /// Layer of the network, or stream of a domain.
    pub layer: u16,
    /// Batch of instances within the layer.
    pub batch: u32,
    /// Gate and half, tree, or block of a stream within the batch.
    pub item: u64,
}

impl KeyIndex {
    /// The index as the block that is encrypted: domain, zero byte, layer, batch, item from the
    /// top.
    #[must_use]
    pub const fn to_block(self) -> Block {
        let high = (self.domain as u64) << 56 | (self.layer as u64) << 32 | self.batch as u64;
        Block::new((high as u128) << 64 | self.item as u128)
    }
}

/// Derives the public hash keys of one session.
pub struct KeyDeriver {
    session: AesKey,
}

impl KeyDeriver {
    /// A deriver that both parties build from their common session identifier.
    #[must_use]
    pub fn new(session_id: &[u8]) -> Self {
        let digest = blake3::derive_key("oblivious-transfer 2026 session hash keys", session_id);
        let (seed, _) = digest.split_at(Block::BYTES);
        let mut key = [0; Block::BYTES];
        key.copy_from_slice(seed);
        Self { session: AesKey::new(Block::from_bytes(key)) }
    }

    /// The key at `index`.
    #[must_use]
    pub fn key(&self, index: KeyIndex) -> Block {
        self.session.encrypt(index.to_block())
    }

    /// The keys at `first`, `first` with item + 1, and so on, as many as `out` holds.
    pub fn keys(&self, first: KeyIndex, out: &mut [Block]) {
        let mut index = first;
        for block in out.iter_mut() {
            *block = index.to_block();
            index.item = index.item.wrapping_add(1);
        }
        self.session.encrypt_blocks(out);
    }
}

/// H under one key, for at most one batch of distinct inputs.
pub struct Hasher {
    key: AesKey,
}

impl Hasher {
    /// Expands `key`, which must come from a [`KeyDeriver`].
    #[must_use]
    pub fn new(key: Block) -> Self {
        Self { key: AesKey::new(key) }
    }

    /// Replaces every x by H(x). Inside a [`crate::aes::Kernel`] use
    /// [`crate::aes::AesBackend::hash`].
    pub fn hash_in_place(&self, blocks: &mut [Block]) {
        self.key.hash_blocks(blocks);
    }

    /// H(x).
    #[must_use]
    pub fn hash(&self, x: Block) -> Block {
        let mut blocks = [x];
        self.hash_in_place(&mut blocks);
        blocks[0]
    }
}

mod stream;

pub use stream::StreamHasher;

#[cfg(test)]
mod tests {
    use super::{Domain, Hasher, KeyDeriver, KeyIndex};
    use crate::aes::AesKey;
    use crate::block::Block;

    fn index(domain: Domain, layer: u16, batch: u32, item: u64) -> KeyIndex {
        KeyIndex { domain, layer, batch, item }
    }

    #[test]
    fn every_field_of_the_index_has_its_own_bits() {
        let block = index(Domain::ServerReceives, 0xabcd, 0x1234_5678, 0x9999_8888_7777_6666).to_block();
        assert_eq!(block.value(), 0x0300_abcd_1234_5678_9999_8888_7777_6666);
    }

    #[test]
    fn ranges_equal_single_keys_and_sessions_differ() {
        let (one, other) = (KeyDeriver::new(b"one"), KeyDeriver::new(b"other"));
        let mut keys = [Block::ZERO; 37];
        one.keys(index(Domain::Garbling, 3, 4, 5), &mut keys);
        for (item, key) in (5..).zip(keys) {
            assert_eq!(key, one.key(index(Domain::Garbling, 3, 4, item)));
            assert_ne!(key, other.key(index(Domain::Garbling, 3, 4, item)));
        }
    }

    /// FIPS 197, appendix C.1: a key, a plain text, its cipher text.
    ///
    /// With sigma(x) = plain text, H(x) is the sum of both texts.
    #[test]
    fn hash_of_a_published_vector() {
        let key = Block::new(0x0f0e_0d0c_0b0a_0908_0706_0504_0302_0100);
        let plain = Block::new(0xffee_ddcc_bbaa_9988_7766_5544_3322_1100);
        let cipher = Block::new(0x5ac5_b470_80b7_cdd8_3004_7b6a_d8e0_c469);
        let [low, high] = plain.words();
        let x = Block::from_words([high ^ low, low]);
        assert_eq!(Hasher::new(key).hash(x).value(), (plain ^ cipher).value());
    }

    #[test]
    fn hash_follows_the_definition() {
        let key = Block::new(77);
        let x = Block::new(0xfeed_0000_0000_0000_0000_0000_0000_beef);
        assert_eq!(Hasher::new(key).hash(x), AesKey::new(key).encrypt(x.sigma()) ^ x.sigma());
    }
}
