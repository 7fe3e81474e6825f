//! The label: every order of few scores, ties to the lowest index.

use rand_chacha::ChaCha20Rng;
use rand_core::SeedableRng;

use super::harness::{deal, share};
use crate::{ArgmaxPlan, ArgmaxShape, ClientArgmax, Role, ServerArgmaxOffline, StepError};

/// Runs the argmax on shared scores; returns the label and the lengths of all messages.
fn label(plan: &ArgmaxPlan, scores: &[i64], seed: u64) -> (Result<usize, StepError>, Vec<usize>) {
    let mut rng = ChaCha20Rng::seed_from_u64(seed);
    let (c, s) = share(scores, plan.shape().ell, &mut rng);
    let (client_received, server_sent) = deal(plan, Role::Client, &mut rng);
    let (server_received, client_sent) = deal(plan, Role::Server, &mut rng);
    let (offline, mut client) = ClientArgmax::prepare(plan, client_received, client_sent, &c).unwrap();
    let server = ServerArgmaxOffline::prepare(plan, server_received, server_sent, &offline).unwrap();
    let mut server = server.start(&s).unwrap();
    let mut lengths = vec![offline.len()];
    assert_eq!(offline.len(), plan.offline_bytes());
    for round in 0..plan.rounds() {
        let (from_client, from_server) = (client.outgoing().unwrap(), server.outgoing().unwrap());
        assert_eq!(from_client.len(), plan.client_bytes(round));
        assert_eq!(from_server.len(), plan.server_bytes(round));
        client.incoming(&from_server).unwrap();
        server.incoming(&from_client).unwrap();
        lengths.extend([from_client.len(), from_server.len()]);
    }
    let last = server.finish().unwrap();
    assert_eq!(last.len(), plan.label_bytes());
    (client.finish(&last), lengths)
}

fn plain(scores: &[i64]) -> usize {
    let largest = scores.iter().max().unwrap();
    scores.iter().position(|score| score == largest).unwrap()
}

#[test]
fn every_order_of_four_small_scores() {
    let plan = ArgmaxPlan::new(ArgmaxShape { classes: 4, ell: 4 }).unwrap();
    let values = [-3, -1, 0, 3];
    for code in 0..256_usize {
        let scores: Vec<i64> = (0..4).map(|i| values[code >> (2 * i) & 3]).collect();
        assert_eq!(label(&plan, &scores, code as u64).0, Ok(plain(&scores)), "{scores:?}");
    }
}

#[test]
fn extremes_of_every_ring_and_number_of_classes() {
    for ell in 4..=30 {
        let bound = (1_i64 << (ell - 2)) - 1;
        for classes in [2, 3, 5, 9, 64] {
            let plan = ArgmaxPlan::new(ArgmaxShape { classes, ell }).unwrap();
            let edges = [-bound, bound, bound - 1, 0, -1, 1 - bound];
            let scores: Vec<i64> =
                (0..classes).map(|i| edges[(i * i + ell as usize) % edges.len()]).collect();
            assert_eq!(label(&plan, &scores, 5).0, Ok(plain(&scores)), "{ell} {scores:?}");
            assert_eq!(label(&plan, &vec![-bound; classes], 6).0, Ok(0));
        }
    }
}

#[test]
fn sizes_do_not_depend_on_the_scores() {
    let plan = ArgmaxPlan::new(ArgmaxShape { classes: 4, ell: 20 }).unwrap();
    assert_eq!(label(&plan, &[1, 2, 3, 4], 1).1, label(&plan, &[-9, 0, -9, -9], 2).1);
}

#[test]
fn a_last_message_without_a_winner_is_refused() {
    let plan = ArgmaxPlan::new(ArgmaxShape { classes: 2, ell: 8 }).unwrap();
    for flip in [0, 1, 2, 3] {
        let mut rng = ChaCha20Rng::seed_from_u64(1);
        let (client_received, server_sent) = deal(&plan, Role::Client, &mut rng);
        let (server_received, client_sent) = deal(&plan, Role::Server, &mut rng);
        let (offline, mut client) =
            ClientArgmax::prepare(&plan, client_received, client_sent, &[0, 1]).unwrap();
        let server = ServerArgmaxOffline::prepare(&plan, server_received, server_sent, &offline).unwrap();
        let mut server = server.start(&[0, 0]).unwrap();
        for _ in 0..plan.rounds() {
            let (from_client, from_server) = (client.outgoing().unwrap(), server.outgoing().unwrap());
            client.incoming(&from_server).unwrap();
            server.incoming(&from_client).unwrap();
        }
        let mut last = server.finish().unwrap();
        last[0] ^= flip;
        let expected = [Ok(1), Err(StepError::Label), Err(StepError::Label), Ok(0)][flip as usize];
        assert_eq!(client.finish(&last), expected);
    }
}

#[test]
fn shapes_outside_the_limits_are_refused() {
    for (classes, ell) in [(1, 8), (65, 8), (4, 2), (4, 31)] {
        assert!(matches!(ArgmaxPlan::new(ArgmaxShape { classes, ell }), Err(StepError::Shape(_))));
    }
}
