//! Import and exact quantisation against networks trained, quantised and run by Keras and NumPy.
//!
//! Each fixture is a Keras file with the JSON of what NumPy computed from it: integer weights,
//! accumulators of every layer on given inputs, integer scores, float scores and ring widths.

#![expect(clippy::unwrap_used, reason = "helpers of tests fail the test")]

use std::path::PathBuf;

use deepcardio::{Model, reference};
use deepcardio_tools::fast::FastModel;
use deepcardio_tools::float::Twin;
use deepcardio_tools::import::{self, ImportError, Imported};
use deepcardio_tools::quant::{LayerScales, LstmScales, quantise};
use ecg::{Segment, Signal};
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha20Rng;
use serde_json::Value;

fn fixture(name: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures").join(name)
}

fn load(name: &str) -> (Imported, Value) {
    let imported = import::read(&fixture(&format!("{name}.h5"))).unwrap();
    let text = std::fs::read_to_string(fixture(&format!("{name}.json"))).unwrap();
    (imported, serde_json::from_str(&text).unwrap())
}

/// All numbers below a JSON value, in order.
fn numbers(value: &Value) -> Vec<f64> {
    match value {
        Value::Array(items) => items.iter().flat_map(numbers).collect(),
        other => vec![other.as_f64().unwrap()],
    }
}

fn integers(value: &Value) -> Vec<i64> {
    numbers(value).into_iter().map(|number| number as i64).collect()
}

/// Segments that hold the windows of the fixture, which lie apart, where `signal` cuts them out.
fn segments(expected: &Value, signal: &Signal) -> Vec<Segment> {
    let segment = |input: &Value| {
        let windows: Vec<i32> = integers(input).into_iter().map(|sample| sample as i32).collect();
        let mut samples = vec![0; signal.segment_samples];
        for (&start, window) in signal.window_starts.iter().zip(windows.chunks(signal.window_length)) {
            samples[start as usize..][..signal.window_length].copy_from_slice(window);
        }
        let segment = Segment::new(samples);
        assert_eq!(segment.laid_out(signal), windows);
        segment
    };
    expected["input"].as_array().unwrap().iter().map(segment).collect()
}

fn model(imported: &Imported) -> Model {
    let quantisation = imported.quantisation.as_ref().unwrap();
    quantise(&imported.network, quantisation, "fixture".to_owned()).unwrap()
}

#[test]
fn integer_networks_equal_numpy_in_every_accumulator() {
    for name in ["tiny", "tiny-bn", "tiny-lstm"] {
        let (imported, expected) = load(name);
        let model = model(&imported);
        // NumPy bounds every activation by its width alone. Intervals per channel can only be
        // narrower.
        for (stage, widest) in model.architecture().stages().iter().zip(integers(&expected["ell"])) {
            assert!(i64::from(stage.ell) <= widest, "{name} {}: {} > {widest}", stage.name, stage.ell);
        }
        for (layer, truth) in model.weights().iter().zip(expected["layers"].as_array().unwrap()) {
            let weights: Vec<i64> = layer.weights().iter().map(|&w| i64::from(w)).collect();
            let bias: Vec<i64> = layer.bias().iter().map(|&b| i64::from(b)).collect();
            assert_eq!((weights, bias), (integers(&truth["weight"]), integers(&truth["bias"])), "{name}");
        }
        let segments = segments(&expected, model.architecture().signal());
        let traces: Vec<_> =
            segments.iter().map(|segment| reference::trace(&model, segment).unwrap()).collect();
        for (index, truth) in expected["layers"].as_array().unwrap().iter().enumerate() {
            let layer = truth["name"].as_str().unwrap();
            let accumulators: Vec<i64> =
                traces.iter().flat_map(|t| &t.stages[index].accumulators).map(|&acc| acc.into()).collect();
            assert_eq!(accumulators, integers(&expected["accumulators"][layer]), "{name} {layer}");
            if let Some(hidden) = expected["hidden"].get(layer) {
                let states: Vec<i64> =
                    traces.iter().flat_map(|t| &t.stages[index].output).map(|&h| h.into()).collect();
                assert_eq!(states, integers(hidden), "{name} {layer}");
            }
        }
        let fast = FastModel::new(&model);
        let scores: Vec<i64> = segments.iter().flat_map(|segment| fast.scores(segment).unwrap()).collect();
        assert_eq!(scores, integers(&expected["scores"]), "{name}");
    }
}

#[test]
fn float_twin_equals_keras() {
    for name in ["tiny", "tiny-bn", "tiny-lstm"] {
        let (imported, expected) = load(name);
        let model = model(&imported);
        let signal = model.architecture().signal();
        let twin = Twin::new(&imported.network);
        let mut scores = Vec::new();
        for segment in segments(&expected, signal) {
            let windows = segment.windows(signal).flatten();
            let millivolts: Vec<f32> =
                windows.map(|&sample| (f64::from(sample) / signal.input_scale) as f32).collect();
            scores.extend(twin.scores(&millivolts));
        }
        let truth = numbers(&expected["float_scores"]);
        assert_eq!(scores.len(), truth.len());
        for (score, truth) in scores.iter().zip(truth) {
            assert!((f64::from(*score) - truth).abs() < 1e-4, "{name}: {score} {truth}");
        }
    }
}

#[test]
fn a_model_survives_its_file() {
    let model = model(&load("tiny").0);
    assert!(Model::from_bytes(&model.to_bytes()).unwrap() == model);
}

#[test]
fn the_file_has_the_same_bytes_on_every_platform() {
    let digest = blake3::hash(&model(&load("tiny").0).to_bytes()).to_hex();
    assert_eq!(digest.as_str(), "96b2535e119f2b8338335d1f59af5e215dae644331ac405e5032f028ab511514");
}

#[test]
fn an_lstm_that_does_not_fit_its_scales_is_named() {
    let (imported, _) = load("tiny-lstm");
    let refuse = |change: &dyn Fn(&mut LayerScales)| {
        let mut quantisation = imported.quantisation.clone().unwrap();
        change(&mut quantisation.layers[2]);
        quantise(&imported.network, &quantisation, String::new()).err().unwrap().to_string()
    };
    let lstm = |change: &dyn Fn(&mut LstmScales)| refuse(&|layer| change(layer.lstm.as_mut().unwrap()));
    for (error, problem) in [
        (refuse(&|layer| layer.lstm = None), "needs the entry"),
        (refuse(&|layer| layer.activation_bits = 7), "8 bits"),
        (refuse(&|layer| layer.shift = 21), "shift"),
        (refuse(&|layer| layer.weight_scale[23] *= 1.5), "one scale"),
        (refuse(&|layer| layer.weight_scale[12] *= 1.5), "one scale"),
        (refuse(&|layer| layer.weight_scale.iter_mut().for_each(|s| *s *= 2.0)), "does not fit 8 bits"),
        (lstm(&|lstm| lstm.input_shift = 9), "shift"),
        (lstm(&|lstm| lstm.cell_bits = 3), "cell bits"),
        (lstm(&|lstm| lstm.cell_index_shift = u32::MAX), "cell index shift"),
        (lstm(&|lstm| lstm.sigmoid[7] = 129), "a gate is above 1"),
        (lstm(&|lstm| lstm.sigmoid.clear()), "`lstm`: 0 sigmoid entries"),
        (lstm(&|lstm| lstm.tanh.truncate(255)), "255 tanh entries"),
        (lstm(&|lstm| lstm.cell_tanh.push(0)), "257 cell tanh entries"),
    ] {
        assert!(error.contains(problem), "{error}");
    }
    let mut quantisation = imported.quantisation.clone().unwrap();
    quantisation.layers[1].lstm = quantisation.layers[2].lstm.clone();
    let error = quantise(&imported.network, &quantisation, String::new()).err().unwrap().to_string();
    assert!(error.contains("conv2") && error.contains("only an LSTM"), "{error}");
}

#[test]
fn what_is_not_hdf5_is_an_error() {
    assert!(matches!(import::read(&fixture("tiny.json")), Err(ImportError::Hdf5(_))));
    assert!(matches!(import::read(&fixture("missing.h5")), Err(ImportError::File(_))));
}

#[test]
fn a_damaged_file_never_panics() {
    let bytes = std::fs::read(fixture("tiny.h5")).unwrap();
    let path = std::env::temp_dir().join(format!("deepcardio-damaged-{}.h5", std::process::id()));
    for cut in (0..bytes.len()).step_by(1 + bytes.len() / 40) {
        std::fs::write(&path, &bytes[..cut]).unwrap();
        assert!(import::read(&path).is_err(), "cut at {cut}");
    }
    let mut rng = ChaCha20Rng::seed_from_u64(9);
    for _ in 0..500 {
        let mut damaged = bytes.clone();
        for _ in 0..rng.random_range(1..=8) {
            let position = rng.random_range(0..damaged.len());
            damaged[position] = rng.random();
        }
        std::fs::write(&path, &damaged).unwrap();
        // A flipped byte of a weight still gives a network. Whatever is read must quantise or fail
        // cleanly.
        if let Ok(Imported { network, quantisation: Some(quantisation) }) = import::read(&path) {
            let _ = quantise(&network, &quantisation, String::new());
        }
    }
    std::fs::remove_file(&path).unwrap();
}

/// The error for the fixture with one text in its configuration replaced by another of the same
/// length.
fn error_after(name: &str, file: &str, from: &str, to: &str) -> String {
    assert_eq!(from.len(), to.len());
    let mut bytes = std::fs::read(fixture(file)).unwrap();
    let position = bytes.windows(from.len()).position(|window| window == from.as_bytes()).unwrap();
    bytes[position..position + to.len()].copy_from_slice(to.as_bytes());
    let path = std::env::temp_dir().join(format!("deepcardio-{name}-{}.h5", std::process::id()));
    std::fs::write(&path, &bytes).unwrap();
    let error = import::read(&path).unwrap_err().to_string();
    std::fs::remove_file(&path).unwrap();
    error
}

#[test]
fn what_is_not_supported_is_named_with_what_is() {
    let layer = error_after("layer", "tiny.h5", "\"MaxPooling1D\"", "\"MinPooling1D\"");
    assert!(layer.contains("pool1") && layer.contains("MinPooling1D"), "{layer}");
    assert!(layer.contains(import::SUPPORTED_LAYERS), "{layer}");
    let option = error_after("option", "tiny.h5", "\"strides\": [1]", "\"strides\": [3]");
    assert!(option.contains("conv1") && option.contains("strides"), "{option}");
    let padding = error_after("padding", "tiny.h5", "\"padding\": \"same\"", "\"padding\": \"left\"");
    assert!(padding.contains("conv1") && padding.contains("same"), "{padding}");
    let source =
        error_after("source", "tiny.h5", "\"keras_history\": [\"conv1\"", "\"keras_history\": [\"convX\"");
    assert!(source.contains("only chains"), "{source}");
    let hard = ["\"recurrent_activation\": \"sigmoid\", ", "\"recurrent_activation\": \"softsig\", "];
    let gate = error_after("gate", "tiny-lstm.h5", hard[0], hard[1]);
    assert!(gate.contains("lstm") && gate.contains("recurrent_activation `softsig`"), "{gate}");
    let last =
        error_after("last", "tiny-lstm.h5", "\"return_sequences\": false", "\"return_sequences\": true ");
    assert!(last.contains("lstm") && last.contains("return_sequences"), "{last}");
}
