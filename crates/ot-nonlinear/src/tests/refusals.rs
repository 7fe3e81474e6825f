//! Hostile messages and wrong calls end in typed errors; material cut into any pieces is the same
//! material.

use oblivious_transfer::block::Block;
use rand_chacha::ChaCha20Rng;
use rand_core::{Rng, SeedableRng};
use shares::{Role, StepShape};

use super::harness::{SESSION, deal, ideal_cots, open, plain, run_on, share};
use crate::{HashRoot, Mode, ReceivedCondenser, SentCondenser, ServerOffline, Step, StepError, StepPlan};

const SHAPE: StepShape = StepShape { count: 1030, ell: 12, shift: 3, bits: 6, pool: true, out_ell: 14 };

fn pair(plan: &StepPlan) -> (Step, Step) {
    let mut rng = ChaCha20Rng::seed_from_u64(1);
    let (client_received, server_sent) = deal(plan, Role::Client, &mut rng);
    let (server_received, client_sent) = deal(plan, Role::Server, &mut rng);
    let shares = vec![5; plan.input_values()];
    let (offline, client) = Step::prepare_client(plan, client_received, client_sent, &shares).unwrap();
    let server = ServerOffline::prepare(plan, server_received, server_sent, &offline).unwrap();
    (client, server.start(&shares).unwrap())
}

#[test]
fn messages_of_a_wrong_length_are_refused_and_the_step_goes_on() {
    let plan = StepPlan::new(SHAPE, Mode::Tree).unwrap();
    let (mut client, mut server) = pair(&plan);
    for _ in 0..plan.rounds() {
        let (from_client, from_server) = (client.outgoing().unwrap(), server.outgoing().unwrap());
        let mut longer = from_client.clone();
        longer.push(0);
        let expected = from_client.len();
        assert_eq!(server.incoming(&longer), Err(StepError::MessageLength { expected, found: expected + 1 }));
        if let Some(shorter) = from_server.get(1..) {
            let expected = from_server.len();
            assert_eq!(
                client.incoming(shorter),
                Err(StepError::MessageLength { expected, found: expected - 1 })
            );
        }
        client.incoming(&from_server).unwrap();
        server.incoming(&from_client).unwrap();
    }
    assert!(client.finish().is_ok() && server.finish().is_ok());
}

#[test]
fn arbitrary_bytes_of_the_right_length_never_panic() {
    let plan = StepPlan::new(SHAPE, Mode::Ripple).unwrap();
    let (mut client, mut server) = pair(&plan);
    let mut rng = ChaCha20Rng::seed_from_u64(9);
    for round in 0..plan.rounds() {
        client.outgoing().unwrap();
        server.outgoing().unwrap();
        let mut noise = vec![0; plan.server_bytes(round)];
        rng.fill_bytes(&mut noise);
        client.incoming(&noise).unwrap();
        server.incoming(&vec![0xff; plan.client_bytes(round)]).unwrap();
    }
    assert!(client.finish().unwrap().iter().all(|y| *y < 1 << 14));
}

#[test]
fn calls_out_of_order_are_refused() {
    let plan = StepPlan::new(SHAPE, Mode::Tree).unwrap();
    let (mut client, server) = pair(&plan);
    assert_eq!(client.incoming(&[]), Err(StepError::Order));
    client.outgoing().unwrap();
    assert_eq!(client.outgoing(), Err(StepError::Order));
    assert_eq!(client.finish(), Err(StepError::Order));
    assert_eq!(server.finish(), Err(StepError::Order));
}

#[test]
fn a_wrong_offline_message_is_refused() {
    let plan = StepPlan::new(SHAPE, Mode::Tree).unwrap();
    let mut rng = ChaCha20Rng::seed_from_u64(1);
    for length in [0, plan.offline_bytes() - 1, plan.offline_bytes() + 1] {
        let (_, sent) = deal(&plan, Role::Client, &mut rng);
        let (received, _) = deal(&plan, Role::Server, &mut rng);
        let expected = StepError::MessageLength { expected: plan.offline_bytes(), found: length };
        assert_eq!(ServerOffline::prepare(&plan, received, sent, &vec![0; length]).err(), Some(expected));
    }
}

#[test]
fn shares_that_do_not_fit_are_refused() {
    let plan = StepPlan::new(SHAPE, Mode::Ripple).unwrap();
    let prepare = |shares: &[u32]| {
        let mut rng = ChaCha20Rng::seed_from_u64(1);
        let (received, _) = deal(&plan, Role::Client, &mut rng);
        let (_, sent) = deal(&plan, Role::Server, &mut rng);
        Step::prepare_client(&plan, received, sent, shares).err()
    };
    assert_eq!(prepare(&[0; 1030]), Some(StepError::ShareCount { expected: 2060, found: 1030 }));
    let mut shares = vec![0; 2060];
    shares[2059] = 1 << 12;
    assert_eq!(prepare(&shares), Some(StepError::ShareRange));
}

#[test]
fn material_of_another_plan_role_or_direction_is_refused() {
    let plan = StepPlan::new(SHAPE, Mode::Ripple).unwrap();
    let others = [
        StepPlan::new(SHAPE, Mode::Tree).unwrap(),
        StepPlan::new(StepShape { count: 1029, ..SHAPE }, Mode::Ripple).unwrap(),
        StepPlan::new(StepShape { out_ell: 13, ..SHAPE }, Mode::Ripple).unwrap(),
    ];
    let mut rng = ChaCha20Rng::seed_from_u64(1);
    for other in &others {
        let (received, _) = deal(other, Role::Client, &mut rng);
        let (_, sent) = deal(other, Role::Server, &mut rng);
        assert_eq!(Step::prepare_client(&plan, received, sent, &[0; 2060]).err(), Some(StepError::Material));
    }
    let (received, _) = deal(&plan, Role::Server, &mut rng);
    let (_, sent) = deal(&plan, Role::Server, &mut rng);
    assert_eq!(Step::prepare_client(&plan, received, sent, &[0; 2060]).err(), Some(StepError::Material));
}

#[test]
fn shapes_outside_the_limits_are_refused() {
    let bad = [
        StepShape { count: 0, ..SHAPE },
        StepShape { ell: 2, shift: 0, bits: 1, ..SHAPE },
        StepShape { ell: 31, ..SHAPE },
        StepShape { bits: 0, ..SHAPE },
        StepShape { bits: 9, ..SHAPE },
        StepShape { bits: u32::MAX, ..SHAPE },
        StepShape { shift: u32::MAX, ..SHAPE },
        StepShape { out_ell: 1, ..SHAPE },
        StepShape { out_ell: 31, ..SHAPE },
    ];
    for shape in bad {
        assert!(matches!(StepPlan::new(shape, Mode::Ripple), Err(StepError::Shape(_))), "{shape:?}");
    }
}

#[test]
fn condensers_count_what_they_take() {
    let plan = StepPlan::new(SHAPE, Mode::Ripple).unwrap();
    let hash_root = HashRoot::new(&SESSION);
    let mut rng = ChaCha20Rng::seed_from_u64(1);
    let (delta, keys, choices, macs) = ideal_cots(plan.cots().client_receives + 1, &mut rng);
    let expected = keys.len() - 1;
    let refused = StepError::CotCount { expected, found: expected + 1 };
    let mut sent = SentCondenser::new(&plan, &hash_root, 1, Role::Client, delta);
    assert_eq!(sent.absorb(&keys), Err(refused));
    sent.absorb(&keys[2..]).unwrap();
    assert_eq!(sent.needed(), 1);
    assert_eq!(sent.finish().err(), Some(StepError::CotCount { expected, found: expected - 1 }));
    let mut received = ReceivedCondenser::new(&plan, &hash_root, 1, Role::Client);
    assert_eq!(received.absorb(&macs, &choices), Err(refused));
    assert_eq!(received.absorb(&macs[1..], &choices), Err(StepError::Choices));
    assert_eq!(received.finish().err(), Some(StepError::CotCount { expected, found: 0 }));
}

#[test]
fn material_in_pieces_is_the_same_material() {
    let plan = StepPlan::new(SHAPE, Mode::Tree).unwrap();
    let hash_root = HashRoot::new(&SESSION);
    let mut rng = ChaCha20Rng::seed_from_u64(4);
    let mut direction = |receiver: Role, step: usize| {
        let mut received = ReceivedCondenser::new(&plan, &hash_root, 9, receiver);
        let (delta, keys, choices, macs) = ideal_cots(received.needed(), &mut rng);
        let mut sent = SentCondenser::new(&plan, &hash_root, 9, receiver, delta);
        let mut at = 0;
        for size in (1..).map(|i| i * step % 3001) {
            let end = (at + size).min(keys.len());
            received.absorb(&macs[at..end], &choices.slice(at, end - at)).unwrap();
            at = end;
            if at == keys.len() {
                break;
            }
        }
        keys.chunks(step).for_each(|piece: &[Block]| sent.absorb(piece).unwrap());
        (received.finish().unwrap(), sent.finish().unwrap())
    };
    let (client, server) = (direction(Role::Client, 997), direction(Role::Server, 64));
    let accumulators: Vec<i64> = (0..2060).map(|i| i64::from(i * 7919 % 2047 - 1023)).collect();
    let (c, s) = share(&accumulators, SHAPE.ell, &mut rng);
    let (y0, y1, _) = run_on(&plan, &c, &s, client, server);
    assert_eq!(open(&y0, &y1, SHAPE.out_ell), plain(&SHAPE, &accumulators));
}
