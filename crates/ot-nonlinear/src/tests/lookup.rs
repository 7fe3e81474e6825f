//! Look-ups: every pair of index shares, every width, lengths as stated.

use rand_chacha::ChaCha20Rng;
use rand_core::{Rng, SeedableRng};

use super::harness::{deal, open};
use crate::{ClientLookup, LookupPlan, Role, ServerLookup, StepError};

fn table(width: u32) -> [u32; 256] {
    core::array::from_fn(|i| (i as u32 + 1).wrapping_mul(0x9e37_79b9) >> (32 - width))
}

fn look_up(plan: &LookupPlan, u: &[u32], v: &[u32], seed: u64) -> Vec<u32> {
    let mut rng = ChaCha20Rng::seed_from_u64(seed);
    let (received, sent) = deal(plan.schedule(), Role::Client, &mut rng);
    let (question, client) = ClientLookup::ask(plan, received, u).unwrap();
    let (answer, y1) = ServerLookup::new(plan, sent).unwrap().answer(&question, v).unwrap();
    assert_eq!((question.len(), answer.len()), (plan.question_bytes(), plan.answer_bytes()));
    open(&client.finish(&answer).unwrap(), &y1, plan.width())
}

#[test]
fn every_pair_of_index_shares() {
    let u: Vec<u32> = (0..1 << 16).map(|i| i & 255).collect();
    let v: Vec<u32> = (0..1 << 16).map(|i| i >> 8).collect();
    let table = table(16);
    let plan = LookupPlan::new(1 << 16, &table, 16).unwrap();
    assert_eq!(plan.schedule().cots().client_receives, 8 << 16);
    assert_eq!(plan.answer_bytes(), 255 * 2 * (1 << 16));
    for (i, entry) in look_up(&plan, &u, &v, 1).iter().enumerate() {
        assert_eq!(*entry, table[((u[i] + v[i]) % 256) as usize]);
    }
}

#[test]
fn every_width_and_odd_counts() {
    for width in 1..=30 {
        let count = 3 * width as usize;
        let mut rng = ChaCha20Rng::seed_from_u64(7);
        let mut indices = || (0..count).map(|_| rng.next_u32() & 255).collect::<Vec<u32>>();
        let (u, v) = (indices(), indices());
        let plan = LookupPlan::new(count, &table(width), width).unwrap();
        for (i, entry) in look_up(&plan, &u, &v, 2).iter().enumerate() {
            assert_eq!(*entry, table(width)[((u[i] + v[i]) % 256) as usize]);
        }
    }
}

#[test]
fn what_does_not_fit_is_refused() {
    assert!(matches!(LookupPlan::new(0, &[0; 256], 8), Err(StepError::Shape(_))));
    assert!(matches!(LookupPlan::new(1, &[0; 256], 31), Err(StepError::Shape(_))));
    assert!(matches!(LookupPlan::new(1, &[256; 256], 8), Err(StepError::Shape(_))));
    let plan = LookupPlan::new(2, &[5; 256], 8).unwrap();
    let material = || deal(plan.schedule(), Role::Client, &mut ChaCha20Rng::seed_from_u64(1));
    assert_eq!(ClientLookup::ask(&plan, material().0, &[0, 256]).err(), Some(StepError::ShareRange));
    let short = Some(StepError::ShareCount { expected: 2, found: 1 });
    assert_eq!(ClientLookup::ask(&plan, material().0, &[0]).err(), short);
    let server = ServerLookup::new(&plan, material().1).unwrap();
    let wrong = Some(StepError::MessageLength { expected: 2, found: 3 });
    assert_eq!(server.answer(&[0; 3], &[0, 0]).err(), wrong);
    let (_, client) = ClientLookup::ask(&plan, material().0, &[0, 1]).unwrap();
    let wrong = StepError::MessageLength { expected: 510, found: 0 };
    assert_eq!(client.finish(&[]), Err(wrong));
}
