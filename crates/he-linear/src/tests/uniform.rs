//! What comes back is uniform, whatever was sent: every kind of key and of request that a client
//! that deviates might try. Requests of the wrong form are refused before anything is computed
//! (`tests/messages.rs`).

use rand_chacha::ChaCha20Rng;
use rand_chacha::rand_core::{Rng, SeedableRng};

use super::chance::range;
use super::deviant::{Deviant, PHASE_BITS};
use crate::codec::write_residues;
use crate::full_circle::FullCircle;
use crate::params::{MODULUS, PRIMES, RING_DEGREE, SEED_BYTES};
use crate::rns::Polynomial;
use crate::{Conv1dShape, LinearPlan, WeightHolder};

const ELL: u32 = 20;
const SHAPE: Conv1dShape = Conv1dShape { batch: 8, in_channels: 3, out_channels: 16, length: 60, kernel: 5 };
const RESULTS: usize = 8 * 16 * 60;
/// Bins in which phases are counted.
const BINS: usize = 16;

/// How often phases modulo 2^bits lie in each of 16 parts of equal length; the first part has 0 in
/// its middle.
fn counts(phases: impl Iterator<Item = u64>, bits: u32) -> [usize; BINS] {
    let mut counts = [0; BINS];
    for phase in phases {
        let centred = phase.wrapping_add(1 << (bits - 5)) & ((1 << bits) - 1);
        counts[(centred >> (bits - 4)) as usize] += 1;
    }
    counts
}

fn assert_uniform(counts: [usize; BINS], what: &str) {
    let range = range(RESULTS, 1.0 / BINS as f64);
    assert!(counts.iter().all(|count| range.contains(count)), "{what}: {counts:?}, by chance {range:?}");
}

/// A request as bytes: a seed, then the b of every ciphertext.
fn raw(plan: &LinearPlan, b: impl Fn(usize, usize) -> u32) -> Vec<u8> {
    let mut polynomial = Polynomial::zero();
    for (prime, row) in polynomial.rows_mut() {
        row.iter_mut().enumerate().for_each(|(index, residue)| *residue = b(prime, index) % PRIMES[prime]);
    }
    let mut bytes = vec![7; SEED_BYTES];
    (0..plan.input_ciphertexts())
        .for_each(|_| write_residues(&mut bytes, &polynomial, plan.packing().sent()));
    assert_eq!(bytes.len(), plan.input_bytes());
    bytes
}

struct Attacked {
    plan: LinearPlan,
    server: WeightHolder,
    rng: ChaCha20Rng,
}

impl Attacked {
    fn new() -> Self {
        let mut rng = ChaCha20Rng::seed_from_u64(20);
        let plan = LinearPlan::new(SHAPE, ELL).unwrap();
        let weights: Vec<i8> = (0..SHAPE.weight_len()).map(|_| rng.next_u32() as i8).collect();
        Self { plan, server: WeightHolder::prepare(&plan, &weights).unwrap(), rng }
    }

    /// The phases of an answer, in units of Delta / 2^PHASE_BITS.
    fn phases(&mut self, client: &Deviant, request: &[u8], circle: FullCircle) -> Vec<u64> {
        let s: Vec<u32> = (0..RESULTS).map(|_| self.rng.next_u32() >> (32 - ELL)).collect();
        let response = self.server.answer(&client.key(), request, &s, circle, &mut self.rng).unwrap();
        assert_eq!(response.len(), self.plan.output_bytes());
        client.phases(&self.plan, &response)
    }

    /// Two answers to one request: what the second tells about the first is a difference modulo
    /// Delta.
    fn difference(&mut self, client: &Deviant, request: &[u8], circle: FullCircle) -> [usize; BINS] {
        let first = self.phases(client, request, circle);
        let second = self.phases(client, request, circle);
        counts(first.iter().zip(&second).map(|(x, y)| x.wrapping_sub(*y)), PHASE_BITS)
    }

    /// With the mask every phase is uniform on the circle and modulo Delta, and so is the
    /// difference of two answers to the same bytes, as a client gets that replays a request.
    fn assert_masked(&mut self, client: &Deviant, request: &[u8], what: &str) {
        let phases = self.phases(client, request, FullCircle::new(ELL));
        assert_uniform(counts(phases.iter().copied(), ELL + PHASE_BITS), what);
        assert_uniform(counts(phases.iter().copied(), PHASE_BITS), what);
        assert_uniform(self.difference(client, request, FullCircle::new(ELL)), what);
    }

    /// Without the mask two answers agree modulo Delta, up to noise.
    fn assert_visible_without_mask(&mut self, client: &Deviant, request: &[u8], what: &str) {
        let counts = self.difference(client, request, FullCircle::switched_off(ELL));
        assert_eq!(counts[0], RESULTS, "{what}: {counts:?}");
    }
}

#[test]
fn plaintexts_on_every_grid() {
    let mut attacked = Attacked::new();
    let client = Deviant::honest_key(&mut attacked.rng);
    let plan = attacked.plan;
    for j in (0..=64).step_by(4) {
        let what = format!("multiples of Delta / 2^{j}");
        let step = MODULUS >> (ELL + j);
        let request = client.encrypt(&plan, |element| element as u128 % 5 * step, &mut attacked.rng);
        attacked.assert_masked(&client, &request, &what);
        attacked.assert_visible_without_mask(&client, &request, &what);
    }
}

#[test]
fn plaintexts_of_extreme_size() {
    let mut attacked = Attacked::new();
    let client = Deviant::honest_key(&mut attacked.rng);
    let plan = attacked.plan;
    for value in [0, 1, MODULUS / 2, MODULUS - 1, MODULUS >> ELL, MODULUS - (MODULUS >> ELL)] {
        let request = client.encrypt(&plan, |_| value, &mut attacked.rng);
        attacked.assert_masked(&client, &request, &format!("{value} everywhere"));
        attacked.assert_visible_without_mask(&client, &request, &format!("{value} everywhere"));
    }
}

#[test]
fn malformed_ciphertexts() {
    let mut attacked = Attacked::new();
    let plan = attacked.plan;
    for client in [Deviant::honest_key(&mut attacked.rng), Deviant::zero_secret(|_, _| 0, &mut attacked.rng)]
    {
        let requests = [
            ("b = 0", raw(&plan, |_, _| 0)),
            ("b = 1", raw(&plan, |_, index| u32::from(index == 0))),
            (
                "b zero modulo two primes",
                raw(&plan, |prime, index| if prime == 0 { index as u32 } else { 0 }),
            ),
            ("b of greatest residues", raw(&plan, |prime, _| PRIMES[prime] - 1)),
            (
                "b of scattered residues",
                raw(&plan, |prime, index| (index as u32).wrapping_mul(2_654_435_761) >> prime),
            ),
        ];
        for (what, request) in requests {
            attacked.assert_masked(&client, &request, what);
            attacked.assert_visible_without_mask(&client, &request, what);
        }
    }
}

#[test]
fn degenerate_public_keys() {
    let mut attacked = Attacked::new();
    let plan = attacked.plan;
    type PublicB = fn(usize, usize) -> u32;
    // Under a key whose b is not small, u b hides by itself to this test, so there is no control.
    let keys: [(&str, PublicB, bool); 6] = [
        ("b_pk = 0", |_, _| 0, true),
        ("b_pk = 1", |_, index| u32::from(index == 0), true),
        ("b_pk of ones", |_, _| 1, true),
        ("b_pk zero modulo two primes", |prime, index| if prime == 1 { index as u32 } else { 0 }, false),
        ("b_pk with one value after the transform", |prime, _| PRIMES[prime] / 3, false),
        ("b_pk of greatest residues", |prime, _| PRIMES[prime] - 1, true),
    ];
    for (what, b, control) in keys {
        let client = Deviant::zero_secret(b, &mut attacked.rng);
        let step = MODULUS >> (ELL + 3);
        let request = client.encrypt(&plan, |element| element as u128 % 5 * step, &mut attacked.rng);
        attacked.assert_masked(&client, &request, what);
        if control {
            attacked.assert_visible_without_mask(&client, &request, what);
        }
    }
}

#[test]
fn messages_of_another_session() {
    let mut attacked = Attacked::new();
    let plan = attacked.plan;
    let [first, second] = [0, 1].map(|_| Deviant::honest_key(&mut attacked.rng));
    let request = first.encrypt(&plan, |_| MODULUS >> (ELL + 1), &mut attacked.rng);
    // The request of the first session under the key of the second: opened with either secret, and
    // again as it is.
    attacked.assert_masked(&second, &request, "a request of another session");
    let key_seed = &first.key_bytes()[..SEED_BYTES];
    let mut same_seed = request.clone();
    same_seed[..SEED_BYTES].copy_from_slice(key_seed);
    attacked.assert_masked(&first, &same_seed, "a request with the seed of the key");
    attacked.assert_masked(&first, &request, "a request sent twice");
    attacked.assert_visible_without_mask(&first, &request, "a request sent twice");
}

/// The coefficients of `b` that do not travel are masked too, so that whatever is made of them may
/// travel.
#[test]
fn every_coefficient_of_b_is_masked() {
    let mut attacked = Attacked::new();
    let client = Deviant::zero_secret(|_, _| 0, &mut attacked.rng);
    let request = raw(&attacked.plan, |_, _| 0);
    let s = vec![0; RESULTS];
    let covered =
        |circle, rng: &mut ChaCha20Rng| attacked.server.covered(&client.key(), &request, &s, circle, 0, rng);
    let masked = covered(FullCircle::new(ELL), &mut attacked.rng.clone());
    assert_eq!(masked.len(), RING_DEGREE);
    let mut counts = [0; BINS];
    masked.iter().for_each(|x| counts[(x * BINS as u128 / MODULUS) as usize] += 1);
    // Coefficients that hold a result have s = 0 here and lie around 0, in the first or the last
    // bin.
    let results = attacked.plan.packing().result_count(0, 0);
    let others = range(RING_DEGREE - results, 1.0 / BINS as f64);
    assert!(counts[1..BINS - 1].iter().all(|count| others.contains(count)), "{counts:?}");
    let unmasked = covered(FullCircle::switched_off(ELL), &mut attacked.rng.clone());
    assert!(unmasked.iter().all(|&x| x == 0));
}
