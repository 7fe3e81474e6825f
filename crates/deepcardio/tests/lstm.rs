//! The LSTM in architectures and model files: limits, grammar, encodings, hostile tables, bounds.

#![expect(clippy::unwrap_used, reason = "helpers of tests fail the test")]

use deepcardio::architecture::{
    ArchitectureError, CLASSES, Head, Layer, Nonlinear, Signal, Specification, Widths, limits,
};
use deepcardio::format::FormatError;
use deepcardio::model::{LayerWeights, LstmTables, ModelError};
use deepcardio::overlap::window_stages;
use deepcardio::tensor::Shape;
use deepcardio::testkit::{random_lstm_model, random_segment};
use deepcardio::{Architecture, Model, Segment, reference};
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha20Rng;

const LSTM: Layer = Layer::Lstm {
    units: 3,
    weight_bits: 8,
    input_shift: 4,
    gate_shift: 10,
    cell_bits: 11,
    cell_index_shift: 9,
};
const DENSE: Layer = Layer::Dense { outputs: 4, weight_bits: 8 };
const STEP: Layer = Layer::Requantise { pool: false, shift: 3, bits: 8 };
const CONV: Layer = Layer::Conv1d { out_channels: 2, kernel: 1, weight_bits: 8 };

/// A block over five windows of four samples, then `head`.
fn specification(head: &[Layer]) -> Specification {
    let layers = [&[CONV, STEP, Layer::GlobalSum][..], head].concat();
    let linear = layers.iter().filter(|layer| layer.is_linear()).count();
    Specification {
        name: "lstm".to_owned(),
        signal: Signal {
            segment_samples: 8,
            window_length: 4,
            window_starts: (0..5).collect(),
            ..Signal::deepcardio(8, 50.0)
        },
        layers,
        ring_bits: vec![30; linear],
        classes: CLASSES.map(str::to_owned).to_vec(),
        score_scale: 0.5,
    }
}

/// Tables of an LSTM with weights that leave indices to the bias alone.
fn small(tables: LstmTables) -> Result<Model, ModelError> {
    let architecture = Architecture::new(specification(&[Layer::WindowsToSequence, LSTM, DENSE])).unwrap();
    let bias = [200, 90, 255, 0].into_iter().flat_map(|index| [index << 10; 3]).collect();
    let weights = vec![
        LayerWeights::new(vec![1, -1], vec![5, 7]),
        LayerWeights::lstm(vec![0; 12 * 5], bias, tables),
        LayerWeights::new((0..12).map(|index| index - 6).collect(), vec![0; 4]),
    ];
    Model::with_least_rings(&architecture, weights, "fixed".to_owned())
}

/// Tables without floating-point numbers: the entry grows with the index.
fn ramps() -> LstmTables {
    let signed = |index: i32| (index - 128) as i8;
    let sigmoid = (0..=255).map(|index: u8| index.div_ceil(2)).collect();
    LstmTables::new(sigmoid, (0..256).map(signed).collect(), (0..256).map(signed).collect())
}

#[test]
fn a_stage_knows_its_input_and_its_steps() {
    let architecture = Architecture::deepcardio(6, Head::Lstm { units: 64 }, Widths::default()).unwrap();
    let stage = &architecture.stages()[6];
    let names: Vec<&str> = architecture.stages().iter().map(|stage| stage.name.as_str()).collect();
    assert_eq!(names[5..], ["conv6", "lstm", "dense"]);
    assert_eq!(stage.input(), Shape { batch: 1, channels: 256, length: 25 });
    assert_eq!(stage.linear.input(), Shape { batch: 1, channels: 320, length: 25 });
    assert_eq!(stage.linear.output(), Shape { batch: 1, channels: 256, length: 25 });
    assert_eq!(stage.output(), Shape { batch: 1, channels: 64, length: 1 });
    assert_eq!(stage.activations(), 25 * 6 * 64);
    assert!(stage.requantise().is_none() && matches!(stage.nonlinear, Some(Nonlinear::Lstm(_))));
    assert_eq!(architecture.stages()[7].input(), stage.output());
    // Windows share values up to the stage whose output becomes the sequence.
    assert_eq!(window_stages(&architecture), &architecture.stages()[..6]);
}

#[test]
fn an_lstm_stands_between_the_sequence_and_a_dense_layer() {
    let sequence = Layer::WindowsToSequence;
    assert!(Architecture::new(specification(&[sequence, LSTM, DENSE])).is_ok());
    assert!(Architecture::new(specification(&[sequence, LSTM, DENSE, STEP, DENSE])).is_ok());
    for head in [
        vec![LSTM, DENSE],
        vec![sequence, LSTM],
        vec![sequence, LSTM, CONV],
        vec![sequence, LSTM, LSTM, DENSE],
        vec![sequence, LSTM, STEP, DENSE],
        vec![sequence, LSTM, Layer::GlobalSum, DENSE],
        vec![sequence, LSTM, sequence, DENSE],
        vec![sequence, CONV, STEP, LSTM, DENSE],
        vec![sequence, Layer::GlobalSum, LSTM, DENSE],
    ] {
        let error = Architecture::new(specification(&head)).unwrap_err();
        assert!(matches!(error, ArchitectureError::Grammar { .. }), "{head:?}: {error}");
    }
}

#[test]
fn every_width_of_an_lstm_is_limited() {
    let refused = |units, weight_bits, widths: [u32; 4], ell| {
        let [input_shift, gate_shift, cell_bits, cell_index_shift] = widths;
        let layer = Layer::Lstm { units, weight_bits, input_shift, gate_shift, cell_bits, cell_index_shift };
        let mut specification = specification(&[Layer::WindowsToSequence, layer, DENSE]);
        specification.ring_bits[1] = ell;
        match Architecture::new(specification) {
            Ok(_) => "",
            Err(ArchitectureError::Width { layer: 4, what, .. }) => what,
            Err(ArchitectureError::Dimension { layer: 4, what, .. }) => what,
            Err(error) => panic!("{error}"),
        }
    };
    assert_eq!(refused(1, 8, [0, 0, 4, 6], 9), "");
    assert_eq!(refused(limits::LSTM_UNITS, 8, [8, 20, 12, 12], 29), "");
    assert_eq!(refused(0, 8, [0, 0, 4, 6], 30), "LSTM units");
    assert_eq!(refused(limits::LSTM_UNITS + 1, 8, [0, 0, 4, 6], 30), "LSTM units");
    assert_eq!(refused(usize::MAX, 8, [0, 0, 4, 6], 30), "LSTM units");
    assert_eq!(refused(1, 9, [0, 0, 4, 6], 30), "weight bits");
    assert_eq!(refused(1, 8, [9, 0, 4, 6], 30), "input shift");
    assert_eq!(refused(1, 8, [0, 21, 4, 6], 30), "gate shift");
    assert_eq!(refused(1, 8, [0, u32::MAX, 4, 6], 30), "gate shift");
    assert_eq!(refused(1, 8, [0, 12, 4, 6], 20), "ell");
    assert_eq!(refused(1, 8, [0, 0, 4, 6], 8), "ell");
    assert_eq!(refused(1, 8, [0, 0, 3, 6], 30), "cell bits");
    assert_eq!(refused(1, 8, [0, 0, 13, 6], 30), "cell bits");
    assert_eq!(refused(1, 8, [0, 0, 4, 5], 30), "cell index shift");
    assert_eq!(refused(1, 8, [0, 0, 4, 13], 30), "cell index shift");
}

#[test]
fn the_digest_is_the_same_on_every_platform() {
    let architecture = Architecture::deepcardio(6, Head::Lstm { units: 64 }, Widths::default()).unwrap();
    let digest: String = architecture.digest().iter().map(|byte| format!("{byte:02x}")).collect();
    assert_eq!(digest, "f751bba78084c344c7443f4f71ddcc6ea5f14b77683a79d0b74394bb28c84e8b");
}

#[test]
fn the_file_has_the_same_bytes_on_every_platform() {
    let bytes = small(ramps()).unwrap().to_bytes();
    let digest = blake3::hash(&bytes).to_hex();
    assert_eq!(digest.as_str(), "5c13f2a618c9e59bbace2df62e9436559a1985b30683d9c9785cc4b1259f6677");
    // Weights, bias and tables of the LSTM, then the dense layer and the checksum.
    let tables = bytes.len() - 32 - (12 + 16) - 768;
    assert_eq!(bytes[tables..tables + 4], [0, 1, 1, 2]);
    assert_eq!(bytes[tables + 256..tables + 259], [0x80, 0x81, 0x82]);
    // Biases of the output gate, and before them those of the cell gate.
    assert_eq!(bytes[tables - 12..tables], [0; 12]);
    assert_eq!(bytes[tables - 16..tables - 12], (255i32 << 10).to_le_bytes());
}

#[test]
fn models_round_trip_and_every_truncation_is_an_error() {
    for seed in 0..20 {
        let mut rng = ChaCha20Rng::seed_from_u64(seed);
        let (steps, units) = (rng.random_range(1..=40), rng.random_range(1..=limits::LSTM_UNITS));
        let model = random_lstm_model(&mut rng, steps, units);
        assert_eq!(Model::from_bytes(&model.to_bytes()).unwrap(), model);
    }
    let bytes = small(ramps()).unwrap().to_bytes();
    for cut in 20..bytes.len() - 32 {
        // A file that announces its shorter length and has the right checksum, so that only its content is short.
        let mut short = bytes[..cut].to_vec();
        short[12..20].copy_from_slice(&(cut as u64 + 32).to_le_bytes());
        let checksum = blake3::hash(&short);
        short.extend_from_slice(checksum.as_bytes());
        assert!(Model::from_bytes(&short).is_err(), "cut at {cut}");
    }
}

#[test]
fn hostile_tables_are_refused_or_sound() {
    let bytes = small(ramps()).unwrap().to_bytes();
    let tables = bytes.len() - 32 - (12 + 16) - 768;
    for position in tables..tables + 768 {
        for value in [0x00, 0x7f, 0x80, 0x81, 0xff] {
            let mut changed = bytes[..bytes.len() - 32].to_vec();
            changed[position] = value;
            let checksum = blake3::hash(&changed);
            changed.extend_from_slice(checksum.as_bytes());
            let above_one = position < tables + 256 && value > 0x80;
            match Model::from_bytes(&changed) {
                Err(FormatError::Model(ModelError::Gate { layer })) => assert!(above_one && layer == "lstm"),
                Err(FormatError::Model(ModelError::RingTooNarrow { .. })) => assert!(!above_one),
                Err(error) => panic!("{error}"),
                Ok(_) => assert!(!above_one),
            }
        }
    }
}

#[test]
fn tables_belong_to_an_lstm_and_have_256_entries() {
    let of = |sigmoid, tanh, cell| LstmTables::new(vec![0; sigmoid], vec![0; tanh], vec![0; cell]);
    for (tables, expected) in [
        (of(255, 256, 256), "sigmoid entries"),
        (of(256, 257, 256), "tanh entries"),
        (of(256, 256, 0), "cell tanh entries"),
    ] {
        match small(tables).unwrap_err() {
            ModelError::Count { what, expected: 256, .. } => assert_eq!(what, expected),
            error => panic!("{error}"),
        }
    }
    let model = small(ramps()).unwrap();
    let mut missing = model.weights().to_vec();
    missing[1] = LayerWeights::new(missing[1].weights().to_vec(), missing[1].bias().to_vec());
    let mut extra = model.weights().to_vec();
    extra[2] = LayerWeights::lstm(extra[2].weights().to_vec(), extra[2].bias().to_vec(), ramps());
    for (weights, stage) in [(missing, "lstm"), (extra, "dense")] {
        let error = Model::new(model.architecture().clone(), weights, String::new()).unwrap_err();
        assert_eq!(error, ModelError::Tables { layer: stage.to_owned() });
    }
}

#[test]
fn the_tables_of_functions_are_symmetric_and_saturate() {
    let tables = LstmTables::from_functions(16.0, 32.0, 9);
    assert_eq!((tables.sigmoid()[128], tables.tanh()[128], tables.cell_tanh()[128]), (64, 0, 0));
    assert_eq!((tables.sigmoid()[0], tables.sigmoid()[255]), (0, 128));
    assert_eq!((tables.tanh()[0], tables.tanh()[255]), (-128, 127));
    assert_eq!((tables.cell_tanh()[160], tables.cell_tanh()[96]), (97, -97));
    for offset in 1..128 {
        assert_eq!(tables.sigmoid()[128 + offset] + tables.sigmoid()[128 - offset], 128);
        assert!(tables.tanh()[128 + offset] >= tables.tanh()[127 + offset]);
    }
}

#[test]
fn no_input_leaves_the_rings() {
    for seed in 0..60 {
        let mut rng = ChaCha20Rng::seed_from_u64(seed);
        let (steps, units) = (rng.random_range(1..=40), rng.random_range(1..=24));
        let model = random_lstm_model(&mut rng, steps, units);
        let (architecture, shape) = (model.architecture(), model.architecture().input());
        let max = architecture.signal().input_max();
        let mut segments = vec![random_segment(&mut rng, architecture)];
        for sample in [max, -max - 1] {
            let samples = vec![sample; shape.count()];
            segments.push(Segment::from_windows(shape.batch, shape.length, samples).unwrap());
        }
        for segment in segments {
            let trace = reference::trace(&model, &segment).unwrap();
            for ((stage, values), bound) in
                architecture.stages().iter().zip(&trace.stages).zip(model.bounds())
            {
                let largest = values.accumulators.iter().map(|acc| i64::from(acc.abs())).max().unwrap();
                assert!(largest <= bound.magnitude, "{}: {largest} > {}", stage.name, bound.magnitude);
                assert_eq!(values.accumulators.len(), stage.linear.output().count());
                assert_eq!(values.output.len(), stage.output().count());
            }
            let hidden = &trace.stages[1].output;
            assert!(hidden.iter().all(|value| value.abs() <= 1 << 14));
        }
    }
}

#[test]
fn the_hidden_state_bounds_the_layers_by_its_greatest_entries() {
    // h reaches 128 * 127 and -128 * 128 with the ramps: two units of opposite weights see both ends.
    let model = small(ramps()).unwrap();
    let (least, greatest) = (-(128 * 128), 128 * 127);
    let row = |weights: &[i64]| -> (i64, i64) {
        let ends = weights.iter().map(|w| (w * least, w * greatest));
        ends.fold((0, 0), |(low, high), (a, b)| (low + a.min(b), high + a.max(b)))
    };
    let rows = [row(&[-6, -5, -4]), row(&[-3, -2, -1]), row(&[0, 1, 2]), row(&[3, 4, 5])];
    let magnitude = rows.iter().map(|&(low, high)| high.max(-low)).max().unwrap();
    assert_eq!(model.bounds()[2].magnitude, magnitude);
    // The biases have 18 bits.
    assert_eq!(model.architecture().stages()[1].ell, 20);
}
