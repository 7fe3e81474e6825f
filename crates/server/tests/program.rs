//! `pp-server` as an operator runs it: a real process, real sockets, the real model file.
//!
//! The client is the library behind `pp-client`. `pp-client` as a process is tested beside its
//! source.

#![expect(clippy::unwrap_used, clippy::expect_used, reason = "a test fails by panicking")]

use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::thread;
use std::time::Duration;

use deepcardio::model::Model;
use deepcardio::reference;
use ecg::Segment;
use protocol::channel::{Channel, Timeouts};
use protocol::client::{ClientConfig, ClientSession, Outcome};
use protocol::error::Error;
use protocol::method::Backend;
use shares::Role;
use tokio::io::AsyncWriteExt;
use transport::tcp;

fn root() -> &'static Path {
    Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../.."))
}

fn model_file() -> PathBuf {
    root().join("models/deepcardio.bin")
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

/// The program, without the settings of whoever runs the tests.
fn program() -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_pp-server"));
    command.env_clear().env("NO_COLOR", "1");
    command
}

/// A server process on a port of its own, killed when dropped.
struct Server {
    process: Child,
    address: String,
    /// What it logged before it listened.
    beginning: String,
    log: Option<thread::JoinHandle<String>>,
}

impl Server {
    fn start(arguments: &[&str]) -> Self {
        let mut process = program()
            .args(["--listen", "127.0.0.1:0", "--model"])
            .arg(model_file())
            .args(arguments)
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let mut lines = BufReader::new(process.stderr.take().unwrap()).lines();
        let mut beginning = String::new();
        let address = loop {
            let line = lines.next().expect("the server ended before it listened").unwrap();
            if let Some((_, address)) = line.split_once("listening address=") {
                break address.trim().to_owned();
            }
            beginning += &line;
        };
        let log = thread::spawn(move || lines.map_while(Result::ok).collect::<Vec<_>>().join("\n"));
        Self { process, address, beginning, log: Some(log) }
    }

    /// Asks it to stop and gives its exit code and its log since it listened.
    fn stop(mut self) -> (Option<i32>, String) {
        let told = Command::new("kill").arg(self.process.id().to_string()).status().unwrap();
        assert!(told.success());
        let code = self.process.wait().unwrap().code();
        (code, self.log.take().unwrap().join().unwrap())
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // Already gone if the test stopped it.
        let _gone = self.process.kill();
        let _reaped = self.process.wait();
    }
}

fn segment(model: &Model, name: &str) -> Segment {
    let recording = ecg::open(&root().join("samples").join(name), &ecg::Hints::default()).unwrap().recording;
    ecg::segments(&recording, model.architecture().signal()).unwrap().remove(0)
}

async fn connect(address: &str) -> Result<ClientSession, Error> {
    let silence = Duration::from_secs(600);
    let stream = tcp::connect(address, false).await?.stream;
    let channel = Channel::new(stream, Role::Server, Timeouts { progress: silence, idle: silence });
    let config = ClientConfig::new(Backend::Ot);
    ClientSession::connect(channel, config).await
}

async fn classify(address: &str, segment: &Segment) -> Outcome {
    let mut session = connect(address).await.unwrap();
    let prepared = session.prepare().await.unwrap();
    let outcome = session.infer(prepared, segment).await.unwrap();
    session.finish().await.unwrap();
    outcome
}

#[tokio::test]
async fn clients_get_the_reference_scores_and_the_log_tells_nothing() {
    let server = Server::start(&["--reveal", "scores"]);
    let model = Model::load(&model_file()).unwrap();
    let (af, normal) = (segment(&model, "synthetic-af.csv"), segment(&model, "synthetic-normal.csv"));
    let outcomes = tokio::join!(classify(&server.address, &af), classify(&server.address, &normal));
    assert!(outcomes.0 == Outcome::Scores(reference::scores(&model, &af).unwrap()));
    assert!(outcomes.1 == Outcome::Scores(reference::scores(&model, &normal).unwrap()));
    let (code, log) = server.stop();
    assert_eq!(code, Some(0), "{log}");
    assert_eq!(log.matches("session ended").count(), 2, "{log}");
    for secret in ["normal", "scores=", "label="] {
        assert!(!log.contains(secret), "the log tells {secret:?}: {log}");
    }
}

#[tokio::test]
async fn without_a_word_it_reveals_labels_and_how_sure_they_are() {
    let server = Server::start(&[]);
    let model = Model::load(&model_file()).unwrap();
    let noise = segment(&model, "synthetic-noise.csv");
    let label = reference::label(&model, &noise).unwrap();
    assert!(label.level.is_some(), "the model's levels are measured");
    assert!(classify(&server.address, &noise).await == Outcome::Label(label));
    let (code, log) = server.stop();
    assert_eq!(code, Some(0), "{log}");
    assert!(log.contains("inferences=1 answers=1"), "{log}");
    for secret in ["noise", "scores=", "label=", "uncertain", "medium"] {
        assert!(!log.contains(secret), "the log tells {secret:?}: {log}");
    }
}

/// Who breaks off has learnt its answer all the same.
#[tokio::test]
async fn the_log_counts_the_answers_of_a_client_that_breaks_off() {
    let server = Server::start(&[]);
    let normal = segment(&Model::load(&model_file()).unwrap(), "synthetic-normal.csv");
    let mut session = connect(&server.address).await.unwrap();
    let prepared = session.prepare().await.unwrap();
    session.infer(prepared, &normal).await.unwrap();
    drop(session);
    let (_, log) = server.stop();
    let failed = log.lines().find(|line| line.contains("session failed")).expect("it failed");
    assert!(failed.contains("preparations=1 inferences=1 answers=1"), "{failed}");
}

#[test]
fn it_says_what_scores_cost() {
    let scores = Server::start(&["--reveal", "scores"]).beginning.clone();
    assert!(scores.contains("WARN") && scores.contains("bits of the weights an answer"), "{scores}");
    for arguments in [&[][..], &["--reveal", "record-label"]] {
        let label = Server::start(arguments).beginning.clone();
        assert!(!label.contains("WARN") && label.contains("at most 4 bits"), "{label}");
    }
    let help = text(&program().arg("--help").output().unwrap().stdout);
    assert!(help.contains("at most 4 bits, scores about 100") && help.contains("[default: label]"), "{help}");
}

#[test]
fn a_wrong_configuration_does_not_start() {
    let start = |arguments: &[&str]| -> Output { program().args(arguments).output().unwrap() };
    let none = start(&[]);
    assert_eq!(none.status.code(), Some(1));
    assert!(text(&none.stderr).contains("--model"));
    let open = start(&["--model", "x.bin", "--listen", "0.0.0.0:0"]);
    assert!(text(&open.stderr).contains("--insecure"), "{}", text(&open.stderr));
    let template = start(&["--print-config"]);
    assert!(template.status.success() && text(&template.stdout).contains("max-sessions"));
}

/// Connections that say nothing, that greet and stop, and that are only closed on one side.
async fn attackers(address: &str) -> Vec<tokio::net::TcpStream> {
    let mut held = Vec::new();
    // A frame of 60 bytes that never come.
    let begun = [1, 60, 0, 0, 0, 7];
    for said in [&[][..], &begun, b"GET / HTTP/1.1\r\n\r\n"] {
        for _ in 0..20 {
            let mut stream = tcp::connect(address, false).await.unwrap().stream;
            stream.write_all(said).await.unwrap();
            if held.len() % 2 == 0 {
                stream.shutdown().await.unwrap();
            }
            held.push(stream);
        }
    }
    held
}

#[tokio::test]
async fn connections_without_a_set_up_take_nobody_s_place() {
    let server = Server::start(&["--reveal", "scores", "--max-sessions", "1"]);
    let model = Model::load(&model_file()).unwrap();
    let _held = attackers(&server.address).await;
    let noise = segment(&model, "synthetic-noise.csv");
    let outcome = classify(&server.address, &noise).await;
    assert!(outcome == Outcome::Scores(reference::scores(&model, &noise).unwrap()));
}

#[tokio::test]
async fn a_session_that_waits_makes_room_for_a_client_that_waits() {
    let server = Server::start(&["--max-sessions", "1"]);
    let model = Model::load(&model_file()).unwrap();
    let normal = segment(&model, "synthetic-normal.csv");
    let mut idle = connect(&server.address).await.unwrap();
    drop(idle.prepare().await.unwrap());
    // It waits in the queue until the other one has done nothing for a while.
    classify(&server.address, &normal).await;
    let told = idle.prepare().await.err().unwrap();
    let reason = "the server asks to come back in 10 s: others wait, and your session did";
    assert_eq!(told.to_string(), reason);
    let (code, log) = server.stop();
    assert_eq!(code, Some(0), "{log}");
    assert!(log.contains("told_to_leave=\"others wait, and your session did\""), "{log}");
}

#[tokio::test]
async fn a_full_queue_is_a_reason_to_come_back_later() {
    let server = Server::start(&["--max-sessions", "1"]);
    let mut sessions = Vec::new();
    for _ in 0..18 {
        sessions.push(connect(&server.address).await.unwrap());
    }
    let told = sessions.pop().unwrap().prepare().await.err().unwrap();
    assert!(matches!(&told, Error::Later { after, .. } if after.as_secs() == 10), "{told}");
    // One address of this machine stands for many, so it is not told that it crowds others out.
    assert!(told.to_string().contains("all 1 places are taken, and many clients wait"), "{told}");
}

#[tokio::test]
async fn who_waits_is_told_that_the_server_stops() {
    let server = Server::start(&[]);
    let mut idle = connect(&server.address).await.unwrap();
    drop(idle.prepare().await.unwrap());
    let address = server.address.clone();
    let (code, log) = server.stop();
    assert_eq!(code, Some(0), "{log}");
    let told = idle.prepare().await.err().unwrap().to_string();
    assert_eq!(told, "the server asks to come back in 1 s: the server stops");
    assert!(tcp::connect(address, false).await.is_err(), "the port is closed");
}

#[tokio::test]
async fn a_backend_that_is_not_offered_is_refused() {
    let server = Server::start(&["--backends", "gc"]);
    let refused = connect(&server.address).await.err().unwrap().to_string();
    assert!(refused.contains("it offers: gc"), "{refused}");
}

#[tokio::test]
async fn a_session_that_takes_more_memory_than_there_is_is_refused() {
    let server = Server::start(&["--memory-mb", "10"]);
    let told = connect(&server.address).await.unwrap().prepare().await.err().unwrap().to_string();
    assert!(told.contains("more memory than this server has"), "{told}");
}

#[test]
fn who_reads_no_further_ends_nothing_in_a_panic() {
    let (reader, closed) = std::io::pipe().unwrap();
    drop(reader);
    let printed = program().arg("--print-config").stdout(closed).output().unwrap();
    assert!(printed.status.success() && printed.stderr.is_empty(), "{}", text(&printed.stderr));
}

/// A server whose standard error goes where `target` says; its address, and the process.
fn started_with_log_to(target: Stdio) -> (Server, String) {
    // The log cannot tell the port, so it is chosen here.
    let port = std::net::TcpListener::bind(("127.0.0.1", 0)).unwrap().local_addr().unwrap().port();
    let address = format!("127.0.0.1:{port}");
    let process = program()
        .args(["--reveal", "scores", "--listen", &address, "--model"])
        .arg(model_file())
        .env("RUST_LOG", "trace")
        .stderr(target)
        .spawn()
        .unwrap();
    for _ in 0..600 {
        if std::net::TcpStream::connect(&address).is_ok() {
            break;
        }
        thread::sleep(Duration::from_millis(100));
    }
    let log = Some(thread::spawn(String::new));
    (Server { process, address: address.clone(), beginning: String::new(), log }, address)
}

/// More lines than a pipe and the log's buffer hold.
async fn many_log_lines(address: &str) {
    for _ in 0..3000 {
        drop(tcp::connect(address, false).await.unwrap());
    }
}

#[tokio::test]
async fn a_log_that_is_full_closed_or_stalled_stops_nothing() {
    let model = Model::load(&model_file()).unwrap();
    let af = segment(&model, "synthetic-af.csv");
    let full = std::fs::File::options().write(true).open("/dev/full").unwrap();
    // The reading end stays open, and nobody reads.
    let (_reader, stalled) = std::io::pipe().unwrap();
    let (closed_reader, closed) = std::io::pipe().unwrap();
    drop(closed_reader);
    for target in [Stdio::from(full), Stdio::from(stalled), Stdio::from(closed)] {
        let (server, address) = started_with_log_to(target);
        many_log_lines(&address).await;
        let outcome = classify(&address, &af).await;
        assert!(outcome == Outcome::Scores(reference::scores(&model, &af).unwrap()));
        assert_eq!(server.stop().0, Some(0));
    }
}
