//! Architectures: DeepCardio's own shapes, and everything that validation refuses.

#![expect(clippy::unwrap_used, reason = "helpers of tests fail the test")]

use deepcardio::Architecture;
use deepcardio::architecture::{ArchitectureError, Head, Layer, Specification, Stage, Widths};
use ecg::Signal;

fn deepcardio(blocks: usize) -> Specification {
    Architecture::deepcardio(blocks, Head::Average, Widths::default()).unwrap().specification().clone()
}

fn refuse(change: impl FnOnce(&mut Specification)) -> ArchitectureError {
    let mut specification = deepcardio(2);
    change(&mut specification);
    Architecture::new(specification).unwrap_err()
}

#[test]
fn six_blocks_have_the_published_shapes_and_costs() {
    let architecture = Architecture::deepcardio(6, Head::Average, Widths::default()).unwrap();
    let stages = architecture.stages();
    let names: Vec<&str> = stages.iter().map(|stage| stage.name.as_str()).collect();
    assert_eq!(names, ["conv1", "conv2", "conv3", "conv4", "conv5", "conv6", "dense"]);
    let channels: Vec<usize> = stages.iter().map(|stage| stage.linear.out_channels).collect();
    assert_eq!(channels, [8, 16, 32, 64, 128, 256, 4]);
    assert_eq!(stages.iter().map(Stage::activations).sum::<usize>(), 307_200);
    let macs: u64 = stages.iter().map(|stage| stage.linear.multiply_accumulates()).sum();
    assert_eq!(macs, 127_488_000 + 1024);
    assert_eq!(stages[6].linear.in_channels, 256);
}

#[test]
fn seven_blocks_end_at_length_4_with_512_channels() {
    let head = Head::Conv { channels: 64, kernel: 5 };
    let architecture = Architecture::deepcardio(7, head, Widths::default()).unwrap();
    let last = &architecture.stages()[6];
    assert_eq!((last.linear.out_channels, last.activated().length), (512, 4));
    assert_eq!(architecture.stages()[7].name, "head1");
    assert_eq!(architecture.stages()[7].linear.length, 25);
    assert!(Architecture::deepcardio(10, head, Widths::default()).is_err());
}

#[test]
fn the_grammar_is_enforced() {
    const LINEAR: Layer = Layer::Dense { outputs: 4, weight_bits: 8 };
    const STEP: Layer = Layer::Requantise { pool: false, shift: 3, bits: 8 };
    for layers in [
        vec![LINEAR, LINEAR],
        vec![STEP, LINEAR],
        vec![LINEAR, STEP],
        vec![LINEAR, STEP, STEP, LINEAR],
        vec![Layer::GlobalSum, LINEAR],
        vec![LINEAR, Layer::GlobalSum, LINEAR],
        vec![LINEAR, STEP, Layer::WindowsToSequence, Layer::WindowsToSequence, LINEAR],
    ] {
        let error = refuse(|specification| {
            let linear = layers.iter().filter(|layer| layer.is_linear()).count();
            specification.ring_bits = vec![30; linear];
            specification.layers = layers.clone();
        });
        assert!(matches!(error, ArchitectureError::Grammar { .. }), "{layers:?}: {error}");
    }
    let several_windows = refuse(|specification| {
        specification.ring_bits = vec![30];
        specification.layers = vec![LINEAR];
    });
    assert!(matches!(several_windows, ArchitectureError::Scores { .. }), "{several_windows}");
}

#[test]
fn every_limit_is_enforced() {
    use ArchitectureError::{
        Dimension, EvenKernel, LayerCount, Name, RingBitsCount, ScoreScale, TooManyWeights, Width,
    };
    let conv = |out_channels, kernel, weight_bits| Layer::Conv1d { out_channels, kernel, weight_bits };
    let step = |shift, bits| Layer::Requantise { pool: true, shift, bits };
    assert!(matches!(refuse(|s| s.layers[0] = conv(1025, 5, 8)), Dimension { layer: 0, .. }));
    assert!(matches!(refuse(|s| s.layers[0] = conv(0, 5, 8)), Dimension { layer: 0, .. }));
    assert!(matches!(refuse(|s| s.layers[0] = conv(8, 33, 8)), Dimension { what: "kernel", .. }));
    assert!(matches!(refuse(|s| s.layers[0] = conv(8, 4, 8)), EvenKernel { kernel: 4, .. }));
    assert!(matches!(refuse(|s| s.layers[0] = conv(8, 5, 9)), Width { what: "weight bits", .. }));
    assert!(matches!(refuse(|s| s.layers[1] = step(7, 9)), Width { what: "activation bits", .. }));
    assert!(matches!(refuse(|s| s.layers[1] = step(22, 8)), Width { what: "shift", most: 21, .. }));
    assert!(matches!(refuse(|s| s.ring_bits[0] = 31), Width { what: "ell", .. }));
    assert!(matches!(refuse(|s| s.ring_bits[0] = 7), Width { what: "ell", .. }));
    assert!(matches!(refuse(|s| s.ring_bits.push(30)), RingBitsCount { found: 4, expected: 3 }));
    assert!(matches!(refuse(|s| s.layers = vec![conv(8, 5, 8); 65]), LayerCount { found: 65 }));
    assert!(matches!(refuse(|s| s.layers.clear()), LayerCount { found: 0 }));
    assert!(matches!(refuse(|s| s.score_scale = f64::NAN), ScoreScale));
    assert!(matches!(refuse(|s| s.classes[1] = s.classes[0].clone()), Name { .. }));
    assert!(matches!(refuse(|s| s.name = "x".repeat(65)), Name { .. }));
    let heavy = refuse(|s| {
        let block = || [conv(1024, 31, 8), step(7, 8)];
        s.layers = [block(), block()].into_iter().flatten().chain([conv(4, 1, 8)]).collect();
    });
    assert!(matches!(heavy, TooManyWeights { .. } | Dimension { .. }), "{heavy}");
}

#[test]
fn signal_constants_are_checked() {
    let signal = |change: &dyn Fn(&mut Signal)| match refuse(|s| change(&mut s.signal)) {
        ArchitectureError::Signal { what } => what,
        error => panic!("{error}"),
    };
    assert_eq!(signal(&|s| s.rate_hz = f64::INFINITY), "rate_hz");
    assert_eq!(signal(&|s| s.band_low_hz = f64::NAN), "band_low_hz");
    assert_eq!(signal(&|s| s.band_high_hz = 100.0), "band_high_hz");
    assert_eq!(signal(&|s| s.order = 0), "order");
    assert_eq!(signal(&|s| s.input_bits = 17), "input_bits");
    assert_eq!(signal(&|s| s.input_scale = -1.0), "input_scale");
    assert_eq!(signal(&|s| s.window_length = 0), "window_length");
    assert_eq!(signal(&|s| s.window_length = 70_000), "window_length");
    assert_eq!(signal(&|s| s.window_starts.swap(0, 1)), "window_starts");
    assert_eq!(signal(&|s| s.window_starts[24] = u32::MAX), "window_starts");
    assert_eq!(signal(&|s| s.window_starts = (0..257).collect()), "window_starts");
    assert_eq!(signal(&|s| s.segment_samples = usize::MAX), "segment_samples");
}
