//! The step on correlated OTs of a real extension, both directions, and on the choice bits of a silent one.

use oblivious_transfer::block::Block;
use oblivious_transfer::softspoken::{CotReceiver, CotSender, ReceiverSetup, SenderSetup};
use rand_chacha::ChaCha20Rng;
use rand_core::{Rng, SeedableRng};

use super::harness::{SESSION, ideal_cots, open, plain, run_on, share};
use crate::{
    Mode, ReceivedMaterial, ReceivedReducer, Role, SentMaterial, SentReducer, Session, StepPlan, StepShape,
};

const SHAPE: StepShape = StepShape { count: 1500, ell: 18, shift: 6, bits: 8, pool: true, out_ell: 17 };

fn set_up(rng: &mut ChaCha20Rng) -> (CotReceiver, CotSender) {
    let delta = Block::random(rng).with_lsb(true);
    let (receiver, first) = ReceiverSetup::start(&SESSION, rng);
    let (sender, second) = SenderSetup::start(&SESSION, delta, &first, rng).unwrap();
    let (receiver, third) = receiver.finish(&second, rng).unwrap();
    (receiver, sender.finish(&third).unwrap())
}

/// The material of one direction from SoftSpoken extensions of 10,000 OTs.
fn extend(plan: &StepPlan, receiver: Role, rng: &mut ChaCha20Rng) -> (ReceivedMaterial, SentMaterial) {
    let (mut cot_receiver, mut cot_sender) = set_up(rng);
    let session = Session::new(&SESSION);
    let mut received = ReceivedReducer::new(plan, &session, 0, receiver);
    let mut sent = SentReducer::new(plan, &session, 0, receiver, cot_sender.delta());
    while received.needed() > 0 {
        let count = received.needed().min(10_000);
        let (cots, message) = cot_receiver.extend_random(count);
        received.absorb(&cots.macs, &cots.choices).unwrap();
        sent.absorb(&cot_sender.extend_random(count, &message).unwrap()).unwrap();
    }
    (received.finish().unwrap(), sent.finish().unwrap())
}

/// The material of one direction from macs that carry their choices.
fn silent(plan: &StepPlan, receiver: Role, rng: &mut ChaCha20Rng) -> (ReceivedMaterial, SentMaterial) {
    let session = Session::new(&SESSION);
    let mut received = ReceivedReducer::new(plan, &session, 0, receiver);
    let (delta, keys, _, macs) = ideal_cots(received.needed(), rng);
    let mut sent = SentReducer::new(plan, &session, 0, receiver, delta);
    macs.chunks(3333).for_each(|piece| received.absorb_silent(piece).unwrap());
    keys.chunks(50_000).for_each(|piece| sent.absorb(piece).unwrap());
    (received.finish().unwrap(), sent.finish().unwrap())
}

#[test]
fn steps_on_extended_cots_are_exact() {
    for (mode, seed) in [(Mode::Ripple, 1), (Mode::Tree, 2)] {
        for make in [extend, silent] {
            let plan = StepPlan::new(SHAPE, mode).unwrap();
            let mut rng = ChaCha20Rng::seed_from_u64(seed);
            let client = make(&plan, Role::Client, &mut rng);
            let server = make(&plan, Role::Server, &mut rng);
            let values: Vec<i64> =
                (0..3000).map(|_| i64::from(rng.next_u32() & 0xffff) - 0x8000 + 1).collect();
            let (c, s) = share(&values, SHAPE.ell, &mut rng);
            let (y0, y1, _) = run_on(&plan, &c, &s, client, server);
            assert_eq!(open(&y0, &y1, SHAPE.out_ell), plain(&SHAPE, &values));
        }
    }
}
