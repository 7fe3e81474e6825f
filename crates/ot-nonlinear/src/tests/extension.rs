//! The step on correlated OTs of a real extension, both directions, and on the choice bits of a
//! silent one.

use oblivious_transfer::block::Block;
use oblivious_transfer::silent::{Checked, SilentExtension, SilentRequested, Unchecked, parts_for};
use oblivious_transfer::softspoken::{CotReceiver, CotSender, ReceiverSetup, SenderSetup};
use rand_chacha::ChaCha20Rng;
use rand_core::{Rng, SeedableRng};
use shares::{Role, StepShape};

use super::harness::{SESSION, ideal_cots, open, plain, run_on, share};
use crate::{
    HashRoot, Mode, ReceivedCondenser, ReceivedMaterial, ReceivedStream, SentCondenser, SentMaterial,
    SentStream, StepError, StepPlan,
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
    let hash_root = HashRoot::new(&SESSION);
    let mut received = ReceivedCondenser::new(plan, &hash_root, 0, receiver);
    let mut sent = SentCondenser::new(plan, &hash_root, 0, receiver, cot_sender.delta());
    while received.needed() > 0 {
        let count = received.needed().min(10_000);
        let (cots, message) = cot_receiver.extend_random(count);
        received.absorb(&cots.macs, &cots.choices).unwrap();
        sent.absorb(&cot_sender.extend_random(count, &message).unwrap()).unwrap();
    }
    (received.finish().unwrap(), sent.finish().unwrap())
}

/// Both directions of one silent extension, the client's and the server's end.
fn set_up_silent(rng: &mut ChaCha20Rng) -> [SilentExtension; 2] {
    let (mut client_receives, mut server_sends) = set_up(rng);
    let (mut server_receives, mut client_sends) = set_up(rng);
    let (client, from_client) = SilentRequested::start(&SESSION, Role::Client, &mut client_receives);
    let (server, from_server) = SilentRequested::start(&SESSION, Role::Server, &mut server_receives);
    let (client, reply_of_client) = client.reply(&mut client_sends, &from_server, rng).unwrap();
    let (server, reply_of_server) = server.reply(&mut server_sends, &from_client, rng).unwrap();
    [client.finish(&reply_of_server).unwrap(), server.finish(&reply_of_client).unwrap()]
}

type Streams = (SentStream, ReceivedStream);

/// The streams of both directions at one party.
fn streams(plans: &[StepPlan], own: Role, delta: Block) -> Streams {
    let hash_root = HashRoot::new(&SESSION);
    let steps = || plans.iter().zip(0..);
    let sent = steps().map(|(plan, step)| SentCondenser::new(plan, &hash_root, step, own.peer(), delta));
    let received = steps().map(|(plan, step)| ReceivedCondenser::new(plan, &hash_root, step, own));
    (SentStream::new(sent.collect()), ReceivedStream::new(received.collect()))
}

/// Makes a part and adds it to both streams.
fn extend_streams(
    extension: &mut SilentExtension,
    message: &[u8],
    streams: Unchecked<Streams>,
) -> Unchecked<Streams> {
    let make = |(sent, received): &Streams| {
        let pieces = extension.extend(message, |position, keys, macs| {
            (sent.condense(position, keys), received.condense(position, macs))
        });
        Ok(pieces.unwrap())
    };
    let add = |(sent, received): &mut Streams, pieces: Vec<_>| {
        pieces.into_iter().try_for_each(|(keys, macs)| sent.add(keys).and_then(|()| received.add(macs)))
    };
    streams.extend(make, add).unwrap()
}

/// Both parties check each other.
fn check(client: SilentExtension, server: SilentExtension) -> [Checked; 2] {
    let ((client, from_client), (server, from_server)) = (client.check(), server.check());
    let (client, of_client) = client.answer(&from_server).unwrap();
    let (server, of_server) = server.answer(&from_client).unwrap();
    [client.finish(&of_server).unwrap().1, server.finish(&of_client).unwrap().1]
}

/// The material of several steps, each direction, from one silent extension.
fn stream(plans: &[StepPlan], rng: &mut ChaCha20Rng) -> [Vec<(ReceivedMaterial, SentMaterial)>; 2] {
    let [mut client, mut server] = set_up_silent(rng);
    let of_client = streams(plans, Role::Client, client.delta());
    let of_server = streams(plans, Role::Server, server.delta());
    assert_eq!(of_client.0.needed(), of_server.1.needed());
    assert_eq!(of_client.1.needed(), of_server.0.needed());
    let parts = parts_for(of_client.0.needed().max(of_client.1.needed()));
    let (mut at_client, mut at_server) = (Unchecked::nothing(of_client), Unchecked::nothing(of_server));
    for _ in 0..parts {
        let (from_client, from_server) = (client.announce(1), server.announce(1));
        at_client = extend_streams(&mut client, &from_server[0], at_client);
        at_server = extend_streams(&mut server, &from_client[0], at_server);
    }
    let [client, server] = check(client, server);
    let (of_client, of_server) = (at_client.accept(&client).unwrap(), at_server.accept(&server).unwrap());
    [(of_client.1, of_server.0), (of_server.1, of_client.0)]
        .map(|(received, sent)| received.finish().unwrap().into_iter().zip(sent.finish().unwrap()).collect())
}

/// The material of one direction from macs that carry their choices.
fn silent(plan: &StepPlan, receiver: Role, rng: &mut ChaCha20Rng) -> (ReceivedMaterial, SentMaterial) {
    let hash_root = HashRoot::new(&SESSION);
    let mut received = ReceivedCondenser::new(plan, &hash_root, 0, receiver);
    let (delta, keys, _, macs) = ideal_cots(received.needed(), rng);
    let mut sent = SentCondenser::new(plan, &hash_root, 0, receiver, delta);
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

#[test]
fn steps_on_one_silent_stream_are_exact() {
    let plans = [
        StepPlan::new(StepShape { count: 10_000, ..SHAPE }, Mode::Ripple).unwrap(),
        StepPlan::new(SHAPE, Mode::Tree).unwrap(),
        StepPlan::new(StepShape { count: 7, ell: 16, pool: false, ..SHAPE }, Mode::Within(6)).unwrap(),
    ];
    let mut rng = ChaCha20Rng::seed_from_u64(1);
    let [client, server] = stream(&plans, &mut rng);
    for ((plan, client), server) in plans.iter().zip(client).zip(server) {
        let shape = plan.shape();
        let values: Vec<i64> =
            (0..shape.input_values()).map(|_| i64::from(rng.next_u32() & 0x3fff) - 0x2000 + 1).collect();
        let (c, s) = share(&values, shape.ell, &mut rng);
        let (y0, y1, _) = run_on(plan, &c, &s, client, server);
        assert_eq!(open(&y0, &y1, shape.out_ell), plain(&shape, &values));
    }
}

#[test]
fn a_stream_with_a_gap_is_refused() {
    let plan = StepPlan::new(SHAPE, Mode::Tree).unwrap();
    let hash_root = HashRoot::new(&SESSION);
    let mut sent = SentStream::new(vec![SentCondenser::new(&plan, &hash_root, 0, Role::Client, Block::ONE)]);
    let piece = sent.condense(1, &[Block::ZERO; 100]);
    assert_eq!(sent.add(piece), Err(StepError::Order));
    let piece = sent.condense(0, &[Block::ZERO; 100]);
    assert_eq!(sent.add(piece), Ok(()));
    let missing = StepError::CotCount { expected: plan.cots().client_receives, found: 100 };
    assert_eq!(sent.finish().err(), Some(missing));
}
