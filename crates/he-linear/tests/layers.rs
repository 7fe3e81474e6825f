//! Whole layers through both roles against plain arithmetic.
#![expect(clippy::unwrap_used, reason = "helpers of tests fail by panicking")]

use he_linear::{Conv1dShape, Error, InputHolder, LinearPlan, PublicKey, WeightHolder, ideal};
use proptest::array::uniform2;
use proptest::prelude::{Just, Strategy, any, prop_oneof, proptest};
use proptest::test_runner::Config;
use rand_chacha::ChaCha20Rng;
use rand_chacha::rand_core::{Rng, SeedableRng};

fn shape(batch: usize, in_channels: usize, out_channels: usize, length: usize, kernel: usize) -> Conv1dShape {
    Conv1dShape { batch, in_channels, out_channels, length, kernel }
}

fn residues(rng: &mut ChaCha20Rng, count: usize, ell: u32) -> Vec<u32> {
    (0..count).map(|_| rng.next_u32() >> (32 - ell)).collect()
}

/// How a test draws masks.
#[derive(Clone, Copy, Debug)]
enum Masks {
    Uniform,
    Zero,
    Greatest,
}

impl Masks {
    fn draw(self, rng: &mut ChaCha20Rng, count: usize, ell: u32) -> Vec<u32> {
        match self {
            Self::Uniform => residues(rng, count, ell),
            Self::Zero => vec![0; count],
            Self::Greatest => vec![(1 << ell) - 1; count],
        }
    }
}

/// open(apply(encrypt(r))) = W r - s.
fn assert_layer(
    shape: Conv1dShape,
    ell: u32,
    weights: &[i8],
    masks: [Masks; 2],
    rng: &mut ChaCha20Rng,
) -> Result<(), Error> {
    let plan = LinearPlan::new(shape, ell).unwrap();
    let server = WeightHolder::prepare(&plan, weights)?;
    let client = InputHolder::generate(rng);
    let key = PublicKey::from_bytes(client.public_key()).unwrap();
    let r = masks[0].draw(rng, shape.input_len(), ell);
    let s = masks[1].draw(rng, shape.output_len(), ell);
    let request = client.encrypt(&plan, &r, rng).unwrap();
    assert_eq!(request.len(), plan.input_bytes());
    let response = server.apply(&key, &request, &s, rng).unwrap();
    assert_eq!(response.len(), plan.output_bytes());
    let expected: Vec<u32> = ideal::multiply(&plan, weights, &r)
        .unwrap()
        .iter()
        .zip(&s)
        .map(|(&product, &s)| product.wrapping_sub(s) & ((1 << ell) - 1))
        .collect();
    assert!(client.open(&plan, &response).unwrap() == expected, "{shape:?} ell {ell}");
    Ok(())
}

fn random_weights(rng: &mut ChaCha20Rng, count: usize) -> Vec<i8> {
    (0..count).map(|_| rng.next_u32() as i8).collect()
}

#[test]
fn grid_of_shapes() {
    let mut rng = ChaCha20Rng::seed_from_u64(1);
    for (shape, ell) in [
        (shape(1, 1, 1, 1, 1), 8),
        (shape(1, 256, 4, 1, 1), 22),
        (shape(3, 40, 70, 1, 1), 17),
        (shape(25, 1, 8, 512, 5), 18),
        (shape(25, 8, 16, 256, 5), 20),
        (shape(25, 16, 4, 128, 5), 20),
        (shape(25, 32, 5, 64, 5), 21),
        (shape(7, 33, 7, 31, 3), 24),
        (shape(25, 13, 11, 16, 7), 25),
        (shape(1, 64, 10, 25, 5), 23),
        (shape(1, 2, 3, 4096, 1), 12),
        (shape(1, 2, 2, 4095, 3), 12),
        (shape(2, 3, 3, 2, 7), 12),
        (shape(2, 5, 5, 1, 5), 30),
    ] {
        let weights = random_weights(&mut rng, shape.weight_len());
        assert_layer(shape, ell, &weights, [Masks::Uniform; 2], &mut rng).unwrap();
    }
}

#[test]
fn six_layers_of_25_windows_stay_within_the_byte_budget() {
    let (mut up, mut down) = (0, 0);
    for layer in 0..6 {
        let channels = |layer: u32| if layer == 0 { 1 } else { 4 << layer };
        let plan =
            LinearPlan::new(shape(25, channels(layer), channels(layer + 1), 512 >> layer, 5), 24).unwrap();
        (up, down) = (up + plan.input_bytes(), down + plan.output_bytes());
    }
    // Two fifths of what comes down are the bits that keep the holes of the mask narrow.
    assert!(up <= 5_500_000 && down <= 11_700_000, "{up} bytes up, {down} down");
}

fn shapes() -> impl Strategy<Value = Conv1dShape> {
    (1usize..=25, 1usize..=64, 1usize..=64, 0usize..4, 1usize..=512).prop_map(|(batch, i, o, k, length)| {
        // Keeps a case within about a million multiply-accumulates.
        let length = length.min(1 + 8192 / (batch * o)).min(1 + 20_000 / (i * o));
        shape(batch, i, o, length, 2 * k + 1)
    })
}

fn masks() -> impl Strategy<Value = [Masks; 2]> {
    uniform2(prop_oneof![Just(Masks::Uniform), Just(Masks::Zero), Just(Masks::Greatest)])
}

proptest! {
    #![proptest_config(Config { cases: 40, failure_persistence: None, ..Config::default() })]
    #[test]
    fn any_shape(shape in shapes(), ell in 8u32..=30, masks in masks(), seed in any::<u64>(), extreme in any::<bool>()) {
        let mut rng = ChaCha20Rng::seed_from_u64(seed);
        let mut weights = random_weights(&mut rng, shape.weight_len());
        if extreme {
            weights.iter_mut().for_each(|w| *w = if *w < 0 { -128 } else { 127 });
        }
        assert_layer(shape, ell, &weights, masks, &mut rng).unwrap();
    }
}
