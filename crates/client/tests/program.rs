//! `pp-client` as a person runs it: a real process, real sockets, the samples and the real model
//! file.
//!
//! The server is the library behind `pp-server`, on a TCP port of this process. `pp-server` as a
//! process is tested beside its source.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::io::Read;
use std::net::{Ipv4Addr, Shutdown, TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::sync::Arc;
use std::thread;
use std::time::Duration;

use deepcardio::model::Model;
use deepcardio::reference;
use deepcardio::scores::{Label, argmax};
use protocol::channel::{Channel, Timeouts};
use protocol::client::{ClientConfig, ClientSession};
use protocol::method::{Backend, Reveal};
use protocol::server::Service;
use serde_json::Value;
use server::accounts::Uncounted;
use server::live::Live;
use server::serve::{Bounds, serve};
use shares::Role;
use tokio::runtime::Runtime;
use tokio_util::sync::CancellationToken;
use transport::tcp::{self, Listener};

const SAMPLES: [&str; 6] = [
    "mitdb208-few-ectopics.csv",
    "mitdb208-many-ectopics.csv",
    "synthetic-normal.csv",
    "synthetic-af.csv",
    "synthetic-noise.csv",
    "synthetic-af-microvolts.csv",
];
const LONG: &str = "mitdb208-long.csv";

fn root() -> &'static Path {
    Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../.."))
}

fn sample(name: &str) -> PathBuf {
    root().join("samples").join(name)
}

fn model_file() -> PathBuf {
    root().join("models/deepcardio.bin")
}

/// The program, without the settings of whoever runs the tests.
fn program() -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_pp-client"));
    command.env_clear().current_dir(root());
    command
}

fn client(arguments: &[&str], files: &[PathBuf]) -> Output {
    program().arg("infer").args(arguments).args(files).output().unwrap()
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

/// What a person reads, without line breaks. No line is wider than a terminal.
fn unwrapped(output: &Output) -> String {
    let read = text(&output.stdout);
    let wide = read.lines().skip(1).find(|line| line.chars().count() > 80);
    assert_eq!(wide, None, "wider than 80 columns");
    read.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// One JSON object a line.
fn objects(output: &Output) -> Vec<Value> {
    assert!(output.status.success(), "{}", text(&output.stderr));
    text(&output.stdout).lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

/// A server on a port of its own, stopped when dropped.
struct Server {
    address: String,
    stop: CancellationToken,
    _runtime: Runtime,
}

impl Server {
    fn start(reveal: Reveal, max_sessions: usize) -> Self {
        let service = Service::new(Model::load(&model_file()).unwrap(), reveal).unwrap();
        let live = Arc::new(Live::new(service, None, Arc::new(Uncounted)));
        let runtime = Runtime::new().unwrap();
        let listener = runtime.block_on(Listener::bind((Ipv4Addr::LOCALHOST, 0).into(), false)).unwrap();
        let address = listener.local_addr().unwrap().to_string();
        let stop = CancellationToken::new();
        let silence = Duration::from_secs(600);
        let bounds = Bounds::with_sessions(max_sessions, Timeouts { progress: silence, idle: silence });
        runtime.spawn(serve(listener, live, bounds, stop.clone()));
        Self { address, stop, _runtime: runtime }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.stop.cancel();
    }
}

/// The reference's scores of every segment of a file.
fn reference_scores(model: &Model, file: &Path) -> Vec<Vec<i64>> {
    let recording = ecg::open(file, &ecg::Hints::default()).unwrap().recording;
    ecg::segments(&recording, model.architecture().signal())
        .unwrap()
        .iter()
        .map(|segment| reference::scores(model, segment).unwrap())
        .collect()
}

fn private_scores(report: &Value) -> Vec<Vec<i64>> {
    let scores = |segment: &Value| serde_json::from_value(segment["scores"].clone()).unwrap();
    report["segments"].as_array().unwrap().iter().map(scores).collect()
}

/// Round trips that the cells of the LSTM take: eight for each of 25 windows.
fn lstm_round_trips(report: &Value) -> f64 {
    let rows = report["profile"].as_array().unwrap().iter();
    let mut cells =
        rows.filter(|row| row["layer"] == "lstm" && row["phase"] == "online" && row["part"] == "nonlinear");
    cells.next().unwrap()["round_trips"].as_f64().unwrap()
}

#[test]
fn embedded_server_classifies_the_samples_as_the_reference_does() {
    let files = [sample(SAMPLES[3]), sample(LONG)];
    let reports = objects(&client(&["--embedded", "--verify", "--json", "--profile"], &files));
    let model = Model::load(&model_file()).unwrap();
    for (report, file) in reports.iter().zip(&files) {
        assert_eq!(private_scores(report), reference_scores(&model, file));
        assert_eq!(report["verified"], true);
        let up: u64 =
            report["profile"].as_array().unwrap().iter().map(|row| row["up"].as_u64().unwrap()).sum();
        assert_eq!(Some(up), report["traffic"]["up"].as_u64());
        assert!(report["seconds"]["total"].as_f64().unwrap() > 0.0);
    }
    assert_eq!(private_scores(&reports[1]).len(), 3);
}

#[test]
fn the_other_bundled_model_is_served_too() {
    let file = root().join("models/deepcardio-lstm.bin");
    let model = Model::load(&file).unwrap();
    assert!(model.architecture() != Model::load(&model_file()).unwrap().architecture());
    for backend in ["ot", "gc"] {
        let model_flag = ["--model", file.to_str().unwrap()];
        let flags = ["--embedded", "--verify", "--json", "--profile", "--nonlinear", backend];
        let reports = objects(&client(&[&flags[..], &model_flag].concat(), &[sample(SAMPLES[0])]));
        assert_eq!(private_scores(&reports[0]), reference_scores(&model, &sample(SAMPLES[0])));
        assert_eq!(lstm_round_trips(&reports[0]), f64::from(8 * 25));
    }
}

#[test]
fn four_clients_at_once_get_the_reference_scores_over_tcp() {
    let server = Server::start(Reveal::Scores, 8);
    let model = Model::load(&model_file()).unwrap();
    thread::scope(|scope| {
        for name in &SAMPLES[..4] {
            let (server, model) = (&server, &model);
            scope.spawn(move || {
                let file = sample(name);
                let report =
                    objects(&client(&["--server", &server.address, "--json"], std::slice::from_ref(&file)));
                assert_eq!(private_scores(&report[0]), reference_scores(model, &file));
            });
        }
    });
}

#[test]
fn a_label_only_server_reveals_labels_alone() {
    let server = Server::start(Reveal::Label, 8);
    let model = Model::load(&model_file()).unwrap();
    let file = sample(SAMPLES[2]);
    let report = &objects(&client(&["--server", &server.address, "--json"], std::slice::from_ref(&file)))[0];
    let label = argmax(&reference_scores(&model, &file)[0]);
    assert_eq!(report["label"], model.architecture().classes()[label].as_str());
    assert_eq!(report["segments"][0]["scores"], Value::Null);
    assert_eq!(report["segments"][0]["probabilities"], Value::Null);
    let read = text(&client(&["--server", &server.address], std::slice::from_ref(&file)).stdout);
    let level = level(&model, &reference_scores(&model, &file)[0]);
    assert!(read.contains(&format!("Confidence: {level}. Of ")), "{read}");
    assert!(!read.contains("Probabilities"), "{read}");
}

/// The name of the level of confidence of some scores.
fn level(model: &Model, scores: &[i64]) -> &'static str {
    Label::of(model.architecture(), scores).level.unwrap().name()
}

#[test]
fn a_server_that_reveals_no_record_gives_the_segments_of_a_long_one() {
    let server = Server::start(Reveal::Label, 8);
    let model = Model::load(&model_file()).unwrap();
    let long = sample(LONG);
    let report = &objects(&client(&["--server", &server.address, "--json"], std::slice::from_ref(&long)))[0];
    assert_eq!(report["label"], Value::Null);
    let segments = report["segments"].as_array().unwrap();
    let scores = reference_scores(&model, &long);
    assert_eq!(segments.len(), scores.len());
    for (segment, scores) in segments.iter().zip(&scores) {
        let class = model.architecture().classes()[argmax(scores)].as_str();
        assert_eq!(segment["label"], class);
        assert_eq!(segment["confidence"], level(&model, scores));
    }
    let read = unwrapped(&client(&["--server", &server.address], std::slice::from_ref(&long)));
    assert!(read.contains("Segment 3 of 3, 45.0 to 75.0 s: ") && read.contains("% right)"), "{read}");
    assert!(read.contains("Whole record: not revealed.") && read.contains("--reveal record-label"), "{read}");
}

/// A record of three segments, asked for as a program and as a person would.
#[test]
fn a_server_that_reveals_record_labels_labels_a_long_record() {
    let server = Server::start(Reveal::RecordLabel, 8);
    let model = Model::load(&model_file()).unwrap();
    let (long, short) = (sample(LONG), sample(SAMPLES[3]));
    let scores = reference_scores(&model, &long);
    let sum = |class: usize| scores.iter().map(|segment| segment[class]).sum::<i64>();
    let sums: Vec<i64> = (0..model.architecture().classes().len()).map(sum).collect();
    let class = |scores: &[i64]| model.architecture().classes()[argmax(scores)].clone();
    let model_path = model_file();
    for nonlinear in ["ot", "gc"] {
        let verified =
            ["--server", &server.address, "--nonlinear", nonlinear, "--json", "--profile", "--verify"];
        let model_flag = ["--model", model_path.to_str().unwrap()];
        let files = [long.clone(), short.clone(), long.clone()];
        let reports = objects(&client(&[&verified[..], &model_flag].concat(), &files));
        for report in [&reports[0], &reports[2]] {
            assert_eq!(report["label"], class(&sums).as_str());
            assert_eq!(report["verified"], true);
            let segments = report["segments"].as_array().unwrap();
            assert_eq!(segments.len(), 3);
            for (segment, scores) in segments.iter().zip(&scores) {
                assert_eq!((&segment["label"], &segment["scores"]), (&class(scores).into(), &Value::Null));
                assert_eq!(segment["confidence"], level(&model, scores));
                let counted = Label::of(model.architecture(), scores).level.unwrap();
                let counted = model.architecture().confidence().unwrap().accuracy(counted);
                assert_eq!(segment["accuracy"]["records"], counted.of);
                let (low, high) = counted.interval();
                let accuracy = &segment["accuracy"];
                let told = [&accuracy["share"], &accuracy["interval"][0], &accuracy["interval"][1]];
                for (told, counted) in told.into_iter().zip([counted.share(), low, high]) {
                    assert!((told.as_f64().unwrap() - counted).abs() < 1e-12, "{accuracy}");
                }
            }
            let output = |row: &&Value| row["part"] == "output" && row["phase"] == "online";
            let row = report["profile"].as_array().unwrap().iter().find(output).unwrap().clone();
            assert!(row["up"].as_u64().unwrap() > 0, "the overall label's messages are booked: {row}");
        }
        assert_eq!(reports[1]["label"], class(&reference_scores(&model, &short)[0]).as_str());
    }
    let read = unwrapped(&client(&["--server", &server.address], std::slice::from_ref(&long)));
    assert!(
        read.contains("Segment 3 of 3, 45.0 to 75.0 s: ")
            && read.contains("Whole record, by the sum over readable segments: "),
        "{read}"
    );
}

/// An hour and a few minutes: refused before anything is classified.
#[test]
fn a_record_too_long_for_one_label_is_to_be_split() {
    let folder = std::env::temp_dir().join(format!("pp-too-long-{}", std::process::id()));
    std::fs::create_dir_all(&folder).unwrap();
    let file = folder.join("long.csv");
    let sample = |i: u32| format!("{:.3}\n", (f64::from(i) / 9.0).sin() / 9.0 + f64::from(i % 83 / 80));
    std::fs::write(&file, (0..129 * 30 * 100).map(sample).collect::<String>()).unwrap();
    let arguments = ["--embedded", "--label-only", "--rate", "100", "--unit", "mv"];
    let output = client(&arguments, std::slice::from_ref(&file));
    std::fs::remove_dir_all(&folder).unwrap();
    let error = text(&output.stderr);
    assert_eq!(output.status.code(), Some(3), "{error}");
    assert!(error.contains("129 segments") && error.contains("split the recording"), "{error}");
}

#[test]
fn people_read_the_rhythm_and_what_it_cost() {
    let output = client(&["--embedded"], &[sample(SAMPLES[2])]);
    let out = text(&output.stdout);
    assert!(output.status.success(), "{}", text(&output.stderr));
    for part in [
        "Rhythm: ",
        "Confidence: ",
        "Probabilities by the model, calibrated on validation records:",
        "Sent ",
        "received ",
        "round trips",
    ] {
        assert!(out.contains(part), "no {part:?} in {out}");
    }
}

/// Nobody listens at the address: calling a server would fail with another exit code.
#[test]
fn an_unreadable_file_calls_no_server() {
    let folder = std::env::temp_dir().join(format!("pp-unreadable-{}", std::process::id()));
    std::fs::create_dir_all(&folder).unwrap();
    let file = folder.join("flat.csv");
    std::fs::write(&file, format!("ecg_mv\n{}", "-1.5\n".repeat(9000))).unwrap();
    let nobody = ["--server", "127.0.0.1:9", "--rate", "300"];
    let told = client(&nobody, std::slice::from_ref(&file));
    assert_eq!(told.status.code(), Some(7), "{}", text(&told.stderr));
    let read = unwrapped(&told);
    assert!(read.contains("Rhythm: unreadable") && read.contains("is an electrode off?"), "{read}");
    let told = client(&[&nobody[..], &["--json"]].concat(), std::slice::from_ref(&file));
    assert_eq!(told.status.code(), Some(7));
    let report: Value = serde_json::from_str(&text(&told.stdout)).unwrap();
    assert_eq!((&report["schema_version"], &report["traffic"]["up"]), (&1.into(), &0.into()));
    let segment = &report["segments"][0];
    assert_eq!((&segment["result"], &segment["label"]), (&"unreadable".into(), &Value::Null));
    assert_eq!(segment["findings"][0]["severity"], "unreadable");
    assert_eq!(report["episodes"]["unreadable"], serde_json::json!([1]));
    // The control: a readable file at the same address does call.
    assert_eq!(client(&["--server", "127.0.0.1:9"], &[sample(SAMPLES[2])]).status.code(), Some(4));
    std::fs::remove_dir_all(&folder).unwrap();
}

/// 75 s in three segments, of which the last has lost its electrode.
#[test]
fn an_unreadable_segment_costs_nothing_and_the_others_are_classified() {
    let recording = ecg::open(&sample(LONG), &ecg::Hints::default()).unwrap().recording;
    let folder = std::env::temp_dir().join(format!("pp-partly-{}", std::process::id()));
    std::fs::create_dir_all(&folder).unwrap();
    let file = folder.join("partly.csv");
    let value = |(place, value): (usize, &f64)| format!("{}\n", if place < 360 * 60 { *value } else { 0.0 });
    let rows: String = recording.millivolts().iter().enumerate().map(value).collect();
    std::fs::write(&file, format!("ecg_mv\n{rows}")).unwrap();
    let output = client(&["--embedded", "--verify", "--json", "--rate", "360"], std::slice::from_ref(&file));
    let report = &objects(&output)[0];
    let results: Vec<_> =
        report["segments"].as_array().unwrap().iter().map(|s| s["result"].as_str()).collect();
    assert_eq!(results[2], Some("unreadable"));
    assert!(results[..2].iter().all(|result| *result != Some("unreadable")), "{results:?}");
    assert_eq!(report["episodes"]["unreadable"], serde_json::json!([3]));
    assert!(report["traffic"]["up"].as_u64().unwrap() < 30_000_000);
    std::fs::remove_dir_all(&folder).unwrap();
}

#[test]
fn errors_are_json_too() {
    let output = client(&["--embedded", "--json"], &[root().join("samples/none.csv")]);
    let error: Value = serde_json::from_str(&text(&output.stdout)).unwrap();
    assert_eq!((&error["schema_version"], &error["error"]["exit_code"]), (&1.into(), &3.into()));
    assert!(error["error"]["message"].as_str().unwrap().contains("none.csv"));
}

#[test]
fn exit_codes_tell_what_failed() {
    let nobody = ["--server", "127.0.0.1:9"];
    let good = [sample(SAMPLES[2])];
    let cases: [(&[&str], &[PathBuf], i32, &str); 8] = [
        (&["--embedded"], &[root().join("samples/none.csv")], 3, "none.csv"),
        (&["--embedded"], &[root().join("README.md")], 3, "README.md"),
        (&nobody, &good, 4, "no server answers at 127.0.0.1:9"),
        (&["--model", "models/deepcardio.bin"], &good, 2, "--verify"),
        (&["--embedded", "--config", "README.md"], &good, 2, "README.md"),
        (&["--server", "192.0.2.1:7464"], &good, 2, "--insecure"),
        (&["--embedded", "--model", "README.md"], &good, 1, "README.md"),
        (&["--server", "127.0.0.1:9", "--verify"], &good, 2, "--model"),
    ];
    for (arguments, files, code, part) in cases {
        let output = client(arguments, files);
        let error = text(&output.stderr);
        assert_eq!(output.status.code(), Some(code), "{arguments:?}: {error}");
        assert!(error.contains(part), "no {part:?} in {error}");
        assert!(output.stdout.is_empty());
    }
}

/// Without a flag, the server is that of the environment, else that of the user's configuration
/// file.
#[test]
fn a_server_is_found_without_a_flag() {
    let server = Server::start(Reveal::Label, 8);
    let folder = std::env::temp_dir().join(format!("pp-settings-{}", std::process::id()));
    std::fs::create_dir_all(&folder).unwrap();
    let file = folder.join("pp-client.toml");
    std::fs::write(&file, format!("server = \"{}\"\n", server.address)).unwrap();
    let infer = |name: &str, value: &std::ffi::OsStr| {
        let output = program().env(name, value).arg("infer").arg(sample(SAMPLES[2])).output().unwrap();
        assert!(text(&output.stdout).contains("Rhythm: "), "{name}: {}", text(&output.stderr));
    };
    infer("PP_CLIENT_SERVER", server.address.as_ref());
    infer("XDG_CONFIG_HOME", folder.as_os_str());
    infer("PP_CLIENT_CONFIG", file.as_os_str());
    std::fs::write(&file, "server = \"127.0.0.1:9\"\n").unwrap();
    let output = client(&["--config", file.to_str().unwrap()], &[sample(SAMPLES[2])]);
    let error = text(&output.stderr);
    std::fs::remove_dir_all(&folder).unwrap();
    assert_eq!(output.status.code(), Some(4), "{error}");
    assert!(error.contains("127.0.0.1:9") && error.contains("pp-client.toml"), "{error}");
}

#[test]
fn the_configuration_file_that_it_prints_is_one_that_it_reads() {
    let printed = program().arg("config").output().unwrap();
    assert!(printed.status.success() && text(&printed.stdout).contains("127.0.0.1:7464"));
}

/// Passes connections on to `server`; the first is cut off when so many bytes have come from there.
fn cut_once(server: String, bytes: u64) -> String {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    let address = listener.local_addr().unwrap().to_string();
    thread::spawn(move || {
        for (number, near) in listener.incoming().enumerate() {
            let (near, far) = (near.unwrap(), TcpStream::connect(&server).unwrap());
            let most = if number == 0 { bytes } else { u64::MAX };
            let (up_from, mut up_to) = (near.try_clone().unwrap(), far.try_clone().unwrap());
            thread::spawn(move || {
                // Whichever way a connection ends here, the other direction notices.
                let _ended = std::io::copy(&mut &up_from, &mut up_to);
                let _gone = up_to.shutdown(Shutdown::Both);
            });
            thread::spawn(move || {
                let _ended = std::io::copy(&mut (&far).take(most), &mut &near);
                let (_gone, _too) = (near.shutdown(Shutdown::Both), far.shutdown(Shutdown::Both));
            });
        }
    });
    address
}

#[test]
fn a_record_goes_on_in_another_session_when_the_first_is_cut_off() {
    let model = Model::load(&model_file()).unwrap();
    let scores = reference_scores(&model, &sample(LONG));
    for reveal in [Reveal::Scores, Reveal::RecordLabel] {
        let server = Server::start(reveal, 2);
        // In the second segment.
        let address = cut_once(server.address.clone(), 25_000_000);
        let output = client(&["--server", &address, "--json"], &[sample(LONG)]);
        let told = text(&output.stderr);
        assert!(told.contains("the next attempt is in"), "{told}");
        let reports = objects(&output);
        let segments = reports[0]["segments"].as_array().unwrap();
        assert_eq!(segments.len(), 3);
        for (segment, scores) in segments.iter().zip(&scores) {
            assert_eq!(segment["label"], model.architecture().classes()[argmax(scores)].as_str());
        }
        let sums: Vec<i64> = (0..4).map(|class| scores.iter().map(|segment| segment[class]).sum()).collect();
        assert_eq!(reports[0]["label"], model.architecture().classes()[argmax(&sums)].as_str());
    }
    let server = Server::start(Reveal::Scores, 2);
    let address = cut_once(server.address.clone(), 25_000_000);
    let output = client(&["--server", &address, "--retry-for", "0"], &[sample(LONG)]);
    assert_eq!(output.status.code(), Some(4), "{}", text(&output.stderr));
}

/// A session that asks for nothing.
async fn session(address: &str) -> ClientSession {
    let stream = tcp::connect(address, false).await.unwrap().stream;
    let channel = Channel::new(stream, Role::Server, Timeouts::default());
    let config = ClientConfig::new(Backend::Ot);
    ClientSession::connect(channel, config).await.unwrap()
}

#[test]
fn a_busy_server_has_an_exit_code_of_its_own() {
    let server = Server::start(Reveal::Scores, 1);
    let runtime = Runtime::new().unwrap();
    // One has the place, the others fill the queue.
    let _held: Vec<_> = (0..17).map(|_| runtime.block_on(session(&server.address))).collect();
    let output = client(&["--server", &server.address, "--retry-for", "1"], &[sample(LONG)]);
    let told = text(&output.stderr);
    assert_eq!(output.status.code(), Some(6), "{told}");
    assert!(told.contains("asks to come back in 10 s"), "{told}");
}
