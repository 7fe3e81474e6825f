//! The parts of the check, each against its definition.

use rand::SeedableRng;
use rand_chacha::ChaCha20Rng;

use super::{Ledger, MASKS, noise_hash};
use crate::block::Block;
use crate::field::{Polynomial, times};
use crate::silent::code::Pair;

#[test]
fn the_hash_of_the_noise_is_that_of_its_unit_vector() {
    let mut rng = ChaCha20Rng::seed_from_u64(1);
    let hash = Polynomial::at(Block::random(&mut rng));
    for place in [0_usize, 1, 5, 30, 31] {
        let choice = |bit: usize| Block::new(6).with_lsb(place >> bit & 1 == 0);
        let path: Vec<Pair> = (0..5).map(|bit| Pair { key: Block::ZERO, mac: choice(bit) }).collect();
        let delta = Block::random(&mut rng);
        let mut leaves = [Block::ZERO; 32];
        leaves[place] = delta;
        assert_eq!(times(noise_hash(hash.point(), &path), delta), hash.extend(Block::ZERO, &leaves));
    }
}

#[test]
fn masks_of_both_parties_fit() {
    let mut rng = ChaCha20Rng::seed_from_u64(2);
    let delta = Block::random(&mut rng).with_lsb(true);
    let keys: Vec<Block> = (0..MASKS).map(|_| Block::random(&mut rng).with_lsb(false)).collect();
    let choices = Block::random(&mut rng);
    let sender: Vec<Pair> = keys.iter().map(|key| Pair { key: *key, mac: Block::ZERO }).collect();
    let mac = |(place, key): (usize, &Block)| *key ^ (Block::mask(choices.value() >> place & 1 == 1) & delta);
    let receiver = keys.iter().enumerate().map(mac).map(|mac| Pair { key: Block::ZERO, mac });
    let (sender, receiver) = (Ledger::masks(&sender), Ledger::masks(&receiver.collect::<Vec<_>>()));
    assert_eq!(receiver.noise, choices);
    assert_eq!(receiver.expected(), sender.answer(choices, delta));
    assert_ne!(receiver.expected(), sender.answer(choices ^ Block::ONE, delta));
}
