//! Computing each value that windows share once gives the same numbers as the reference, for every
//! way of cutting.

#![expect(clippy::unwrap_used, reason = "helpers of tests fail the test")]

use deepcardio::architecture::{Activation, Architecture, Head, Stage, Widths};
use deepcardio::layers::{conv1d, requantise_value};
use deepcardio::model::LayerWeights;
use deepcardio::overlap::{Layout, Numbering, Sharing, window_stages};
use deepcardio::reference::trace;
use deepcardio::testkit::{random_segment, random_small_model};
use deepcardio::trace::StageTrace;
use rand::SeedableRng;
use rand_chacha::ChaCha20Rng;

/// `[window][channel][position]` to `[item][channel][item position]`.
fn gather(layout: &Layout, channels: usize, length: usize, values: &[i32]) -> Vec<i32> {
    let mut items = Vec::new();
    for item in layout.input.chunks(layout.item_length) {
        for channel in 0..channels {
            items.extend(item.iter().map(|place| {
                place.map_or(0, |p| values[(p / length * channels + channel) * length + p % length])
            }));
        }
    }
    items
}

fn check(
    stage: &Stage,
    layer: &LayerWeights,
    (layout, results): (&Layout, &[u32]),
    input: &[i32],
    expected: &StageTrace,
) {
    let shape = stage.linear;
    let items = gather(layout, shape.in_channels, shape.length, input);
    let computed = conv1d(&layout.linear(&shape), layer.weights(), layer.bias(), &items, i64::MAX);
    let at = |place: usize, channel: usize| {
        let (item, position) = (place / layout.item_length, place % layout.item_length);
        computed[(item * shape.out_channels + channel) * layout.item_length + position]
    };
    for (index, &value) in expected.accumulators.iter().enumerate() {
        let (row, t) = (index / shape.length, index % shape.length);
        let (window, channel) = (row / shape.out_channels, row % shape.out_channels);
        assert_eq!(at(layout.accumulators[window * shape.length + t], channel), value);
    }
    let step: Activation = stage.requantise().unwrap();
    let arity = if step.pool { 2 } else { 1 };
    let length = stage.activated().length;
    for (index, &value) in expected.activations.iter().enumerate() {
        let (row, t) = (index / length, index % length);
        let (window, channel) = (row / shape.out_channels, row % shape.out_channels);
        let operands = layout.operands.chunks(arity).nth(results[window * length + t] as usize).unwrap();
        let largest = operands.iter().map(|&place| at(place, channel)).max().unwrap();
        assert_eq!(requantise_value(step, largest), value);
    }
}

#[test]
fn every_layout_gives_the_values_of_the_reference() {
    for seed in 0..80 {
        let mut rng = ChaCha20Rng::seed_from_u64(seed);
        let model = random_small_model(&mut rng);
        let segment = random_segment(&mut rng, model.architecture());
        let trace = trace(&model, &segment).unwrap();
        let windows = segment.laid_out(model.architecture().signal());
        let inputs = std::iter::once(&windows[..]).chain(trace.stages.iter().map(|s| &s.output[..]));
        let layers = window_stages(model.architecture()).iter().zip(model.weights());
        let mut numbering = Numbering::of_input(model.architecture());
        for ((stage, layer), (input, expected)) in layers.zip(inputs.zip(&trace.stages)) {
            let kernel = stage.linear.kernel;
            let sharing = Sharing::new(stage, &numbering);
            for item_length in [2 * kernel, 2 * kernel + 3, 3 * kernel + 7, 50, 400] {
                match sharing.layout(item_length) {
                    Some(layout) => {
                        check(stage, layer, (&layout, sharing.activated().numbers()), input, expected);
                    }
                    None => assert!(item_length < 2 * kernel),
                }
            }
            numbering = sharing.activated().clone();
        }
    }
}

#[test]
fn deepcardio_saves_a_third_of_its_pairs() {
    let architecture = Architecture::deepcardio(6, Head::Average, Widths::default()).unwrap();
    let mut numbering = Numbering::of_input(&architecture);
    let mut computed = Vec::new();
    for stage in window_stages(&architecture) {
        let sharing = Sharing::new(stage, &numbering);
        let layout = sharing.layout(256).unwrap();
        computed.push(layout.operands.len() / 2 * stage.linear.out_channels);
        numbering = sharing.activated().clone();
    }
    let all: usize = architecture.stages().iter().map(Stage::activations).sum();
    assert_eq!(all, 307_200);
    assert_eq!(computed, [24_384, 25_536, 27_072, 30_144, 40_320, 51_200]);
}
