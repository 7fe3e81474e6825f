//! A client that deviates grinds the seeds of its OT extension until two labels are what it likes.
//!
//! Two instances of a batch share hash keys. With equal labels on a wire their ciphertexts differ
//! by Delta where the server's bits differ, and Delta opens every later step of the session. The
//! seeds are honest in form, so no consistency check sees it. The offsets of an extension prevent
//! it: they move macs by what follows from all seeds, so a digit of a mac is no more a matter of
//! one tree.

use std::convert::Infallible;

use gc_nonlinear::{ActivationGarbler, HashRoot, ReceiverCots, SentCots, StepPlan};
use oblivious_transfer::block::Block;
use oblivious_transfer::softspoken::{ReceiverSetup, SenderSetup};
use rand::SeedableRng;
use rand::rand_core::{TryCryptoRng, TryRng};
use rand_chacha::ChaCha20Rng;
use shares::StepShape;

use crate::support::{deal, garbling_delta};

const SHAPE: StepShape = StepShape { count: 64, ell: 8, shift: 0, bits: 4, pool: false, out_ell: 8 };
/// Two instances whose shares differ in the lowest bit at the server.
const PAIR: [usize; 2] = [3, 40];
/// Digits of a mac, each of which a tree of its own makes.
const TREES: usize = 32;
/// The most seeds tried. Each tree needs 16 on average.
const TRIES: u64 = 400;

/// Gives chosen blocks in place of random ones.
struct Chosen<'a>(core::slice::Iter<'a, Block>);

impl TryRng for Chosen<'_> {
    type Error = Infallible;

    fn try_next_u32(&mut self) -> Result<u32, Infallible> {
        self.try_next_u64().map(|word| word as u32)
    }

    fn try_next_u64(&mut self) -> Result<u64, Infallible> {
        Ok(self.0.next().map_or(0, |block| block.words()[0]))
    }

    fn try_fill_bytes(&mut self, out: &mut [u8]) -> Result<(), Infallible> {
        for bytes in out.chunks_mut(Block::BYTES) {
            let block = self.0.next().copied().unwrap_or_default().to_bytes();
            bytes.copy_from_slice(&block[..bytes.len()]);
        }
        Ok(())
    }
}

impl TryCryptoRng for Chosen<'_> {}

/// An extension whose client chooses the roots of its trees.
struct Extension {
    delta: Block,
    count: usize,
}

impl Extension {
    /// The OTs of a client with these roots.
    fn with(&self, roots: &[Block]) -> (SentCots, ReceiverCots) {
        let mut rng = ChaCha20Rng::seed_from_u64(3);
        let (receiver, message) = ReceiverSetup::start(b"ground", &mut rng);
        let (sender, message) = SenderSetup::start(b"ground", self.delta, &message, &mut rng).unwrap();
        let mut roots = Chosen(roots.iter());
        let (mut receiver, message) = receiver.finish(&message, &mut roots).unwrap();
        let mut sender = sender.finish(&message).unwrap();
        let (received, message) = receiver.extend_random(self.count);
        let keys = sender.extend_random(self.count, &message).unwrap();
        (SentCots { delta: self.delta, keys }, received)
    }

    /// Roots with which the macs of the pair would be equal, if each digit of a mac came from its
    /// own tree alone.
    fn grind(&self) -> Vec<Block> {
        let mut found = [None; TREES];
        for root in (1..=TRIES).map(|seed| Block::new(seed.into())) {
            let (_, received) = self.with(&[root; TREES]);
            let differs = received.macs[PAIR[0]] ^ received.macs[PAIR[1]];
            for (tree, found) in found.iter_mut().enumerate() {
                if differs.value() >> (4 * tree) & 15 == 0 {
                    found.get_or_insert(root);
                }
            }
            if found.iter().all(Option::is_some) {
                break;
            }
        }
        found.into_iter().map(Option::unwrap).collect()
    }
}

/// What two ciphertexts of the first gate add up to, where the server's bits differ.
fn sum_of_ciphertexts(plan: &StepPlan, sent: SentCots, received: &ReceiverCots) -> Block {
    let mut rng = ChaCha20Rng::seed_from_u64(4);
    // The client inputs zeros: a correction is its choice.
    let corrections = received.choices.to_bytes();
    let (_, outputs) = deal(&mut rng, Block::ONE, plan.output_cots());
    let hash_root = HashRoot::new(&[1; 32]);
    let server = ActivationGarbler::prepare(plan, &hash_root, 0, sent, &corrections, outputs).unwrap();
    let mut shares = vec![0; SHAPE.count];
    shares[PAIR[0]] = 1;
    let message = server.garble_chunk(0, &shares).unwrap();
    let [first, second] = PAIR.map(|place| Block::from_bytes(message.as_chunks().0[place]));
    first ^ second
}

fn delta() -> Block {
    garbling_delta(&mut ChaCha20Rng::seed_from_u64(1))
}

/// The positive control: where a dealer gives equal macs, the attack works.
#[test]
fn equal_labels_in_two_instances_give_delta() {
    let plan = StepPlan::new(SHAPE).unwrap();
    let (mut sent, mut received) = deal(&mut ChaCha20Rng::seed_from_u64(2), delta(), plan.input_cots());
    assert_ne!(sum_of_ciphertexts(&plan, dealt_again(&sent), &received), delta());
    received.macs[PAIR[1]] = received.macs[PAIR[0]];
    let choice = Block::mask(received.choices.get(PAIR[1])) & delta();
    sent.keys[PAIR[1]] = received.macs[PAIR[1]] ^ choice;
    assert_eq!(sum_of_ciphertexts(&plan, sent, &received), delta());
}

fn dealt_again(sent: &SentCots) -> SentCots {
    SentCots { delta: sent.delta, keys: sent.keys.clone() }
}

#[test]
fn no_seeds_of_an_extension_give_equal_labels() {
    let plan = StepPlan::new(SHAPE).unwrap();
    let extension = Extension { delta: delta(), count: plan.input_cots() };
    let (sent, received) = extension.with(&extension.grind());
    assert_ne!(received.macs[PAIR[0]], received.macs[PAIR[1]], "the client chose its macs");
    assert_ne!(sum_of_ciphertexts(&plan, sent, &received), delta());
}
