//! Look-ups: every pair of index shares, several tables, odd counts, lengths as stated.

use rand_chacha::ChaCha20Rng;
use rand_core::{Rng, SeedableRng};

use super::harness::deal;
use crate::circuit::LookupPlan;
use crate::lookup::{ClientLookup, ServerLookup, Table};
use crate::{Role, StepError};

fn table(number: u32) -> Table {
    core::array::from_fn(|i| ((i as u32 + 1 + 300 * number).wrapping_mul(0x9e37_79b9) >> 24) as u8)
}

/// Looks up shared indices; gives both parties' shares of the entries.
fn look_up(plan: &LookupPlan, u: &[u8], v: &[u8], tables: &[&Table], seed: u64) -> [Vec<u8>; 2] {
    let mut rng = ChaCha20Rng::seed_from_u64(seed);
    let (received, sent) = deal(plan.schedule(), Role::Client, &mut rng);
    let client = ClientLookup::new(plan, received).unwrap();
    let question = client.ask(u).unwrap();
    let (answer, y1) = ServerLookup::new(plan, sent).unwrap().answer(&question, v, tables).unwrap();
    assert_eq!((question.len(), answer.len()), (plan.question_bytes(), plan.answer_bytes()));
    [client.finish(&answer).unwrap(), y1]
}

#[test]
fn every_pair_of_index_shares() {
    let u: Vec<u8> = (0..=u16::MAX).map(|i| i as u8).collect();
    let v: Vec<u8> = (0..=u16::MAX).map(|i| (i >> 8) as u8).collect();
    let plan = LookupPlan::new(&[1 << 16]).unwrap();
    assert_eq!(plan.schedule().cots().client_receives, 8 << 16);
    assert_eq!((plan.question_bytes(), plan.answer_bytes()), (1 << 16, 255 << 16));
    let [y0, y1] = look_up(&plan, &u, &v, &[&table(0)], 1);
    for i in 0..1 << 16 {
        assert_eq!(y0[i] ^ y1[i], table(0)[usize::from(u[i].wrapping_add(v[i]))]);
    }
}

#[test]
fn each_segment_has_its_own_table() {
    for segments in [vec![1], vec![1, 1, 1], vec![5, 0, 700, 600], vec![1024, 3], vec![1025]] {
        let count: usize = segments.iter().sum();
        let mut rng = ChaCha20Rng::seed_from_u64(7);
        let mut indices = || (0..count).map(|_| rng.next_u32() as u8).collect::<Vec<u8>>();
        let (u, v) = (indices(), indices());
        let tables: Vec<Table> = (0..).map(table).take(segments.len()).collect();
        let plan = LookupPlan::new(&segments).unwrap();
        let [y0, y1] = look_up(&plan, &u, &v, &tables.iter().collect::<Vec<_>>(), 2);
        let own = segments.iter().zip(&tables).flat_map(|(count, table)| vec![table; *count]);
        for (i, table) in own.enumerate() {
            assert_eq!(y0[i] ^ y1[i], table[usize::from(u[i].wrapping_add(v[i]))], "{segments:?} {i}");
        }
        assert_eq!((y0.len(), y1.len()), (count, count));
    }
}

/// A table of zeros at equal indices: neither share nor any byte of the answer shows it (8 deviations).
#[test]
fn shares_and_entries_are_masked() {
    let plan = LookupPlan::new(&[1024]).unwrap();
    let mut rng = ChaCha20Rng::seed_from_u64(3);
    let (received, sent) = deal(plan.schedule(), Role::Client, &mut rng);
    let client = ClientLookup::new(&plan, received).unwrap();
    let question = client.ask(&[0; 1024]).unwrap();
    let (answer, y1) =
        ServerLookup::new(&plan, sent).unwrap().answer(&question, &[0; 1024], &[&[0; 256]]).unwrap();
    for entry in 0..255 {
        let ones: u32 = answer.iter().skip(entry).step_by(255).map(|byte| byte.count_ones()).sum();
        assert!(ones.abs_diff(4096) < 8 * 46, "{entry} {ones}");
    }
    for bytes in [&question, &y1] {
        let ones: u32 = bytes.iter().map(|byte| byte.count_ones()).sum();
        assert!(ones.abs_diff(4096) < 8 * 46, "{ones}");
    }
    assert_eq!(client.finish(&answer).unwrap(), y1);
}

#[test]
fn what_does_not_fit_is_refused() {
    assert!(matches!(LookupPlan::new(&[]), Err(StepError::Shape(_))));
    assert!(matches!(LookupPlan::new(&[1 << 20, 1]), Err(StepError::Shape(_))));
    assert!(matches!(LookupPlan::new(&[usize::MAX, 2]), Err(StepError::Shape(_))));
    let plan = LookupPlan::new(&[2]).unwrap();
    let material = || deal(plan.schedule(), Role::Client, &mut ChaCha20Rng::seed_from_u64(1));
    let client = ClientLookup::new(&plan, material().0).unwrap();
    let short = StepError::ShareCount { expected: 2, found: 1 };
    assert_eq!(client.ask(&[0]), Err(short));
    let server = || ServerLookup::new(&plan, material().1).unwrap();
    let wrong = StepError::MessageLength { expected: 2, found: 3 };
    assert_eq!(server().answer(&[0; 3], &[0, 0], &[&[0; 256]]), Err(wrong));
    assert_eq!(server().answer(&[0; 2], &[0], &[&[0; 256]]), Err(short));
    assert_eq!(client.finish(&[]), Err(StepError::MessageLength { expected: 510, found: 0 }));
    let other = LookupPlan::new(&[1, 2]).unwrap();
    assert_eq!(ClientLookup::new(&other, material().0).err(), Some(StepError::Material));
    assert_eq!(ServerLookup::new(&other, material().1).err(), Some(StepError::Material));
}
