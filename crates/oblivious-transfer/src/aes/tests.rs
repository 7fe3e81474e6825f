//! Known answers and agreement of all AES backends.

use super::{AesBackend, AesKey, Portable};
use crate::block::Block;

/// FIPS 197, appendix C.1, and appendix A.1's key with the plain text of appendix B.
const KNOWN: [([u8; 16], [u8; 16], [u8; 16]); 2] = [
    (
        [0x00, 0x01, 0x02, 0x03, 0x04, 0x05, 0x06, 0x07, 0x08, 0x09, 0x0a, 0x0b, 0x0c, 0x0d, 0x0e, 0x0f],
        [0x00, 0x11, 0x22, 0x33, 0x44, 0x55, 0x66, 0x77, 0x88, 0x99, 0xaa, 0xbb, 0xcc, 0xdd, 0xee, 0xff],
        [0x69, 0xc4, 0xe0, 0xd8, 0x6a, 0x7b, 0x04, 0x30, 0xd8, 0xcd, 0xb7, 0x80, 0x70, 0xb4, 0xc5, 0x5a],
    ),
    (
        [0x2b, 0x7e, 0x15, 0x16, 0x28, 0xae, 0xd2, 0xa6, 0xab, 0xf7, 0x15, 0x88, 0x09, 0xcf, 0x4f, 0x3c],
        [0x32, 0x43, 0xf6, 0xa8, 0x88, 0x5a, 0x30, 0x8d, 0x31, 0x31, 0x98, 0xa2, 0xe0, 0x37, 0x07, 0x34],
        [0x39, 0x25, 0x84, 0x1d, 0x02, 0xdc, 0x09, 0xfb, 0xdc, 0x11, 0x85, 0x97, 0x19, 0x6a, 0x0b, 0x32],
    ),
];

/// Lengths around every register width and unrolling factor.
const LENGTHS: [usize; 14] = [0, 1, 2, 3, 4, 5, 7, 8, 15, 16, 31, 33, 64, 1001];

fn known_answers<A: AesBackend>(aes: A) {
    for (key, plain, cipher) in KNOWN {
        let [_, schedule] = aes.schedule(&[Block::ONE, Block::from_bytes(key)]);
        for length in LENGTHS {
            let mut blocks = vec![Block::from_bytes(plain); length];
            aes.encrypt(&schedule, &mut blocks);
            assert!(blocks.iter().all(|block| block.to_bytes() == cipher));
        }
    }
}

#[test]
fn portable_known_answers() {
    known_answers(Portable);
}

#[test]
fn dispatched_known_answers() {
    for (key, plain, cipher) in KNOWN {
        let key = AesKey::new(Block::from_bytes(key));
        assert_eq!(key.encrypt(Block::from_bytes(plain)).to_bytes(), cipher);
    }
}

#[test]
fn hash_is_encryption_of_sigma_xor_sigma() {
    let key = Block::new(0x1234_5678_9abc_def0_0fed_cba9_8765_4321);
    let x = Block::new(0x0011_2233_4455_6677_8899_aabb_ccdd_eeff);
    let key = AesKey::new(key);
    let mut blocks = [x; 9];
    key.hash_blocks(&mut blocks);
    assert_eq!(blocks, [key.encrypt(x.sigma()) ^ x.sigma(); 9]);
}

#[cfg(target_arch = "x86_64")]
mod x86 {
    use rand::SeedableRng;
    use rand_chacha::ChaCha20Rng;

    use super::super::x86::{AesNi, Vaes256, Vaes512};
    use super::super::{AesBackend, AesKey, Kernel, Portable, backend_name};
    use super::{LENGTHS, known_answers};
    use crate::block::Block;

    fn agrees_with_portable<A: AesBackend>(aes: A) {
        let mut rng = ChaCha20Rng::seed_from_u64(1);
        for length in LENGTHS {
            let key = Block::random(&mut rng);
            let ([schedule], [portable]) = (aes.schedule(&[key]), Portable.schedule(&[key]));
            let blocks: Vec<Block> = (0..length).map(|_| Block::random(&mut rng)).collect();
            let (mut encrypted, mut expected) = (blocks.clone(), blocks.clone());
            aes.encrypt(&schedule, &mut encrypted);
            Portable.encrypt(&portable, &mut expected);
            assert_eq!(encrypted, expected);
            let (mut hashed, mut expected) = (blocks.clone(), blocks);
            aes.hash(&schedule, &mut hashed);
            Portable.hash(&portable, &mut expected);
            assert_eq!(hashed, expected);
        }
    }

    /// Encryption of 99 blocks as a kernel.
    struct Counter(Block);

    impl Kernel for Counter {
        type Output = Vec<Block>;
        #[inline(always)]
        fn run<A: AesBackend>(self, aes: A) -> Vec<Block> {
            let mut blocks: Vec<Block> = (0..99).map(Block::new).collect();
            let [key] = aes.schedule(&[self.0]);
            aes.encrypt(&key, &mut blocks);
            aes.hash(&key, &mut blocks);
            blocks
        }
    }

    /// The same under a key that is held.
    fn held() -> Vec<Block> {
        let mut blocks: Vec<Block> = (0..99).map(Block::new).collect();
        let key = AesKey::new(Block::ONE);
        key.encrypt_blocks(&mut blocks);
        key.hash_blocks(&mut blocks);
        blocks
    }

    #[test]
    fn every_entry_here_gives_the_same() {
        assert_eq!(held(), Counter(Block::ONE).run(Portable));
        let expected = Counter(Block::ONE).run(Portable);
        assert_eq!(crate::aes::dispatch(Counter(Block::ONE)), expected);
        if let Some(aes) = AesNi::detect() {
            assert_eq!(aes.dispatch(Counter(Block::ONE)), expected);
        }
        if let Some(aes) = Vaes256::detect() {
            assert_eq!(aes.dispatch(Counter(Block::ONE)), expected);
        }
        if let Some(aes) = Vaes512::detect() {
            assert_eq!(aes.dispatch(Counter(Block::ONE)), expected);
        }
    }

    #[test]
    fn every_backend_here_gives_the_same() {
        // A backend this processor lacks cannot run; the portable one is covered everywhere.
        let mut names = vec!["Portable"];
        if let Some(aes) = AesNi::detect() {
            known_answers(aes);
            agrees_with_portable(aes);
            names.push("AesNi");
        }
        if let Some(aes) = Vaes256::detect() {
            known_answers(aes);
            agrees_with_portable(aes);
            names.push("Vaes256");
        }
        if let Some(aes) = Vaes512::detect() {
            known_answers(aes);
            agrees_with_portable(aes);
            names.push("Vaes512");
        }
        assert_eq!(names.last(), Some(&backend_name()));
    }
}
