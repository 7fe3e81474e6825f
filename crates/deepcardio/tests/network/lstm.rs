//! The LSTM in architectures and model files: limits, grammar, encodings, hostile tables, bounds.

#![expect(clippy::unwrap_used, reason = "helpers of tests fail the test")]

use deepcardio::architecture::{
    ArchitectureError, CLASSES, Head, Layer, LstmTables, Nonlinear, Specification, Widths, limits,
};
use deepcardio::model::{FormatError, LayerWeights, ModelError};
use deepcardio::overlap::window_stages;
use deepcardio::tensor::Shape;
use deepcardio::testkit::{random_lstm_model, random_segment};
use deepcardio::{Architecture, DecodeError, Model, reference};
use ecg::{Segment, Signal};
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha20Rng;

const DENSE: Layer = Layer::Dense { outputs: 4, weight_bits: 8 };
const STEP: Layer = Layer::Requantise { pool: false, shift: 3, bits: 8 };
const CONV: Layer = Layer::Conv1d { out_channels: 2, kernel: 1, weight_bits: 8 };

fn lstm(tables: LstmTables) -> Layer {
    Layer::Lstm {
        units: 3,
        weight_bits: 8,
        input_shift: 4,
        gate_shift: 10,
        cell_bits: 11,
        cell_index_shift: 9,
        tables,
    }
}

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
        confidence: None,
    }
}

fn architecture(tables: LstmTables) -> Result<Architecture, ArchitectureError> {
    Architecture::new(specification(&[Layer::WindowsToSequence, lstm(tables), DENSE]))
}

/// An LSTM on ramps with weights that leave indices to the bias alone.
fn small() -> Model {
    let bias = [200, 90, 255, 0].into_iter().flat_map(|index| [index << 10; 3]).collect();
    let weights = vec![
        LayerWeights::new(vec![1, -1], vec![5, 7]),
        LayerWeights::new(vec![0; 12 * 5], bias),
        LayerWeights::new((0..12).map(|index| index - 6).collect(), vec![0; 4]),
    ];
    Model::with_least_rings(&architecture(ramps()).unwrap(), weights, "fixed".to_owned()).unwrap()
}

/// Tables without floating-point numbers: the entry grows with the index.
fn ramps() -> LstmTables {
    let signed = || std::array::from_fn(|index| (index as i32 - 128) as i8);
    LstmTables::new(std::array::from_fn(|index| index.div_ceil(2) as u8), signed(), signed())
}

/// Where the tables are in an encoded architecture of [`architecture`]: before the dense layer,
/// three ring widths, four classes with 18 letters, the score scale, and that there are no levels.
fn tables_at(architecture: &[u8]) -> usize {
    architecture.len() - (1 + 4 + 4) - (4 + 3 * 4) - (4 + 4 * 4 + 18) - 8 - 1 - 768
}

/// A file with content changed and its checksum right again.
fn resealed(mut bytes: Vec<u8>, change: impl FnOnce(&mut Vec<u8>)) -> Vec<u8> {
    bytes.truncate(bytes.len() - 32);
    change(&mut bytes);
    let checksum = blake3::hash(&bytes);
    bytes.extend_from_slice(checksum.as_bytes());
    bytes
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
    let (sequence, lstm) = (|| Layer::WindowsToSequence, || lstm(ramps()));
    assert!(Architecture::new(specification(&[sequence(), lstm(), DENSE])).is_ok());
    assert!(Architecture::new(specification(&[sequence(), lstm(), DENSE, STEP, DENSE])).is_ok());
    for head in [
        vec![lstm(), DENSE],
        vec![sequence(), lstm()],
        vec![sequence(), lstm(), CONV],
        vec![sequence(), lstm(), lstm(), DENSE],
        vec![sequence(), lstm(), STEP, DENSE],
        vec![sequence(), lstm(), Layer::GlobalSum, DENSE],
        vec![sequence(), lstm(), sequence(), DENSE],
        vec![sequence(), CONV, STEP, lstm(), DENSE],
        vec![sequence(), Layer::GlobalSum, lstm(), DENSE],
    ] {
        let error = Architecture::new(specification(&head)).unwrap_err();
        assert!(matches!(error, ArchitectureError::Grammar { .. }), "{head:?}: {error}");
    }
}

#[test]
fn every_width_of_an_lstm_is_limited() {
    let refused = |units, weight_bits, widths: [u32; 4], ell| {
        let [input_shift, gate_shift, cell_bits, cell_index_shift] = widths;
        let tables = ramps();
        let layer =
            Layer::Lstm { units, weight_bits, input_shift, gate_shift, cell_bits, cell_index_shift, tables };
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
    assert_eq!(digest, "79c44afccd11c21c4f9fee7fe2c15e3863d23dabd521b56dc61773a808041e42");
}

#[test]
fn the_file_has_the_same_bytes_on_every_platform() {
    let model = small();
    let bytes = model.to_bytes();
    let digest = blake3::hash(&bytes).to_hex();
    assert_eq!(digest.as_str(), "179b23d0f959166129f3291a698a034835da99e6500e129e9ef4e55f96d7493c");
    // After magic, version, two lengths: the architecture with the tables, which follow the cell
    // index shift.
    let architecture = model.architecture().to_bytes();
    assert_eq!(bytes[24..24 + architecture.len()], architecture);
    let tables = 24 + tables_at(&architecture);
    assert_eq!(bytes[tables - 4..tables], 9u32.to_le_bytes());
    assert_eq!(bytes[tables..tables + 4], [0, 1, 1, 2]);
    assert_eq!(bytes[tables + 256..tables + 259], [0x80, 0x81, 0x82]);
    assert_eq!(bytes[tables + 512..tables + 515], [0x80, 0x81, 0x82]);
    assert_eq!(bytes[tables + 767..tables + 769], [0x7f, 2]);
    // Weights and biases of the LSTM, then the dense layer and the checksum: the biases of the
    // output gate, and before them those of the cell gate.
    let dense = bytes.len() - 32 - (12 + 16);
    assert_eq!(bytes[dense - 12..dense], [0; 12]);
    assert_eq!(bytes[dense - 16..dense - 12], (255i32 << 10).to_le_bytes());
}

#[test]
fn models_round_trip_and_every_truncation_is_an_error() {
    for seed in 0..20 {
        let mut rng = ChaCha20Rng::seed_from_u64(seed);
        let (steps, units) = (rng.random_range(1..=40), rng.random_range(1..=limits::LSTM_UNITS));
        let model = random_lstm_model(&mut rng, steps, units);
        assert!(Model::from_bytes(&model.to_bytes()).unwrap() == model);
    }
    let bytes = small().to_bytes();
    for cut in 20..bytes.len() - 32 {
        // A file that announces its shorter length and has the right checksum, so that only its
        // content is short.
        let short = resealed(bytes.clone(), |short| {
            short.truncate(cut);
            short[12..20].copy_from_slice(&(cut as u64 + 32).to_le_bytes());
        });
        assert!(Model::from_bytes(&short).is_err(), "cut at {cut}");
    }
}

#[test]
fn hostile_tables_are_refused_or_sound() {
    let model = small();
    let (file, architecture) = (model.to_bytes(), model.architecture().to_bytes());
    let tables = tables_at(&architecture);
    for place in 0..768 {
        for value in [0x00, 0x7f, 0x80, 0x81, 0xff] {
            let mut sent = architecture.clone();
            sent[tables + place] = value;
            let changed = resealed(file.clone(), |file| file[24 + tables + place] = value);
            let above_one = place < 256 && value > 0x80;
            let is_gate = |error| matches!(error, ArchitectureError::Gate { layer: 4, entry, found } if entry == place && found == value);
            match Architecture::from_bytes(&sent) {
                Err(DecodeError::Architecture(error)) => assert!(above_one && is_gate(error)),
                Err(error) => panic!("{error}"),
                Ok(architecture) => assert!(!above_one && architecture.to_bytes() == sent),
            }
            match Model::from_bytes(&changed) {
                Err(FormatError::Decode(DecodeError::Architecture(error))) => {
                    assert!(above_one && is_gate(error))
                }
                Err(FormatError::Model(ModelError::RingTooNarrow { .. })) => assert!(!above_one),
                Err(error) => panic!("{error}"),
                Ok(_) => assert!(!above_one),
            }
        }
    }
}

#[test]
fn an_lstm_without_its_tables_is_refused() {
    let mut bytes = small().architecture().to_bytes();
    let tables = tables_at(&bytes);
    // Six numbers of four bytes stand between the layer's code and its tables. 6 is the code of an
    // LSTM without tables.
    assert_eq!(bytes[tables - 25], 7);
    bytes.drain(tables..tables + 768);
    assert!(Architecture::from_bytes(&bytes).is_err());
    bytes[tables - 25] = 6;
    let error = Architecture::from_bytes(&bytes).unwrap_err();
    assert!(matches!(error, DecodeError::UnknownCode { what: "layer", value: 6 }), "{error}");
}

#[test]
fn a_gate_above_one_is_named_and_one_is_allowed() {
    let with = |entry: u8| {
        let mut sigmoid = *ramps().sigmoid();
        sigmoid[200] = entry;
        architecture(LstmTables::new(sigmoid, [-128; 256], [127; 256]))
    };
    assert!(with(128).is_ok());
    let error = with(129).unwrap_err();
    assert_eq!(error, ArchitectureError::Gate { layer: 4, entry: 200, found: 129 });
    assert_eq!(
        error.to_string(),
        "layer 4: a gate is above 1: sigmoid entry 200 is 129, allowed is 0 to 128"
    );
}

#[test]
fn tables_are_part_of_the_architecture() {
    let other = LstmTables::new(*ramps().sigmoid(), *ramps().tanh(), [0; 256]);
    let [one, other] = [ramps(), other].map(|tables| architecture(tables).unwrap());
    assert_eq!(one, architecture(ramps()).unwrap());
    assert!(one != other && one.digest() != other.digest());
    assert_eq!(other.stages()[1].lstm().unwrap().tables.cell_tanh(), &[0; 256]);
}

/// The tables that everyone sees tell nothing of what training learnt.
#[test]
fn the_tables_of_the_shipped_model_are_the_usual_functions() {
    let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../../models/deepcardio-lstm.bin");
    let model = Model::load(&path).unwrap();
    let lstm = model.architecture().stages()[6].lstm().unwrap();
    assert_eq!(lstm.tables, LstmTables::from_functions(16.0, 16.0, 9));
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
        let architecture = model.architecture();
        let max = architecture.signal().input_max();
        let mut segments = vec![random_segment(&mut rng, architecture)];
        for sample in [max, -max - 1] {
            segments.push(Segment::new(vec![sample; architecture.signal().segment_samples]));
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
    // h reaches 128 * 127 and -128 * 128 with the ramps: two units of opposite weights see both
    // ends.
    let model = small();
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
