//! The reference against an independent implementation that walks the layer list with nested
//! vectors.

#![expect(clippy::unwrap_used, reason = "helpers of tests fail the test")]

use deepcardio::architecture::{Layer, LinearShape, Lstm};
use deepcardio::layers::conv1d;
use deepcardio::model::LayerWeights;
use deepcardio::testkit::{random_lstm_model, random_segment, random_small_model};
use deepcardio::{Model, reference};
use ecg::Segment;
use proptest::prelude::{ProptestConfig, any};
use proptest::{prop_assert_eq, proptest};
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha20Rng;

/// `[batch][channel][position]`
type Tensor = Vec<Vec<Vec<i64>>>;

/// Convolution by scattering each input value over the outputs it reaches.
fn scatter(input: &Tensor, weights: &[i8], bias: &[i32], kernel: usize) -> Tensor {
    let pad = (kernel as i64 - 1) / 2;
    let item = |item: &Vec<Vec<i64>>| {
        let mut out: Vec<Vec<i64>> = bias.iter().map(|&b| vec![i64::from(b); item[0].len()]).collect();
        for (c, channel) in item.iter().enumerate() {
            for (position, &value) in channel.iter().enumerate() {
                for (o, row) in out.iter_mut().enumerate() {
                    for k in 0..kernel {
                        let target = position as i64 + pad - k as i64;
                        if (0..row.len() as i64).contains(&target) {
                            let weight = weights[(o * item.len() + c) * kernel + k];
                            row[target as usize] += value * i64::from(weight);
                        }
                    }
                }
            }
        }
        out
    };
    input.iter().map(item).collect()
}

fn map_rows(tensor: &Tensor, f: impl Fn(&[i64]) -> Vec<i64>) -> Tensor {
    tensor.iter().map(|item| item.iter().map(|row| f(row)).collect()).collect()
}

/// `floor(x / 2^f + 1/2)` by Euclidean division instead of shifts.
fn step(value: i64, shift: u32, bits: u32) -> i64 {
    let (half, unit) = ((1 << shift) / 2, 1i64 << shift);
    (value + half).div_euclid(unit).max(0).min((1 << bits) - 1)
}

/// `floor(x / 2^shift + 1/2)` without shifts.
fn rounded(value: i64, shift: u32) -> i64 {
    (value + (1i64 << shift) / 2).div_euclid(1 << shift)
}

/// Every value of an LSTM that one of its steps gives.
#[derive(Default)]
struct Recurrence {
    indices: Vec<i64>,
    cells: Vec<i64>,
    cell_indices: Vec<i64>,
}

/// The LSTM unit by unit with signed clamps, on `[channel][position]`: the last hidden state as
/// `[unit][1]`.
fn recur(input: &[Vec<i64>], layer: &LayerWeights, lstm: &Lstm, seen: &mut Recurrence) -> Vec<Vec<i64>> {
    let (units, tables, columns) = (lstm.units, &lstm.tables, input.len() + lstm.units);
    let (mut hidden, mut cell) = (vec![0i64; units], vec![0i64; units]);
    for t in 0..input[0].len() {
        let scaled = input.iter().map(|channel| channel[t] * (1i64 << lstm.input_shift));
        let combined: Vec<i64> = scaled.chain(hidden.iter().copied()).collect();
        let index = |row: usize| {
            let products = combined.iter().zip(&layer.weights()[row * columns..][..columns]);
            let sum: i64 = products.map(|(value, &weight)| value * i64::from(weight)).sum();
            rounded(i64::from(layer.bias()[row]) + sum, lstm.gate_shift).clamp(0, 255)
        };
        let indices: Vec<i64> = (0..4 * units).map(index).collect();
        for unit in 0..units {
            let sigmoid = |gate: usize| i64::from(tables.sigmoid()[indices[gate * units + unit] as usize]);
            let candidate = i64::from(tables.tanh()[indices[2 * units + unit] as usize]);
            let a = sigmoid(1) * cell[unit] + sigmoid(0) * candidate;
            let most = 1i64 << (lstm.cell_bits - 1);
            cell[unit] = rounded(a, 7).clamp(-most, most - 1);
            let shown = (rounded(a, lstm.cell_index_shift) + 128).clamp(0, 255);
            hidden[unit] = sigmoid(3) * i64::from(tables.cell_tanh()[shown as usize]);
            seen.cell_indices.push(shown);
        }
        seen.indices.extend(indices);
        seen.cells.extend(&cell);
    }
    hidden.into_iter().map(|h| vec![h]).collect()
}

fn naive(model: &Model, segment: &Segment, seen: &mut Recurrence) -> Vec<i64> {
    let mut x: Tensor = segment
        .windows(model.architecture().signal())
        .map(|window| vec![window.iter().map(|&s| i64::from(s)).collect()])
        .collect();
    let mut weights = model.weights().iter();
    for layer in &model.architecture().specification().layers {
        x = match *layer {
            Layer::Conv1d { kernel, .. } => {
                let layer = weights.next().unwrap();
                scatter(&x, layer.weights(), layer.bias(), kernel)
            }
            Layer::Dense { .. } => {
                let layer = weights.next().unwrap();
                let flat =
                    x.iter().map(|item| item.concat().into_iter().map(|v| vec![v]).collect()).collect();
                scatter(&flat, layer.weights(), layer.bias(), 1)
            }
            Layer::Requantise { pool, shift, bits } => map_rows(&x, |row| {
                let size = if pool { 2 } else { 1 };
                row.chunks_exact(size).map(|group| step(*group.iter().max().unwrap(), shift, bits)).collect()
            }),
            Layer::Lstm {
                units, input_shift, gate_shift, cell_bits, cell_index_shift, ref tables, ..
            } => {
                let tables = tables.clone();
                let lstm = Lstm { units, input_shift, gate_shift, cell_bits, cell_index_shift, tables };
                vec![recur(&x[0], weights.next().unwrap(), &lstm, seen)]
            }
            Layer::GlobalSum => map_rows(&x, |row| vec![row.iter().sum()]),
            Layer::WindowsToSequence => {
                vec![(0..x[0].len()).map(|c| x.iter().map(|item| item[c][0]).collect()).collect()]
            }
        };
    }
    x.concat().concat()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn convolution_equals_scattering(
        batch in 1usize..4,
        in_channels in 1usize..=64,
        out_channels in 1usize..=64,
        length in 1usize..40,
        half in 0usize..=3,
        seed in any::<u64>(),
    ) {
        let kernel = 2 * half + 1;
        let shape = LinearShape { batch, in_channels, out_channels, length, kernel };
        let mut rng = ChaCha20Rng::seed_from_u64(seed);
        let weights: Vec<i8> = (0..shape.weight_count()).map(|_| rng.random()).collect();
        let bias: Vec<i32> = (0..out_channels).map(|_| rng.random_range(-100_000..100_000)).collect();
        let input: Vec<i32> = (0..shape.input().count()).map(|_| rng.random_range(-128..=255)).collect();
        let nested: Tensor = input
            .chunks(in_channels * length)
            .map(|item| item.chunks(length).map(|row| row.iter().map(|&v| i64::from(v)).collect()).collect())
            .collect();
        let truth = scatter(&nested, &weights, &bias, kernel).concat().concat();
        let layer = LayerWeights::new(weights, bias);
        let result = conv1d(&shape, layer.weights(), layer.bias(), &input, 1 << 30);
        let result: Vec<i64> = result.into_iter().map(i64::from).collect();
        prop_assert_eq!(result, truth);
    }

    #[test]
    fn whole_networks_equal_the_naive_walk(seed in any::<u64>()) {
        let mut rng = ChaCha20Rng::seed_from_u64(seed);
        let model = random_small_model(&mut rng);
        let segment = random_segment(&mut rng, model.architecture());
        let truth = naive(&model, &segment, &mut Recurrence::default());
        prop_assert_eq!(reference::scores(&model, &segment).unwrap(), truth);
    }
}

#[test]
fn lstm_networks_equal_the_naive_walk_and_saturate_on_both_sides() {
    let mut rng = ChaCha20Rng::seed_from_u64(2);
    let mut ends = [[0usize; 2]; 3];
    for units in (1..=128).step_by(3) {
        let steps = rng.random_range(1..=40);
        let model = random_lstm_model(&mut rng, steps, units);
        let segment = random_segment(&mut rng, model.architecture());
        let mut seen = Recurrence::default();
        let truth = naive(&model, &segment, &mut seen);
        assert_eq!(reference::scores(&model, &segment).unwrap(), truth, "{units} units, {steps} steps");
        let lstm = model.architecture().stages()[1].lstm().unwrap();
        let most = 1 << (lstm.cell_bits - 1);
        let ranges = [(&seen.indices, 0, 255), (&seen.cells, -most, most - 1), (&seen.cell_indices, 0, 255)];
        for (ends, (values, low, high)) in ends.iter_mut().zip(ranges) {
            ends[0] += values.iter().filter(|&&value| value == low).count();
            ends[1] += values.iter().filter(|&&value| value == high).count();
        }
    }
    assert!(ends.iter().flatten().all(|&count| count > 1000), "{ends:?}");
}

#[test]
fn segments_of_another_length_or_width_are_refused() {
    let mut rng = ChaCha20Rng::seed_from_u64(1);
    let model = random_small_model(&mut rng);
    let signal = model.architecture().signal();
    let (count, outside) = (signal.segment_samples, signal.input_max() + 1);
    for samples in [vec![0; count + 1], vec![0; count - 1], vec![outside; count]] {
        assert!(reference::scores(&model, &Segment::new(samples)).is_err());
    }
}
