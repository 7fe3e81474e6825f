//! No pad is used twice: what a party sees and what it knows are linearly independent.
//!
//! All instances have the same input. So a plane of a message is a constant plane plus what masks
//! it. If a mask stood in two planes, or in a plane and in what the party knows, some of these
//! planes would sum up to a constant plane. The test puts all planes that a party receives, its own
//! choices and pads, and the plane of ones in a matrix over F2. Full rank means that no such sum
//! exists.

use rand_chacha::ChaCha20Rng;
use rand_core::SeedableRng;
use shares::{Role, StepShape};

use super::harness::{deal, ideal_vectors};
use crate::bits::lanes::{LANES, to_planes};
use crate::cell::bilinear::Bilinear;
use crate::cell::lookup::Lookup;
use crate::circuit::{BilinearPlan, Byte, OtSpec, Product, Sum};
use crate::material::units::{ReceivedMaterial, SentMaterial};
use crate::{Mode, Schedule, ServerOffline, Step, StepPlan, UnitVectorPlan, UnitVectors};

/// One bit of every instance.
type Row = Vec<u64>;

/// The rank over F2, by elimination.
fn rank(mut rows: Vec<Row>) -> usize {
    let columns = rows.first().map_or(0, |row| 64 * row.len());
    let mut rank = 0;
    for column in 0..columns {
        let (word, bit) = (column / 64, column % 64);
        let Some(found) = (rank..rows.len()).find(|row| rows[*row][word] >> bit & 1 == 1) else { continue };
        rows.swap(rank, found);
        let (above, below) = rows.split_at_mut(rank + 1);
        for row in below.iter_mut().filter(|row| row[word] >> bit & 1 == 1) {
            row[word..].iter_mut().zip(&above[rank][word..]).for_each(|(to, from)| *to ^= from);
        }
        rank += 1;
    }
    rank
}

/// The planes of a message about `count` instances, a multiple of [`LANES`].
fn planes(message: &[u8], count: usize) -> Vec<Row> {
    let chunks = count / LANES;
    let each = message.len() / (chunks * LANES / 8);
    let plane = |chunk: usize, plane: usize| {
        let start = (chunk * each + plane) * LANES / 8;
        message[start..start + LANES / 8].as_chunks().0.iter().map(|bytes| u64::from_le_bytes(*bytes))
    };
    (0..each).map(|index| (0..chunks).flat_map(|chunk| plane(chunk, index)).collect()).collect()
}

/// The planes of `width` bits of the values of all chunks.
fn planes_of(values: &[Vec<u32>], width: u32) -> Vec<Row> {
    let chunks: Vec<_> = values.iter().map(|values| to_planes(values, width)).collect();
    (0..width as usize).map(|bit| chunks.iter().flat_map(|planes| planes[bit].0).collect()).collect()
}

/// A party's choices and the pads that they open.
fn received_rows(material: &ReceivedMaterial) -> Vec<Row> {
    let mut rows = Vec::new();
    for (ot, spec) in material.specs.iter().enumerate() {
        let units = || material.chunks.iter().map(move |units| &units[ot]);
        rows.push(units().flat_map(|unit| unit.choice.0).collect());
        match *spec {
            OtSpec::Bits(count) => {
                rows.extend((0..count).map(|bit| units().flat_map(|unit| unit.bits[bit].0).collect()));
            }
            OtSpec::Ring(width) => {
                rows.extend(planes_of(&units().map(|unit| unit.pads.clone()).collect::<Vec<_>>(), width));
            }
        }
    }
    rows
}

/// Both pads of each OT that a party sends.
fn sent_rows(material: &SentMaterial) -> Vec<Row> {
    let mut rows = Vec::new();
    for (ot, spec) in material.specs.iter().enumerate() {
        let units = || material.chunks.iter().map(move |units| &units[ot]);
        match *spec {
            OtSpec::Bits(count) => {
                for bit in 0..count {
                    rows.push(units().flat_map(|unit| unit.bits[bit].zero.0).collect());
                    rows.push(units().flat_map(|unit| unit.bits[bit].difference.0).collect());
                }
            }
            OtSpec::Ring(width) => {
                let zero = units().map(|unit| unit.pads.iter().map(|pad| pad.zero).collect());
                rows.extend(planes_of(&zero.collect::<Vec<_>>(), width));
                let one = units()
                    .map(|unit| unit.pads.iter().map(|pad| pad.zero.wrapping_add(pad.difference)).collect());
                rows.extend(planes_of(&one.collect::<Vec<_>>(), width));
            }
        }
    }
    rows
}

/// The material of both parties, by receiver.
struct Dealt {
    client: (ReceivedMaterial, SentMaterial),
    server: (ReceivedMaterial, SentMaterial),
}

impl Dealt {
    fn new(schedule: &Schedule, seed: u64) -> Self {
        let mut rng = ChaCha20Rng::seed_from_u64(seed);
        Self {
            client: deal(schedule, Role::Client, &mut rng),
            server: deal(schedule, Role::Server, &mut rng),
        }
    }

    /// What the client knows and what the server knows.
    fn known(&self) -> [Vec<Row>; 2] {
        let known = |received, sent| [received_rows(received), sent_rows(sent)].concat();
        [known(&self.client.0, &self.server.1), known(&self.server.0, &self.client.1)]
    }

    /// Uses the pads and choices of one OT of the client a second time, at both parties.
    fn reuse(&mut self, from: usize, to: usize) {
        for units in &mut self.client.0.chunks {
            let (choice, bits) = (units[from].choice, units[from].bits.clone());
            (units[to].choice, units[to].bits) = (choice, bits);
        }
        for units in &mut self.client.1.chunks {
            units[to].bits = units[from].bits.clone();
        }
    }
}

/// Vectors that a party has, without those that it has twice anyway, and how many of them are
/// independent.
fn measure(known: Vec<Row>, seen: Vec<Row>) -> (usize, usize) {
    let ones = vec![u64::MAX; seen[0].len()];
    let mut known = known;
    known.sort();
    known.dedup();
    let all = [known, seen, vec![ones]].concat();
    assert!(all.len() + 64 < 64 * all[0].len(), "{} vectors need more instances", all.len());
    (all.len(), rank(all))
}

fn assert_full(what: &str, known: [Vec<Row>; 2], seen: [Vec<Row>; 2]) {
    for ((known, seen), party) in known.into_iter().zip(seen).zip(Role::BOTH) {
        let (vectors, rank) = measure(known, seen);
        assert_eq!(rank, vectors, "{what}: a pad that the {party} sees is used twice");
    }
}

/// What the client and the server see of a step on equal inputs.
fn play(plan: &StepPlan, dealt: Dealt) -> [Vec<Row>; 2] {
    let (count, values) = (plan.count(), plan.input_values());
    let mask = (1 << plan.shape().ell) - 1;
    let (c, s) = (vec![0x35a5 & mask; values], vec![0x0c31 & mask; values]);
    let known_offline = plan.offline_bytes() > 0;
    let mut client = Step::new(plan, Role::Client, dealt.client.0, dealt.server.1).unwrap();
    client.input(&c).unwrap();
    let offline = client.offline_message().unwrap();
    assert_eq!(offline.is_empty(), !known_offline);
    let server = ServerOffline::prepare(plan, dealt.server.0, dealt.client.1, &offline).unwrap();
    let mut server = server.start(&s).unwrap();
    let mut seen = [Vec::new(), planes(&offline, count)];
    for _ in 0..plan.rounds() {
        let (from_client, from_server) = (client.outgoing().unwrap(), server.outgoing().unwrap());
        client.incoming(&from_server).unwrap();
        server.incoming(&from_client).unwrap();
        seen[0].extend(planes(&from_server, count));
        seen[1].extend(planes(&from_client, count));
    }
    seen
}

const COUNT: usize = 2 * LANES;
const SHAPE: StepShape = StepShape { count: COUNT, ell: 16, shift: 4, bits: 8, pool: true, out_ell: 17 };

#[test]
fn steps_and_their_selections_use_each_pad_once() {
    for (shape, mode) in [
        (SHAPE, Mode::Tree),
        (SHAPE, Mode::Ripple),
        (SHAPE, Mode::Within(6)),
        (StepShape { pool: false, ..SHAPE }, Mode::Tree),
    ] {
        let plan = StepPlan::new(shape, mode).unwrap();
        let dealt = Dealt::new(&plan, 1);
        let known = dealt.known();
        assert_full(&format!("{mode:?}"), known, play(&plan, dealt));
    }
}

#[test]
fn late_steps_of_a_cell_use_each_pad_once() {
    let plan = StepPlan::late(StepShape { pool: false, ..SHAPE }, Mode::Tree).unwrap();
    let dealt = Dealt::new(&plan, 2);
    let known = dealt.known();
    assert_full("late", known, play(&plan, dealt));
}

#[test]
fn unit_vectors_use_each_pad_once() {
    let plan = UnitVectorPlan::new(COUNT).unwrap();
    let dealt = Dealt::new(plan.schedule(), 3);
    let known = dealt.known();
    let [mut first, mut second] = [4, 5].map(ChaCha20Rng::seed_from_u64);
    let mut client =
        UnitVectors::new(&plan, Role::Client, dealt.client.0, dealt.server.1, &mut first).unwrap();
    let mut server =
        UnitVectors::new(&plan, Role::Server, dealt.server.0, dealt.client.1, &mut second).unwrap();
    let mut seen = [Vec::new(), Vec::new()];
    for _ in 0..plan.rounds() {
        let (from_client, from_server) = (client.outgoing().unwrap(), server.outgoing().unwrap());
        client.incoming(&from_server).unwrap();
        server.incoming(&from_client).unwrap();
        seen[0].extend(planes(&from_server, COUNT));
        seen[1].extend(planes(&from_client, COUNT));
    }
    assert_full("unit vectors", known, seen);
}

/// The three kinds of products of a cell, in a small ring.
#[test]
fn products_of_a_cell_use_each_pad_once() {
    let count = 3 * LANES;
    let byte = |index, signed| Byte { index, signed };
    let products = vec![Product::Scale(byte(1, false), 0), Product::Multiply(byte(0, false), byte(2, true))];
    let converted = vec![Product::Convert(byte(3, false))];
    let sums = vec![Sum { width: 10, products }, Sum { width: 11, products: converted }];
    let plan = BilinearPlan::new(count, sums).unwrap();
    let dealt = Dealt::new(plan.schedule(), 6);
    let known = dealt.known();
    let client = Bilinear::new(&plan, Role::Client, dealt.client.0, dealt.server.1).unwrap();
    let server = Bilinear::new(&plan, Role::Server, dealt.server.0, dealt.client.1).unwrap();
    let (bytes, residues) = (vec![0x5c; count], vec![0x155; count]);
    let bytes: [&[u8]; 4] = [&bytes; 4];
    let (from_client, _) = client.send(&bytes, &[&residues]).unwrap();
    let (from_server, _) = server.send(&bytes, &[&residues]).unwrap();
    assert_full("products", known, [planes(&from_server, count), planes(&from_client, count)]);
}

#[test]
fn look_ups_of_a_cell_use_each_index_once() {
    let vectors = ideal_vectors(LANES, &mut ChaCha20Rng::seed_from_u64(7));
    let known = vectors.each_ref().map(|vectors| {
        let word = |word: usize| {
            vectors.iter().map(move |vector| (vector.entries[word / 2] >> (32 * (word % 2))) as u32)
        };
        let mut rows = planes_of(&[vectors.iter().map(|vector| u32::from(vector.index)).collect()], 8);
        (0..8).for_each(|index| rows.extend(planes_of(&[word(index).collect()], 32)));
        rows
    });
    let [(from_client, _), (from_server, _)] =
        vectors.map(|vectors| Lookup::new(vectors).open(&[0x3a; LANES]).unwrap());
    let seen = [from_server, from_client]
        .map(|message| planes_of(&[message.iter().map(|byte| u32::from(*byte)).collect()], 8));
    // The two indices sum up to where the one vector's bit is set, which neither party knows alone.
    assert_full("look-ups", known, seen);
}

/// The positive control: the same pads and choices at two gates, and the server sees a constant.
#[test]
fn a_pad_used_twice_is_seen() {
    let plan = StepPlan::new(SHAPE, Mode::Ripple).unwrap();
    let specs = Dealt::new(&plan, 8).client.0.specs;
    // In both the client chooses by bits of its own share of the difference.
    let mut carries = (0..specs.len()).filter(|ot| specs[*ot] == OtSpec::Bits(1));
    let (from, to) = (carries.next().unwrap(), carries.next().unwrap());
    for (planted, lost) in [(false, false), (true, true)] {
        let mut dealt = Dealt::new(&plan, 8);
        if planted {
            dealt.reuse(from, to);
        }
        let [_, known] = dealt.known();
        let [_, seen] = play(&plan, dealt);
        let (vectors, rank) = measure(known, seen);
        assert_eq!(rank < vectors, lost, "{rank} of {vectors}");
    }
}
