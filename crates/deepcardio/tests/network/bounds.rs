//! Ring widths: never exceeded on adversarial inputs, and never wider than needed.

#![expect(clippy::unwrap_used, reason = "helpers of tests fail the test")]

use deepcardio::architecture::{Layer, Stage};
use deepcardio::model::{LayerWeights, ModelError};
use deepcardio::testkit::{ModelSpec, random_model, random_segment, random_small_model};
use deepcardio::{Architecture, Model, reference};
use ecg::Segment;
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha20Rng;

/// All-max, all-min, and for each channel of the first layer the inputs that match the signs of its
/// taps.
fn adversarial(model: &Model) -> Vec<Segment> {
    let architecture = model.architecture();
    let (count, max) = (architecture.signal().segment_samples, architecture.signal().input_max());
    let mut inputs = vec![vec![max; count], vec![-max - 1; count]];
    let kernel = architecture.stages()[0].linear.kernel;
    for taps in model.weights()[0].weights().chunks(kernel) {
        let matched = |sign: i32| {
            let tiled = taps.iter().cycle().take(count);
            tiled.map(|&w| if i32::from(w) * sign > 0 { max } else { -max - 1 }).collect::<Vec<_>>()
        };
        inputs.extend([matched(1), matched(-1)]);
    }
    inputs.into_iter().map(Segment::new).collect()
}

fn limit(stage: &Stage) -> i64 {
    1 << (stage.ell - if stage.nonlinear.is_some() { 2 } else { 1 })
}

#[test]
fn no_input_reaches_the_limit() {
    for seed in 0..40 {
        let mut rng = ChaCha20Rng::seed_from_u64(seed);
        let model = random_small_model(&mut rng);
        let mut inputs = adversarial(&model);
        inputs.extend((0..5).map(|_| random_segment(&mut rng, model.architecture())));
        for input in inputs {
            let trace = reference::trace(&model, &input).unwrap();
            for ((stage, values), bound) in
                model.architecture().stages().iter().zip(&trace.stages).zip(model.bounds())
            {
                let largest = values.accumulators.iter().map(|acc| i64::from(acc.abs())).max().unwrap();
                assert!(largest <= bound.magnitude, "{}: {largest} > {}", stage.name, bound.magnitude);
                assert!(bound.magnitude < limit(stage));
            }
        }
    }
}

#[test]
fn a_ring_one_bit_narrower_is_refused() {
    for seed in 0..20 {
        let model = random_small_model(&mut ChaCha20Rng::seed_from_u64(seed));
        let stages = model.architecture().stages();
        for narrowed in 0..stages.len() {
            let rings = stages.iter().enumerate().map(|(i, s)| s.ell - u32::from(i == narrowed)).collect();
            // Either the architecture itself is refused (below 8 bits, or too narrow for its step)
            // or the weights are.
            if let Ok(architecture) = model.architecture().with_ring_bits(rings) {
                let error = Model::new(architecture, model.weights().to_vec(), String::new()).err().unwrap();
                assert!(matches!(error, ModelError::RingTooNarrow { .. }), "{error}");
            }
        }
    }
}

/// Two layers with one channel each, where the first hands `max(x, 0)` on unchanged.
fn two_layers(rng: &mut ChaCha20Rng) -> Model {
    let layers = vec![
        Layer::Conv1d { out_channels: 1, kernel: 1, weight_bits: 2 },
        Layer::Requantise { pool: false, shift: 0, bits: 7 },
        Layer::Conv1d { out_channels: 1, kernel: 5, weight_bits: 8 },
        Layer::Requantise { pool: false, shift: 4, bits: 6 },
        Layer::GlobalSum,
        Layer::WindowsToSequence,
        Layer::GlobalSum,
        Layer::Dense { outputs: 2, weight_bits: 4 },
    ];
    let spec = ModelSpec { windows: 1, window_length: 15, layers, classes: 2, input_bits: 8, extremes: 0 };
    let shape = random_model(rng, &spec);
    let taps: Vec<i8> = (0..5).map(|_| rng.random()).collect();
    let weights = vec![
        LayerWeights::new(vec![1], vec![0]),
        LayerWeights::new(taps, vec![rng.random_range(-500..500)]),
        shape.weights()[2].clone(),
    ];
    Model::with_least_rings(shape.architecture(), weights, String::new()).unwrap()
}

#[test]
fn sign_matched_inputs_attain_the_bound() {
    for seed in 0..50 {
        let model = two_layers(&mut ChaCha20Rng::seed_from_u64(seed));
        let mut largest = [0i64; 2];
        for sign in [1, -1] {
            let taps = model.weights()[1].weights();
            let samples =
                taps.iter().cycle().take(15).map(|&w| if i32::from(w) * sign > 0 { 127 } else { -128 });
            let trace = reference::trace(&model, &Segment::new(samples.collect())).unwrap();
            for (largest, stage) in largest.iter_mut().zip(&trace.stages) {
                let reached = stage.accumulators.iter().map(|acc| i64::from(acc.abs())).max().unwrap();
                *largest = (*largest).max(reached);
            }
        }
        for ((stage, bound), largest) in model.architecture().stages().iter().zip(model.bounds()).zip(largest)
        {
            assert_eq!(largest, bound.magnitude, "{} seed {seed}", stage.name);
            let value_bits = i64::BITS - largest.leading_zeros();
            let step = stage.requantise().unwrap();
            let least = (value_bits + 2).max(step.shift + step.bits + 1).max(8);
            assert_eq!(stage.ell, least, "{} seed {seed}", stage.name);
        }
    }
}

#[test]
fn weights_that_need_more_than_30_bits_are_refused_by_layer_name() {
    let layers = vec![
        Layer::Conv1d { out_channels: 1, kernel: 1, weight_bits: 8 },
        Layer::Requantise { pool: false, shift: 0, bits: 8 },
        Layer::Dense { outputs: 1, weight_bits: 8 },
    ];
    let spec = ModelSpec { windows: 1, window_length: 8, layers, classes: 1, input_bits: 8, extremes: 0 };
    let model = random_model(&mut ChaCha20Rng::seed_from_u64(3), &spec);
    let weights = vec![LayerWeights::new(vec![1], vec![1 << 29]), model.weights()[1].clone()];
    let error = Model::with_least_rings(model.architecture(), weights, String::new()).err().unwrap();
    assert_eq!(error, ModelError::Overflow { layer: "conv1".to_owned(), needed: 32 });
}

#[test]
fn weights_beyond_their_width_are_refused() {
    let mut rng = ChaCha20Rng::seed_from_u64(4);
    let model = random_model(&mut rng, &ModelSpec::small(1, 16, 2, 1));
    let mut weights = model.weights().to_vec();
    let mut values = weights[0].weights().to_vec();
    values[3] = 32;
    weights[0] = LayerWeights::new(values, weights[0].bias().to_vec());
    let error = Model::new(model.architecture().clone(), weights, String::new()).err().unwrap();
    assert_eq!(error, ModelError::WeightWidth { layer: "conv1".to_owned(), bits: 6 });
}

#[test]
fn sums_that_leave_every_ring_are_refused() {
    let layers = vec![
        Layer::Conv1d { out_channels: 1, kernel: 1, weight_bits: 8 },
        Layer::Requantise { pool: false, shift: 0, bits: 8 },
        Layer::GlobalSum,
        Layer::WindowsToSequence,
        Layer::GlobalSum,
        Layer::Dense { outputs: 1, weight_bits: 8 },
    ];
    let spec = ModelSpec { windows: 1, window_length: 16, layers, classes: 1, input_bits: 8, extremes: 0 };
    let small = random_model(&mut ChaCha20Rng::seed_from_u64(3), &spec);
    let mut specification = small.architecture().specification().clone();
    specification.signal.segment_samples = 65_536 + 100;
    specification.signal.window_length = 65_536;
    specification.signal.window_starts = (0..64).collect();
    let architecture = Architecture::new(specification).unwrap();
    let weights = vec![LayerWeights::new(vec![127], vec![0]), LayerWeights::new(vec![0], vec![0])];
    let error = Model::with_least_rings(&architecture, weights, String::new()).err().unwrap();
    // 255 * 2^22 has 30 bits, and a sign.
    assert_eq!(error, ModelError::Overflow { layer: "conv1".to_owned(), needed: 31 });
}
