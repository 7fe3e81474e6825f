//! Products of shares: exhaustive for small rings, random for every ring, bits as stated.

use rand_chacha::ChaCha20Rng;
use rand_core::{Rng, SeedableRng};

use super::harness::{deal, open};
use crate::{Multiplication, MultiplyPlan, Role, StepError};

/// Multiplies shares and returns the opened products and both messages' lengths.
fn multiply(plan: &MultiplyPlan, x: [&[u32]; 2], y: [&[u32]; 2], seed: u64) -> (Vec<u32>, usize) {
    let mut rng = ChaCha20Rng::seed_from_u64(seed);
    let (client_received, server_sent) = deal(plan, Role::Client, &mut rng);
    let (server_received, client_sent) = deal(plan, Role::Server, &mut rng);
    let (from_client, client) =
        Multiplication::start(plan, Role::Client, client_received, client_sent, x[0], y[0]).unwrap();
    let (from_server, server) =
        Multiplication::start(plan, Role::Server, server_received, server_sent, x[1], y[1]).unwrap();
    assert_eq!((from_client.len(), from_server.len()), (plan.client_bytes(0), plan.server_bytes(0)));
    let (z0, z1) = (client.finish(&from_server).unwrap(), server.finish(&from_client).unwrap());
    (open(&z0, &z1, plan.width()), from_client.len() + from_server.len())
}

#[test]
fn every_share_of_every_factor_mod_8() {
    let part = |shift: u32| (0..4096).map(|i| i >> shift & 7).collect::<Vec<u32>>();
    let [x0, x1, y0, y1] = [part(0), part(3), part(6), part(9)];
    let plan = MultiplyPlan::new(4096, 3).unwrap();
    let (products, bytes) = multiply(&plan, [&x0, &x1], [&y0, &y1], 1);
    for (i, product) in products.iter().enumerate() {
        assert_eq!(*product, ((x0[i] + x1[i]) * (y0[i] + y1[i])) & 7);
    }
    assert_eq!(bytes, 4096 * 3 * 6 / 8);
}

#[test]
fn random_factors_of_every_ring() {
    for width in 1..=30 {
        let mut rng = ChaCha20Rng::seed_from_u64(u64::from(width));
        let mut residues = || (0..1030).map(|_| rng.next_u32() & ((1 << width) - 1)).collect::<Vec<u32>>();
        let [x0, x1, y0, y1] = [residues(), residues(), residues(), residues()];
        let plan = MultiplyPlan::new(1030, width).unwrap();
        assert_eq!(plan.total_bits(), (width * (width + 3)) as usize);
        let (products, _) = multiply(&plan, [&x0, &x1], [&y0, &y1], 1);
        for (i, product) in products.iter().enumerate() {
            let expected =
                x0[i].wrapping_add(x1[i]).wrapping_mul(y0[i].wrapping_add(y1[i])) & ((1 << width) - 1);
            assert_eq!(*product, expected);
        }
    }
}

#[test]
fn what_does_not_fit_is_refused() {
    assert!(matches!(MultiplyPlan::new(0, 8), Err(StepError::Shape(_))));
    assert!(matches!(MultiplyPlan::new(1, 31), Err(StepError::Shape(_))));
    let plan = MultiplyPlan::new(3, 8).unwrap();
    let start = |x: &[u32]| {
        let mut rng = ChaCha20Rng::seed_from_u64(1);
        let (received, _) = deal(&plan, Role::Client, &mut rng);
        let (_, sent) = deal(&plan, Role::Server, &mut rng);
        Multiplication::start(&plan, Role::Client, received, sent, x, &[1, 2, 3])
    };
    assert_eq!(start(&[1, 2]).err(), Some(StepError::ShareCount { expected: 3, found: 2 }));
    assert_eq!(start(&[1, 2, 256]).err(), Some(StepError::ShareRange));
    let expected = plan.server_bytes(0);
    let (_, waiting) = start(&[1, 2, 3]).unwrap();
    assert_eq!(waiting.finish(&[0; 3]), Err(StepError::MessageLength { expected, found: 3 }));
}
