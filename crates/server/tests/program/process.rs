//! `pp-server` as a process, and clients of it.

use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::Duration;

use deepcardio::model::Model;
use ecg::Segment;
use protocol::channel::{Channel, Timeouts};
use protocol::client::{ClientConfig, ClientSession, Outcome};
use protocol::error::Error;
use protocol::method::Backend;
use shares::Role;
use transport::tcp;

/// The repository.
pub(crate) fn root() -> &'static Path {
    Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../.."))
}

pub(crate) fn model_file() -> PathBuf {
    root().join("models/deepcardio.bin")
}

pub(crate) fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

/// The program, without the settings of whoever runs the tests.
pub(crate) fn program() -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_pp-server"));
    command.env_clear().env("NO_COLOR", "1");
    command
}

/// A server process on a port of its own, killed when dropped.
pub(crate) struct Server {
    pub(crate) process: Child,
    pub(crate) address: String,
    /// What it logged before it listened.
    pub(crate) beginning: String,
    pub(crate) log: Option<thread::JoinHandle<String>>,
}

impl Server {
    pub(crate) fn start(arguments: &[&str]) -> Self {
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
    pub(crate) fn stop(mut self) -> (Option<i32>, String) {
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

pub(crate) fn segment(model: &Model, name: &str) -> Segment {
    let recording = ecg::open(&root().join("samples").join(name), &ecg::Hints::default()).unwrap().recording;
    ecg::segments(&recording, model.architecture().signal()).unwrap().remove(0)
}

pub(crate) async fn connect(address: &str) -> Result<ClientSession, Error> {
    let silence = Duration::from_secs(600);
    let stream = tcp::connect(address, false).await?.stream;
    let channel = Channel::new(stream, Role::Server, Timeouts { progress: silence, idle: silence });
    let config = ClientConfig::new(Backend::Ot);
    ClientSession::connect(channel, config).await
}

pub(crate) async fn classify(address: &str, segment: &Segment) -> Outcome {
    let mut session = connect(address).await.unwrap();
    let prepared = session.prepare().await.unwrap();
    let outcome = session.infer(prepared, segment).await.unwrap();
    session.finish().await.unwrap();
    outcome
}
