//! Steps whose client learns its shares online: the same results, nothing offline, the same traffic
//! in all.

use super::harness::{deal, open, plain, share};
use crate::{Mode, ServerOffline, Step, StepError, StepPlan};
use rand_chacha::ChaCha20Rng;
use rand_core::SeedableRng;
use shares::{Role, StepShape};

/// Runs a late step on `values` and compares every result with the plain formula.
fn check(shape: StepShape, mode: Mode, c: &[u32], s: &[u32], values: &[i64]) {
    let plan = StepPlan::late(shape, mode).unwrap();
    let mut rng = ChaCha20Rng::seed_from_u64(2);
    let (client_received, server_sent) = deal(&plan, Role::Client, &mut rng);
    let (server_received, client_sent) = deal(&plan, Role::Server, &mut rng);
    let server = ServerOffline::prepare(&plan, server_received, server_sent, &[]).unwrap();
    let mut server = server.start(s).unwrap();
    let (offline, mut client) = Step::prepare_client(&plan, client_received, client_sent, c).unwrap();
    assert_eq!((offline.len(), plan.offline_bytes()), (0, 0));
    for round in 0..plan.rounds() {
        let (from_client, from_server) = (client.outgoing().unwrap(), server.outgoing().unwrap());
        assert_eq!(
            (from_client.len(), from_server.len()),
            (plan.client_bytes(round), plan.server_bytes(round))
        );
        client.incoming(&from_server).unwrap();
        server.incoming(&from_client).unwrap();
    }
    let opened = open(&client.finish().unwrap(), &server.finish().unwrap(), shape.out_ell);
    assert_eq!(opened, plain(&shape, values), "{shape:?} {mode:?}");
}

#[test]
fn every_pair_of_shares_at_ell_6() {
    let values: Vec<i64> = (-15..16).flat_map(|value| [value; 64]).collect();
    let c: Vec<u32> = (0..values.len() as u32).map(|i| i & 63).collect();
    let s: Vec<u32> = values.iter().zip(&c).map(|(a, c)| (*a as u32).wrapping_sub(*c) & 63).collect();
    for (shift, bits) in [(0, 1), (0, 5), (1, 2), (2, 3), (3, 1), (4, 1)] {
        for mode in [Mode::Ripple, Mode::Tree, Mode::Within(4)] {
            for out_ell in [2, 6, 9] {
                let shape = StepShape { count: c.len(), ell: 6, shift, bits, pool: false, out_ell };
                check(shape, mode, &c, &s, &values);
            }
        }
    }
}

#[test]
fn the_steps_of_a_cell() {
    let mut rng = ChaCha20Rng::seed_from_u64(3);
    for (ell, shift, bits, out_ell) in [(19, 7, 8, 19), (19, 9, 8, 8), (22, 7, 12, 22), (22, 12, 8, 8)] {
        let bound = (1_i64 << (ell - 2)) - 1;
        let values: Vec<i64> = (0..3000).map(|i| (i * 7_654_321) % (2 * bound + 1) - bound).collect();
        let (c, s) = share(&values, ell, &mut rng);
        let shape = StepShape { count: values.len(), ell, shift, bits, pool: false, out_ell };
        check(shape, Mode::Tree, &c, &s, &values);
        check(shape, Mode::Ripple, &c, &s, &values);
    }
}

#[test]
fn the_choices_travel_online_instead() {
    let shape = StepShape { count: 3, ell: 20, shift: 6, bits: 8, pool: false, out_ell: 20 };
    for mode in [Mode::Ripple, Mode::Tree] {
        let (early, late) = (StepPlan::new(shape, mode).unwrap(), StepPlan::late(shape, mode).unwrap());
        assert!(early.offline_bits() > 0);
        assert_eq!((early.total_bits(), early.rounds()), (late.total_bits(), late.rounds()));
        assert_eq!(early.cots(), late.cots());
    }
    let pooled = StepPlan::late(StepShape { pool: true, ..shape }, Mode::Tree);
    assert!(matches!(pooled, Err(StepError::Shape(_))));
}
