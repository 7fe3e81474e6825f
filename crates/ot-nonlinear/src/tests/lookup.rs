//! Look-ups: every pair of index shares, several tables, lengths as stated.

use rand_chacha::ChaCha20Rng;
use rand_core::{Rng, SeedableRng};

use super::harness::ideal_vectors;
use crate::StepError;
use crate::cell::lookup::{Lookup, Table};

fn table(number: u32) -> [u8; 256] {
    core::array::from_fn(|i| ((i as u32 + 1 + 300 * number).wrapping_mul(0x9e37_79b9) >> 24) as u8)
}

/// Looks up shared indices, each in its table; gives both parties' messages and shares of the
/// entries.
fn look_up(shares: [&[u8]; 2], tables: &[Table], seed: u64) -> ([Vec<u8>; 2], [Vec<u8>; 2]) {
    let mut rng = ChaCha20Rng::seed_from_u64(seed);
    let [client, server] = ideal_vectors(shares[0].len(), &mut rng).map(Lookup::new);
    let (from_client, client) = client.open(shares[0]).unwrap();
    let (from_server, server) = server.open(shares[1]).unwrap();
    let messages = [from_client, from_server];
    let entries = [
        client.finish(&messages[1], tables.iter()).unwrap(),
        server.finish(&messages[0], tables.iter()).unwrap(),
    ];
    (messages, entries)
}

#[test]
fn every_pair_of_index_shares() {
    let u: Vec<u8> = (0..=u16::MAX).map(|i| i as u8).collect();
    let v: Vec<u8> = (0..=u16::MAX).map(|i| (i >> 8) as u8).collect();
    let tables = vec![Table::new(&table(0)); 1 << 16];
    let (messages, [y0, y1]) = look_up([&u, &v], &tables, 1);
    assert_eq!(messages.map(|message| message.len()), [1 << 16; 2]);
    for i in 0..1 << 16 {
        assert_eq!(y0[i] ^ y1[i], table(0)[usize::from(u[i].wrapping_add(v[i]))]);
    }
}

#[test]
fn each_has_its_own_table() {
    for count in [1, 3, 700] {
        let mut rng = ChaCha20Rng::seed_from_u64(7);
        let mut indices = || (0..count).map(|_| rng.next_u32() as u8).collect::<Vec<u8>>();
        let (u, v) = (indices(), indices());
        let bytes: Vec<_> = (0..count).map(|i| table(i % 5)).collect();
        let tables: Vec<Table> = bytes.iter().map(Table::new).collect();
        let (_, [y0, y1]) = look_up([&u, &v], &tables, 2);
        for (i, table) in bytes.iter().enumerate() {
            assert_eq!(y0[i] ^ y1[i], table[usize::from(u[i].wrapping_add(v[i]))], "{i}");
        }
        assert_eq!((y0.len(), y1.len()), (count as usize, count as usize));
    }
}

/// Equal indices in a table of ones: neither messages nor shares show it (8 deviations).
#[test]
fn messages_and_shares_are_masked() {
    let tables = vec![Table::new(&[255; 256]); 1024];
    let (messages, [y0, y1]) = look_up([&[0; 1024], &[0; 1024]], &tables, 3);
    for bytes in messages.iter().chain([&y0, &y1]) {
        let ones: u32 = bytes.iter().map(|byte| byte.count_ones()).sum();
        assert!(ones.abs_diff(4096) < 8 * 46, "{ones}");
    }
    assert!(y0.iter().zip(&y1).all(|(y0, y1)| y0 ^ y1 == 255));
}

#[test]
fn what_does_not_fit_is_refused() {
    let [client, server] = ideal_vectors(2, &mut ChaCha20Rng::seed_from_u64(1)).map(Lookup::new);
    assert_eq!(server.open(&[0]).err(), Some(StepError::ShareCount { expected: 2, found: 1 }));
    let (_, client) = client.open(&[0, 0]).unwrap();
    let tables = [Table::new(&[0; 256]), Table::new(&[0; 256])];
    let wrong = StepError::MessageLength { expected: 2, found: 3 };
    assert_eq!(client.finish(&[0; 3], tables.iter()), Err(wrong));
}
