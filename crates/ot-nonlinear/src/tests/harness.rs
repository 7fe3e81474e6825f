//! Ideal correlated OTs, the plain formula, and both parties of a step in one process.

use shares::{Role, StepShape};

use oblivious_transfer::bits::BitVec;
use oblivious_transfer::block::Block;
use oblivious_transfer::cot;
use rand_chacha::ChaCha20Rng;
use rand_core::{Rng, SeedableRng};

use crate::{
    HashRoot, Mode, ReceivedCondenser, ReceivedMaterial, Schedule, SentCondenser, SentMaterial,
    ServerOffline, Step, StepPlan, UnitVector,
};

pub(super) const SESSION: [u8; 32] = [7; 32];

/// Ideal correlated OTs under a random correlation, both with the form of a silent extension
/// (lowest bits: 1 of the correlation, 0 of a key, the choice of a mac).
pub(super) fn ideal_cots(count: usize, rng: &mut ChaCha20Rng) -> (Block, Vec<Block>, BitVec, Vec<Block>) {
    let delta = Block::random(rng).with_lsb(true);
    let (keys, received) = cot::deal(delta, BitVec::random(count, rng), rng);
    let keys: Vec<Block> = keys.iter().map(|key| key.with_lsb(false)).collect();
    let macs =
        keys.iter().zip(received.choices.iter()).map(|(key, choice)| *key ^ (Block::mask(choice) & delta));
    (delta, keys.clone(), received.choices.clone(), macs.collect())
}

/// The material of one direction.
pub(super) fn deal(
    plan: &Schedule,
    receiver: Role,
    rng: &mut ChaCha20Rng,
) -> (ReceivedMaterial, SentMaterial) {
    let hash_root = HashRoot::new(&SESSION);
    let mut received = ReceivedCondenser::new(plan, &hash_root, 3, receiver);
    let (delta, keys, choices, macs) = ideal_cots(received.needed(), rng);
    let mut sent = SentCondenser::new(plan, &hash_root, 3, receiver, delta);
    received.absorb(&macs, &choices).unwrap();
    sent.absorb(&keys).unwrap();
    (received.finish().unwrap(), sent.finish().unwrap())
}

/// Random unit vectors from a dealer, for both parties.
pub(super) fn ideal_vectors(count: usize, rng: &mut ChaCha20Rng) -> [Vec<UnitVector>; 2] {
    let deal = |_| {
        let (index, other) = (rng.next_u32() as u8, rng.next_u32() as u8);
        let entries: [u64; 4] = core::array::from_fn(|_| rng.next_u64());
        let mut others = entries;
        let one = usize::from(index.wrapping_add(other));
        others[one / 64] ^= 1 << (one % 64);
        (UnitVector { index, entries }, UnitVector { index: other, entries: others })
    };
    let (client, server) = (0..count).map(deal).unzip();
    [client, server]
}

/// Bytes of every message, in order.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Transcript {
    pub(super) offline: Vec<u8>,
    pub(super) client: Vec<Vec<u8>>,
    pub(super) server: Vec<Vec<u8>>,
}

/// Runs a step on given shares; returns both results.
pub(super) fn run(plan: &StepPlan, c: &[u32], s: &[u32], seed: u64) -> (Vec<u32>, Vec<u32>, Transcript) {
    let mut rng = ChaCha20Rng::seed_from_u64(seed);
    let (client, server) = (deal(plan, Role::Client, &mut rng), deal(plan, Role::Server, &mut rng));
    run_on(plan, c, s, client, server)
}

/// Runs a step on given material, by receiver.
pub(super) fn run_on(
    plan: &StepPlan,
    c: &[u32],
    s: &[u32],
    (client_received, server_sent): (ReceivedMaterial, SentMaterial),
    (server_received, client_sent): (ReceivedMaterial, SentMaterial),
) -> (Vec<u32>, Vec<u32>, Transcript) {
    let (offline, mut client) = Step::prepare_client(plan, client_received, client_sent, c).unwrap();
    let server = ServerOffline::prepare(plan, server_received, server_sent, &offline).unwrap();
    let mut server = server.start(s).unwrap();
    let mut transcript = Transcript { offline, client: Vec::new(), server: Vec::new() };
    for _ in 0..plan.rounds() {
        let (from_client, from_server) = (client.outgoing().unwrap(), server.outgoing().unwrap());
        client.incoming(&from_server).unwrap();
        server.incoming(&from_client).unwrap();
        transcript.client.push(from_client);
        transcript.server.push(from_server);
    }
    (client.finish().unwrap(), server.finish().unwrap(), transcript)
}

/// The accumulator two shares stand for.
pub(super) fn signed(value: u32, ell: u32) -> i64 {
    let value = i64::from(value & ((1 << ell) - 1));
    if value >> (ell - 1) == 1 { value - (1 << ell) } else { value }
}

/// The plain formula.
pub(super) fn plain(shape: &StepShape, accumulators: &[i64]) -> Vec<u32> {
    let width = if shape.pool { 2 } else { 1 };
    let rounding = if shape.shift == 0 { 0 } else { 1 << (shape.shift - 1) };
    accumulators
        .chunks(width)
        .map(|pair| {
            let m = pair.iter().copied().fold(i64::MIN, i64::max);
            let y = ((m + rounding) >> shape.shift).clamp(0, (1 << shape.bits) - 1);
            (y & ((1 << shape.out_ell) - 1)) as u32
        })
        .collect()
}

/// Random shares of `values` mod 2^ell.
pub(super) fn share(values: &[i64], ell: u32, rng: &mut ChaCha20Rng) -> (Vec<u32>, Vec<u32>) {
    let mask = (1_u32 << ell) - 1;
    let c: Vec<u32> = values.iter().map(|_| rng.next_u32() & mask).collect();
    let s = values.iter().zip(&c).map(|(a, c)| (*a as u32).wrapping_sub(*c) & mask).collect();
    (c, s)
}

/// The results two vectors of shares stand for.
pub(super) fn open(y0: &[u32], y1: &[u32], out_ell: u32) -> Vec<u32> {
    y0.iter().zip(y1).map(|(a, b)| a.wrapping_add(*b) & ((1 << out_ell) - 1)).collect()
}

/// Runs accumulators under random shares and compares every result with the plain formula.
pub(super) fn check(shape: StepShape, mode: Mode, accumulators: &[i64], seed: u64) {
    let mut rng = ChaCha20Rng::seed_from_u64(seed ^ 0x5eed);
    let (c, s) = share(accumulators, shape.ell, &mut rng);
    check_shares(shape, mode, &c, &s, seed);
}

/// Runs given shares and compares every result with the plain formula.
pub(super) fn check_shares(shape: StepShape, mode: Mode, c: &[u32], s: &[u32], seed: u64) {
    let plan = StepPlan::new(shape, mode).unwrap();
    let accumulators: Vec<i64> =
        c.iter().zip(s).map(|(c, s)| signed(c.wrapping_add(*s), shape.ell)).collect();
    let (y0, y1, _) = run(&plan, c, s, seed);
    let mask = (1_u32 << shape.out_ell) - 1;
    let opened = open(&y0, &y1, shape.out_ell);
    let expected = plain(&shape, &accumulators);
    for (index, (got, want)) in opened.iter().zip(&expected).enumerate() {
        assert_eq!(got, want, "{shape:?} {mode:?} result {index}, accumulators {:?}", {
            let width = if shape.pool { 2 } else { 1 };
            &accumulators[index * width..(index + 1) * width]
        });
    }
    assert_eq!(opened.len(), shape.count);
    assert!(y0.iter().chain(&y1).all(|y| *y <= mask));
}
