//! `pp-server` as a process, and clients of it.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
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
        Self::run(program().args(arguments))
    }

    /// Starts `command`, which lacks its model and its address.
    pub(crate) fn run(command: &mut Command) -> Self {
        let mut process = command
            .args(["--listen", "127.0.0.1:0", "--model"])
            .arg(model_file())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let mut lines = BufReader::new(process.stderr.take().unwrap()).lines();
        let mut beginning = String::new();
        let address = loop {
            let line = lines.next().expect("the server ended before it listened").unwrap();
            if let Some(address) = field(&line, "listening", "address") {
                break address;
            }
            beginning += &line;
            beginning.push('\n');
        };
        let log = thread::spawn(move || lines.map_while(Result::ok).collect::<Vec<_>>().join("\n"));
        Self { process, address, beginning, log: Some(log) }
    }

    /// Starts `command` with its log going where `target` says, so the log cannot tell the port: it
    /// is chosen here.
    pub(crate) fn run_to(command: &mut Command, target: Stdio) -> Self {
        let port = std::net::TcpListener::bind(("127.0.0.1", 0)).unwrap().local_addr().unwrap().port();
        let address = format!("127.0.0.1:{port}");
        let mut process =
            command.args(["--listen", &address, "--model"]).arg(model_file()).stderr(target).spawn().unwrap();
        let log = process.stderr.take().map(|log| {
            let lines = BufReader::new(log).lines();
            thread::spawn(move || lines.map_while(Result::ok).collect::<Vec<_>>().join("\n"))
        });
        for _ in 0..600 {
            // The connection is a session of its own, the first.
            if TcpStream::connect(&address).is_ok() {
                break;
            }
            thread::sleep(Duration::from_millis(100));
        }
        Self { process, address, beginning: String::new(), log }
    }

    /// Where its admin port is.
    pub(crate) fn admin(&self) -> String {
        let mut lines = self.beginning.lines();
        lines.find_map(|line| field(line, "answers", "admin")).expect("it has an admin port")
    }

    /// What a path of the admin port answers: status and text.
    pub(crate) fn ask(&self, path: &str) -> (u16, String) {
        get(&self.admin(), path).unwrap()
    }

    /// Sends it a signal.
    pub(crate) fn signal(&self, name: &str) {
        let process = self.process.id().to_string();
        assert!(Command::new("kill").args(["-s", name, &process]).status().unwrap().success());
    }

    /// Waits until it has ended; its exit code, and its log since it listened.
    pub(crate) fn ended(mut self) -> (Option<i32>, String) {
        let code = self.process.wait().unwrap().code();
        (code, self.log.take().map(|log| log.join().unwrap()).unwrap_or_default())
    }

    /// Asks it to stop and gives its exit code and its log since it listened.
    pub(crate) fn stop(self) -> (Option<i32>, String) {
        self.signal("TERM");
        self.ended()
    }
}

/// A field of a line of the log that says `what`, in either format.
pub(crate) fn field(line: &str, what: &str, name: &str) -> Option<String> {
    if let Ok(object) = serde_json::from_str::<serde_json::Value>(line) {
        let said = object["message"].as_str()?.starts_with(what);
        return said.then(|| object[name].as_str().map(str::to_owned)).flatten();
    }
    let (_, rest) = line.split_once(what)?;
    let (_, value) = rest.split_once(&format!(" {name}="))?;
    value.split_whitespace().next().map(str::to_owned)
}

/// A request to an admin port: status and text.
pub(crate) fn get(address: &str, path: &str) -> std::io::Result<(u16, String)> {
    let mut stream = TcpStream::connect(address)?;
    stream.set_read_timeout(Some(Duration::from_secs(20)))?;
    write!(stream, "GET {path} HTTP/1.1\r\nHost: admin\r\n\r\n")?;
    let mut response = String::new();
    stream.read_to_string(&mut response)?;
    let (head, body) = response.split_once("\r\n\r\n").expect("a response has a head");
    let status = head.split_whitespace().nth(1).expect("a head has a status");
    Ok((status.parse().expect("a status is a number"), body.to_owned()))
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
