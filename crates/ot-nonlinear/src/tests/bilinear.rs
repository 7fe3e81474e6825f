//! Products of XOR-shared bytes: every share where that is feasible, every ring, bits as stated.

use rand_chacha::ChaCha20Rng;
use rand_core::{Rng, SeedableRng};
use shares::Role;

use super::harness::{deal, open};
use crate::StepError;
use crate::cell::bilinear::Bilinear;
use crate::circuit::{BilinearPlan, Byte, Product, Sum};

fn party(plan: &BilinearPlan, seed: u64) -> [Bilinear; 2] {
    let mut rng = ChaCha20Rng::seed_from_u64(seed);
    let (client_received, server_sent) = deal(plan.schedule(), Role::Client, &mut rng);
    let (server_received, client_sent) = deal(plan.schedule(), Role::Server, &mut rng);
    [
        Bilinear::new(plan, Role::Client, client_received, client_sent).unwrap(),
        Bilinear::new(plan, Role::Server, server_received, server_sent).unwrap(),
    ]
}

/// The opened sums from each party's shares of the bytes and residues.
fn run(plan: &BilinearPlan, bytes: [&[&[u8]]; 2], residues: [&[&[u32]]; 2]) -> Vec<Vec<u32>> {
    let [client, server] = party(plan, 1);
    let (from_client, client) = client.send(bytes[0], residues[0]).unwrap();
    let (from_server, server) = server.send(bytes[1], residues[1]).unwrap();
    let (z0, z1) = (client.finish(&from_server).unwrap(), server.finish(&from_client).unwrap());
    let sums = plan.sums().iter().zip(z0.iter().zip(&z1));
    sums.map(|(sum, (z0, z1))| open(z0, z1, sum.width)).collect()
}

fn value(byte: u8, signed: bool) -> i64 {
    if signed { i64::from(byte.cast_signed()) } else { i64::from(byte) }
}

fn residue(value: i64, width: u32) -> u32 {
    value.rem_euclid(1 << width) as u32
}

fn byte(index: usize, signed: bool) -> Byte {
    Byte { index, signed }
}

fn one(count: usize, width: u32, product: Product) -> BilinearPlan {
    BilinearPlan::new(count, vec![Sum { width, products: vec![product] }]).unwrap()
}

/// All pairs of bytes.
fn pairs() -> [Vec<u8>; 2] {
    [(0..=u16::MAX).map(|i| i as u8).collect(), (0..=u16::MAX).map(|i| (i >> 8) as u8).collect()]
}

#[test]
fn every_share_of_a_byte_converts() {
    let [u, v] = pairs();
    for signed in [false, true] {
        for width in [2, 7, 8, 9, 21] {
            let plan = one(1 << 16, width, Product::Convert(byte(0, signed)));
            let opened = run(&plan, [&[&u], &[&v]], [&[], &[]]);
            for (i, got) in opened[0].iter().enumerate() {
                assert_eq!(*got, residue(value(u[i] ^ v[i], signed), width), "{signed} {width} {i}");
            }
        }
    }
}

#[test]
fn every_share_of_a_byte_scales_a_residue() {
    let [u, v] = pairs();
    let mut rng = ChaCha20Rng::seed_from_u64(4);
    for signed in [false, true] {
        for width in [3, 8, 19, 30] {
            let mut residues = || u.iter().map(|_| rng.next_u32() & ((1 << width) - 1)).collect::<Vec<u32>>();
            let (z0, z1) = (residues(), residues());
            let plan = one(1 << 16, width, Product::Scale(byte(0, signed), 0));
            let opened = run(&plan, [&[&u], &[&v]], [&[&z0], &[&z1]]);
            for (i, got) in opened[0].iter().enumerate() {
                let z = i64::from(z0[i]) + i64::from(z1[i]);
                assert_eq!(*got, residue(value(u[i] ^ v[i], signed) * z, width), "{signed} {width} {i}");
            }
        }
    }
}

/// Every pair of bytes under random shares, and every share of both at a time under random other
/// shares.
#[test]
fn every_pair_of_bytes_multiplies() {
    let [x, y] = pairs();
    let mut rng = ChaCha20Rng::seed_from_u64(5);
    for (first, second) in [(false, true), (true, true), (false, false)] {
        for (width, fixed) in [(22, false), (22, true), (5, false)] {
            let mut masks = || x.iter().map(|_| rng.next_u32() as u8).collect::<Vec<u8>>();
            let (x0, y0) = (masks(), masks());
            let other = |value: &[u8], mask: &[u8]| -> Vec<u8> {
                value
                    .iter()
                    .zip(mask)
                    .map(|(value, mask)| if fixed { *value } else { value ^ mask })
                    .collect()
            };
            let (x1, y1) = (other(&x, &x0), other(&y, &y0));
            let plan = one(1 << 16, width, Product::Multiply(byte(0, first), byte(1, second)));
            let opened = run(&plan, [&[&x0, &y0], &[&x1, &y1]], [&[], &[]]);
            for (i, got) in opened[0].iter().enumerate() {
                let product = value(x0[i] ^ x1[i], first) * value(y0[i] ^ y1[i], second);
                assert_eq!(*got, residue(product, width), "{first} {second} {width} {i}");
            }
        }
    }
}

#[test]
fn sums_of_several_products_and_the_bits_of_their_table() {
    let count = 1030;
    let mut rng = ChaCha20Rng::seed_from_u64(6);
    let mut bytes = || (0..count).map(|_| rng.next_u32() as u8).collect::<Vec<u8>>();
    let shares: [[Vec<u8>; 3]; 2] = core::array::from_fn(|_| core::array::from_fn(|_| bytes()));
    let residues: [Vec<u32>; 2] =
        core::array::from_fn(|_| (0..count).map(|_| rng.next_u32() & 0x7_ffff).collect());
    let a = vec![Product::Scale(byte(1, false), 0), Product::Multiply(byte(0, false), byte(2, true))];
    let sums = vec![
        Sum { width: 19, products: a },
        Sum { width: 25, products: vec![Product::Convert(byte(0, false))] },
    ];
    let plan = BilinearPlan::new(count, sums).unwrap();
    let views: [Vec<&[u8]>; 2] = core::array::from_fn(|p| shares[p].iter().map(Vec::as_slice).collect());
    let opened = run(&plan, [&views[0], &views[1]], [&[&residues[0]], &[&residues[1]]]);
    for i in 0..count {
        let x = |index: usize, signed| value(shares[0][index][i] ^ shares[1][index][i], signed);
        let z = i64::from(residues[0][i]) + i64::from(residues[1][i]);
        assert_eq!(opened[0][i], residue(x(1, false) * z + x(0, false) * x(2, true), 19));
        assert_eq!(opened[1][i], residue(x(0, false), 25));
    }
    let scale: usize = (0..8).map(|bit| 2 * (1 + 19 - bit)).sum();
    let single: usize = (0..8).map(|bit| 2 * (1 + 19 - bit)).sum();
    let cross: usize = (0..64).map(|pair| 1 + 19 - pair / 8 - pair % 8 - 1).sum();
    let convert: usize = (0..8).map(|bit| 1 + 25 - bit - 1).sum();
    assert_eq!((single + cross, convert), (1032, 172));
    let planes = plan.planes(Role::Client) + plan.planes(Role::Server);
    assert_eq!(planes, scale + single + cross + convert);
    let cots = plan.schedule().cots();
    assert_eq!((cots.client_receives, cots.server_receives), (count * (8 + 80 + 8), count * 8));
}

#[test]
fn what_does_not_fit_is_refused() {
    let sum = |width| vec![Sum { width, products: vec![Product::Scale(byte(0, true), 0)] }];
    for (count, width) in [(0, 8), ((1 << 20) + 1, 8), (1, 1), (1, 31)] {
        assert!(matches!(BilinearPlan::new(count, sum(width)), Err(StepError::Shape(_))));
    }
    let plan = BilinearPlan::new(3, sum(9)).unwrap();
    let short = Some(StepError::ShareCount { expected: 3, found: 2 });
    let [client, server] = party(&plan, 1);
    assert_eq!(client.send(&[&[1, 2]], &[&[1, 2, 3]]).err(), short);
    assert_eq!(server.send(&[&[1, 2, 3]], &[&[1, 2]]).err(), short);
    let [client, _] = party(&plan, 1);
    let (message, client) = client.send(&[&[1, 2, 3]], &[&[1, 2, 3]]).unwrap();
    let expected = message.len();
    let refused = client.finish(&vec![0; expected + 1]);
    assert_eq!(refused, Err(StepError::MessageLength { expected, found: expected + 1 }));
    let other = BilinearPlan::new(3, sum(10)).unwrap();
    let mut rng = ChaCha20Rng::seed_from_u64(1);
    let (received, _) = deal(plan.schedule(), Role::Client, &mut rng);
    let (_, sent) = deal(plan.schedule(), Role::Server, &mut rng);
    assert_eq!(Bilinear::new(&other, Role::Client, received, sent).err(), Some(StepError::Material));
}
