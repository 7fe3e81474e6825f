//! Unit vectors: a one at the shared index and nowhere else, every index, odd counts, sizes by the
//! formula, no message unmasked, wrong calls refused.

use rand_chacha::ChaCha20Rng;
use rand_core::{Rng, SeedableRng};
use shares::Role;

use super::harness::deal;
use crate::cell::unit_vector::ENTRIES;
use crate::{StepError, UnitVector, UnitVectorPlan, UnitVectors};

fn parties(plan: &UnitVectorPlan, seed: u64) -> [UnitVectors; 2] {
    let mut rng = ChaCha20Rng::seed_from_u64(seed);
    let (client_received, server_sent) = deal(plan.schedule(), Role::Client, &mut rng);
    let (server_received, client_sent) = deal(plan.schedule(), Role::Server, &mut rng);
    [
        UnitVectors::new(plan, Role::Client, client_received, client_sent, &mut rng).unwrap(),
        UnitVectors::new(plan, Role::Server, server_received, server_sent, &mut rng).unwrap(),
    ]
}

/// Both parties' shares, and all messages.
fn run(plan: &UnitVectorPlan, seed: u64) -> ([Vec<UnitVector>; 2], Vec<[Vec<u8>; 2]>) {
    let [mut client, mut server] = parties(plan, seed);
    let exchange = |round| {
        let messages = [client.outgoing().unwrap(), server.outgoing().unwrap()];
        client.incoming(&messages[1]).unwrap();
        server.incoming(&messages[0]).unwrap();
        assert_eq!(messages.each_ref().map(Vec::len), [plan.client_bytes(round), plan.server_bytes(round)]);
        messages
    };
    let messages = (0..plan.rounds()).map(exchange).collect();
    ([client.finish().unwrap(), server.finish().unwrap()], messages)
}

#[test]
fn the_one_stands_at_the_index() {
    let mut seen = [0_u32; ENTRIES];
    for count in [1, 3, 64, 1023, 1024, 1025, 5000] {
        let ([client, server], _) = run(&UnitVectorPlan::new(count).unwrap(), count as u64);
        assert_eq!((client.len(), server.len()), (count, count));
        for (client, server) in client.iter().zip(&server) {
            let index = usize::from(client.index.wrapping_add(server.index));
            let mut expected = [0; ENTRIES / 64];
            expected[index / 64] = 1 << (index % 64);
            assert_eq!(core::array::from_fn(|word| client.entries[word] ^ server.entries[word]), expected);
            seen[index] += 1;
        }
    }
    assert!(seen.iter().all(|count| *count > 0), "{seen:?}");
}

#[test]
fn sizes_follow_the_formula() {
    let plan = UnitVectorPlan::new(800).unwrap();
    let bits = |bits: usize| bits * 100;
    assert_eq!(plan.rounds(), 3);
    assert_eq!((0..3).map(|round| plan.client_bytes(round)).collect::<Vec<_>>(), [15, 24, 240].map(bits));
    assert_eq!((0..3).map(|round| plan.server_bytes(round)).collect::<Vec<_>>(), [36, 24, 240].map(bits));
    assert_eq!((plan.client_bytes(3), plan.server_bytes(3)), (0, 0));
    let cots = plan.schedule().cots();
    assert_eq!((cots.client_receives, cots.server_receives), (32 * 800, 25 * 800));
}

/// Every plane of every message, the shares of the index and every entry's share are balanced (8
/// deviations).
#[test]
fn messages_and_shares_are_masked() {
    let ([client, server], messages) = run(&UnitVectorPlan::new(1024).unwrap(), 5);
    for plane in messages.iter().flatten().flat_map(|message| message.chunks(128)) {
        let ones: u32 = plane.iter().map(|byte| byte.count_ones()).sum();
        assert!(ones.abs_diff(512) < 128, "{ones}");
    }
    for shares in [client, server] {
        for bit in 0..8 {
            let ones = shares.iter().filter(|vector| vector.index >> bit & 1 == 1).count();
            assert!(ones.abs_diff(512) < 128, "{bit} {ones}");
        }
        for entry in 0..ENTRIES {
            let one = |vector: &&UnitVector| vector.entries[entry / 64] >> (entry % 64) & 1 == 1;
            let ones = shares.iter().filter(one).count();
            assert!(ones.abs_diff(512) < 128, "{entry} {ones}");
        }
    }
}

#[test]
fn what_does_not_fit_is_refused() {
    for count in [0, (1 << 22) + 1, usize::MAX] {
        assert!(matches!(UnitVectorPlan::new(count), Err(StepError::Shape(_))));
    }
    let plan = UnitVectorPlan::new(3).unwrap();
    let [mut client, mut server] = parties(&plan, 1);
    assert_eq!(client.incoming(&[]), Err(StepError::Order));
    for round in 0..plan.rounds() {
        let messages = [client.outgoing().unwrap(), server.outgoing().unwrap()];
        assert_eq!(client.outgoing(), Err(StepError::Order));
        let expected = plan.server_bytes(round);
        for found in [0, expected - 1, expected + 1] {
            let refused = Err(StepError::MessageLength { expected, found });
            assert_eq!(client.incoming(&vec![0; found]), refused);
        }
        client.incoming(&messages[1]).unwrap();
        server.incoming(&messages[0]).unwrap();
    }
    assert_eq!(client.outgoing(), Err(StepError::Order));
    assert_eq!(client.incoming(&[]), Err(StepError::Order));
    assert!(client.finish().is_ok());
    let [unfinished, _] = parties(&plan, 1);
    assert_eq!(unfinished.finish().err(), Some(StepError::Order));
    let other = UnitVectorPlan::new(4).unwrap();
    let mut rng = ChaCha20Rng::seed_from_u64(1);
    let (received, server_sent) = deal(plan.schedule(), Role::Client, &mut rng);
    let (server_received, sent) = deal(plan.schedule(), Role::Server, &mut rng);
    let foreign = UnitVectors::new(&other, Role::Client, received, sent, &mut rng);
    assert_eq!(foreign.err(), Some(StepError::Material));
    let wrong_role = UnitVectors::new(&plan, Role::Client, server_received, server_sent, &mut rng);
    assert_eq!(wrong_role.err(), Some(StepError::Material));
}

#[test]
fn arbitrary_bytes_of_the_right_length_never_panic() {
    let plan = UnitVectorPlan::new(1030).unwrap();
    let [mut client, _] = parties(&plan, 1);
    let mut rng = ChaCha20Rng::seed_from_u64(2);
    for round in 0..plan.rounds() {
        client.outgoing().unwrap();
        let mut noise = vec![0; plan.server_bytes(round)];
        rng.fill_bytes(&mut noise);
        client.incoming(&noise).unwrap();
    }
    assert_eq!(client.finish().unwrap().len(), 1030);
}
