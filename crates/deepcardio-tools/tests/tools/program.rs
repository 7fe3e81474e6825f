//! The `deepcardio` program: its commands, the schema of its JSON, its errors.

#![expect(clippy::unwrap_used, reason = "helpers of tests fail the test")]

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use deepcardio::architecture::{Head, LstmTables, Widths};
use deepcardio::testkit::random_weights;
use deepcardio::{Architecture, Model, reference};
use npyz::WriterBuilder;
use rand::SeedableRng;
use rand_chacha::ChaCha20Rng;
use serde_json::Value;
use zip::write::SimpleFileOptions;
use zip::{CompressionMethod, ZipWriter};

/// A directory of the test's own, removed at the end.
struct Scratch(PathBuf);

impl Scratch {
    fn new(name: &str) -> Self {
        let path = std::env::temp_dir().join(format!("deepcardio-{name}-{}", std::process::id()));
        std::fs::create_dir_all(&path).unwrap();
        Self(path)
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.join(name)
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

fn deepcardio(arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_deepcardio")).args(arguments).output().unwrap()
}

fn succeed(arguments: &[&str]) -> String {
    let output = deepcardio(arguments);
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}

fn text(path: &Path) -> &str {
    path.to_str().unwrap()
}

/// A network of two blocks over DeepCardio's windows, with random weights.
fn model(path: &Path) -> Model {
    let widths = Widths { weights: 5, activations: 4, shift: 5, ..Widths::default() };
    let architecture = Architecture::deepcardio(2, Head::Average, widths).unwrap();
    let model = random_weights(&mut ChaCha20Rng::seed_from_u64(11), &architecture, 40);
    std::fs::write(path, model.to_bytes()).unwrap();
    model
}

/// A decaying oscillation, in millivolts at 300 Hz.
fn samples(seconds: usize, pace: f64) -> Vec<f64> {
    (0..300 * seconds).map(|i| (i as f64 * pace).sin() * ((i % 240) as f64 / -40.0).exp()).collect()
}

#[test]
fn classify_prints_the_reference_scores_as_json() {
    let scratch = Scratch::new("classify");
    let (model_path, csv) = (scratch.path("model.bin"), scratch.path("ecg.csv"));
    let model = model(&model_path);
    let millivolts = samples(45, 0.13);
    let lines: Vec<String> = millivolts.iter().map(|value| format!("{value:e}\n")).collect();
    std::fs::write(&csv, lines.concat()).unwrap();
    let arguments = ["classify", text(&csv), "--model", text(&model_path), "--rate", "300", "--unit", "mv"];
    let report: Value = serde_json::from_str(&succeed(&[&arguments[..], &["--json"]].concat())).unwrap();

    let recording = ecg::Recording::new(300.0, millivolts).unwrap();
    let segments = ecg::segments(&recording, model.architecture().signal()).unwrap();
    let reported = report["segments"].as_array().unwrap();
    assert_eq!((reported.len(), segments.len()), (2, 2));
    for (reported, segment) in reported.iter().zip(&segments) {
        let scores = reference::scores(&model, segment).unwrap();
        assert_eq!(reported["scores"], serde_json::to_value(scores).unwrap());
        let probabilities = reported["probabilities"].as_array().unwrap();
        let total: f64 = probabilities.iter().map(|p| p.as_f64().unwrap()).sum();
        assert!(probabilities.len() == 4 && (total - 1.0).abs() < 1e-9);
        assert!(["normal", "af", "other", "noise"].contains(&reported["label"].as_str().unwrap()));
    }
    assert!(report["label"].is_string());
    assert!(succeed(&arguments).contains("segment 1"));
}

#[test]
fn an_unclear_recording_names_the_flag() {
    let scratch = Scratch::new("unclear");
    let (model_path, csv) = (scratch.path("model.bin"), scratch.path("ecg.csv"));
    model(&model_path);
    std::fs::write(&csv, "1\n2\n".repeat(2000)).unwrap();
    let output = deepcardio(&["classify", text(&csv), "--model", text(&model_path), "--unit", "mv"]);
    assert!(!output.status.success());
    assert!(String::from_utf8_lossy(&output.stderr).contains("--rate"));
}

#[test]
fn inspect_lists_every_layer_and_refuses_a_damaged_file() {
    let scratch = Scratch::new("inspect");
    let path = scratch.path("model.bin");
    let model = model(&path);
    let table = succeed(&["inspect", text(&path)]);
    for stage in model.architecture().stages() {
        assert!(table.lines().any(|line| line.starts_with(&stage.name)));
    }
    let bytes = model.to_bytes();
    std::fs::write(&path, &bytes[..bytes.len() - 1]).unwrap();
    let output = deepcardio(&["inspect", text(&path)]);
    assert!(!output.status.success() && String::from_utf8_lossy(&output.stderr).contains("cut short"));
}

fn write_npz(path: &Path, records: &[(u32, u8, Vec<f64>)]) {
    let mut archive = ZipWriter::new(std::fs::File::create(path).unwrap());
    let samples: Vec<i16> =
        records.iter().flat_map(|(_, _, mv)| mv.iter().map(|value| (value * 1000.0) as i16)).collect();
    let mut offsets = vec![0i64];
    for (_, _, mv) in records {
        offsets.push(offsets.last().unwrap() + mv.len() as i64);
    }
    write_array(&mut archive, "samples", samples);
    write_array(&mut archive, "offsets", offsets);
    write_array(&mut archive, "record", records.iter().map(|record| record.0).collect());
    write_array(&mut archive, "label", records.iter().map(|record| record.1).collect());
    write_array(&mut archive, "fs", vec![300u32]);
    write_array(&mut archive, "gain_adu_per_mv", vec![1000u32]);
    archive.finish().unwrap();
}

fn write_array<T: npyz::AutoSerialize>(archive: &mut ZipWriter<std::fs::File>, name: &str, values: Vec<T>) {
    let options = SimpleFileOptions::default().compression_method(CompressionMethod::Deflated);
    archive.start_file(format!("{name}.npy"), options).unwrap();
    let mut array = npyz::WriteOptions::new()
        .default_dtype()
        .shape(&[values.len() as u64])
        .writer(archive)
        .begin_nd()
        .unwrap();
    array.extend(values).unwrap();
    array.finish().unwrap();
}

#[test]
fn eval_counts_every_record_once() {
    let scratch = Scratch::new("eval");
    let (model_path, data) = (scratch.path("model.bin"), scratch.path("records.npz"));
    model(&model_path);
    let records: Vec<(u32, u8, Vec<f64>)> = (0..6u8)
        .map(|i| (100 + u32::from(i), i % 4, samples(10 + usize::from(i) * 9, 0.05 + f64::from(i) * 0.07)))
        .collect();
    write_npz(&data, &records);
    let base = ["eval", "--data", text(&data), "--model", text(&model_path), "--json"];
    let report: Value = serde_json::from_str(&succeed(&base)).unwrap();
    let confusion: Vec<Vec<u64>> = serde_json::from_value(report["confusion"].clone()).unwrap();
    let rows: Vec<u64> = confusion.iter().map(|row| row.iter().sum()).collect();
    assert_eq!(rows, [2, 2, 1, 1]);
    let hits: u64 = (0..4).map(|class| confusion[class][class]).sum();
    assert!((report["accuracy"].as_f64().unwrap() - hits as f64 / 6.0).abs() < 1e-12);
    assert!(report["challenge_score"].is_f64() && report["agreement"].is_null());

    let some = [&base[..], &["--records", "100,103-104"]].concat();
    let report: Value = serde_json::from_str(&succeed(&some)).unwrap();
    assert_eq!(report["records"], 3);
}

#[test]
fn convert_reproduces_the_trained_integers_and_calibrates_without_them() {
    let scratch = Scratch::new("convert");
    let fixture = |name: &str| Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures").join(name);
    let (exact, calibrated) = (scratch.path("exact.bin"), scratch.path("calibrated.bin"));
    let table = succeed(&["convert", text(&fixture("tiny-bn.h5")), "-o", text(&exact)]);
    assert!(table.contains("head2") && table.contains("multiply-accumulates"));
    assert!(Model::load(&exact).is_ok());

    let data = scratch.path("records.npz");
    let records: Vec<_> = (0..4u8).map(|i| (u32::from(i), i, samples(40, 0.03 * f64::from(i + 1)))).collect();
    write_npz(&data, &records);
    let widths = ["--weight-bits", "7", "--activation-bits", "6", "--calibrate", text(&data)];
    let input = fixture("tiny.h5");
    let arguments = ["convert", text(&input), "-o", text(&calibrated)];
    succeed(&[&arguments[..], &widths].concat());
    let model = Model::load(&calibrated).unwrap();
    assert!(model.architecture().stages().iter().all(|stage| stage.weight_bits == 7));

    // On data like its own the calibrated network says almost always what the float network says.
    let eval =
        ["eval", "--data", text(&data), "--model", text(&calibrated), "--json", "--float", text(&input)];
    let report: Value = serde_json::from_str(&succeed(&eval)).unwrap();
    assert!(report["agreement"].as_f64().unwrap() >= 0.75, "{report}");

    let bare = scratch.path("bare.h5");
    let mut bytes = std::fs::read(&input).unwrap();
    let name = bytes.windows(12).position(|window| window == b"quantisation").unwrap();
    bytes[name..name + 12].copy_from_slice(b"quantization");
    std::fs::write(&bare, bytes).unwrap();
    let refused = deepcardio(&["convert", text(&bare), "-o", text(&scratch.path("x"))]);
    assert!(!refused.status.success() && String::from_utf8_lossy(&refused.stderr).contains("--calibrate"));
}

#[test]
fn an_lstm_converts_exactly_and_by_calibration() {
    let scratch = Scratch::new("lstm");
    let input = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/tiny-lstm.h5");
    let (exact, calibrated) = (scratch.path("exact.bin"), scratch.path("calibrated.bin"));
    let table = succeed(&["convert", text(&input), "-o", text(&exact)]);
    let row = table.lines().find(|line| line.starts_with("lstm ")).unwrap();
    // Six units over three positions of four channels, with 8 bits for an index: 108 steps.
    for part in ["[1][4][3]", "[1][6][1]", "8 bit", "    8    14", "108", "C=5 g=6 k=8 P=17"] {
        assert!(row.contains(part), "{part}: {row}");
    }
    assert_eq!(succeed(&["inspect", text(&exact)]), table);

    let data = scratch.path("records.npz");
    let records: Vec<_> =
        (0..8u8).map(|i| (u32::from(i), i % 4, samples(40, 0.03 * f64::from(i + 1)))).collect();
    write_npz(&data, &records);
    succeed(&["convert", text(&input), "-o", text(&calibrated), "--calibrate", text(&data)]);
    let model = Model::load(&calibrated).unwrap();
    let lstm = model.architecture().stages()[2].lstm().unwrap();
    assert_eq!((lstm.cell_bits, lstm.cell_index_shift), (11, 9));
    assert_eq!(lstm.tables, LstmTables::from_functions(16.0, 32.0, 9));
    let base =
        ["eval", "--data", text(&data), "--model", text(&calibrated), "--json", "--float", text(&input)];
    let report: Value = serde_json::from_str(&succeed(&base)).unwrap();
    assert!(report["agreement"].as_f64().unwrap() >= 0.75, "{report}");
}

#[test]
fn confidence_is_measured_on_first_segments_and_written_into_the_file() {
    let scratch = Scratch::new("confidence");
    let (bare, measured) = (scratch.path("bare.bin"), scratch.path("measured.bin"));
    let model = model(&bare);
    assert!(succeed(&["inspect", text(&bare)]).contains("confidence   not measured"));

    let data = scratch.path("records.npz");
    let records: Vec<(u32, u8, Vec<f64>)> = (0..24u8)
        .map(|i| (u32::from(i), i % 4, samples(20 + usize::from(i), 0.05 + f64::from(i) * 0.03)))
        .collect();
    write_npz(&data, &records);
    let base = ["confidence", "--data", text(&data), "--model", text(&bare)];
    let table = succeed(&[&base[..], &["--records", "0-19", "-o", text(&measured)]].concat());
    assert!(table.contains("measured on 20 records") && table.contains("uncertain"), "{table}");
    assert!(succeed(&["inspect", text(&measured)]).contains(&table));

    let again = Model::load(&measured).unwrap();
    let confidence = again.architecture().confidence().unwrap();
    assert!(again.weights() == model.weights() && again.provenance() == model.provenance());
    // Each record counts once, right or wrong, under the level of its first segment.
    let signal = model.architecture().signal();
    let mut counted = [(0, 0); 4];
    for (_, label, millivolts) in records.iter().take(20) {
        let rounded: Vec<f64> =
            millivolts.iter().map(|value| f64::from((value * 1000.0) as i16) / 1000.0).collect();
        let recording = ecg::Recording::new(300.0, rounded).unwrap();
        let segment = ecg::segments(&recording, signal).unwrap().remove(0);
        let of = reference::label(&again, &segment).unwrap();
        let count = &mut counted[of.level.unwrap() as usize];
        count.0 += u32::from(of.class == usize::from(*label));
        count.1 += 1;
    }
    assert_eq!(confidence.accuracy.map(|accuracy| (accuracy.right, accuracy.of)), counted);

    // In place of the file that was read, without an output; and no records are an error.
    succeed(&base);
    assert!(Model::load(&bare).unwrap().architecture().confidence().is_some());
    let none = deepcardio(&[&base[..], &["--records", "99"]].concat());
    assert!(!none.status.success() && String::from_utf8_lossy(&none.stderr).contains("no labelled records"));
}
