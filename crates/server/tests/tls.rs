//! `pp-server` under TLS as an operator runs it: a real process, real sockets, certificates that
//! `pp-server certs` makes for each test.

#![expect(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

use std::fs;
use std::io::{BufRead, BufReader};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::{Duration, Instant};

use deepcardio::model::Model;
use deepcardio::reference;
use ecg::Segment;
use protocol::channel::{Channel, Timeouts};
use protocol::client::{ClientConfig, ClientSession, Outcome};
use protocol::method::Backend;
use server::certs::{Certs, run};
use shares::Role;
use transport::tcp;
use transport::tls::client::{ClientFiles, ClientTls, OwnFiles};

fn root() -> &'static Path {
    Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../.."))
}

fn model(name: &str) -> PathBuf {
    root().join("models").join(name)
}

/// An authority with a server for `localhost` and two clients, in a folder that is removed when
/// this is dropped.
struct Authority(PathBuf);

impl Authority {
    fn new(name: &str) -> Self {
        let authority = Self(std::env::temp_dir().join(format!("pp-tls-{}-{name}", std::process::id())));
        authority.make(&["localhost"], &["ward-1", "ward-2"], &[]);
        authority
    }

    fn make(&self, servers: &[&str], clients: &[&str], revoke: &[&str]) {
        let strings = |names: &[&str]| names.iter().map(|&name| name.into()).collect();
        let (server_name, client, revoke) = (strings(servers), strings(clients), strings(revoke));
        run(&Certs { dir: self.0.clone(), server_name, client, revoke }).unwrap();
    }

    fn file(&self, name: &str) -> PathBuf {
        self.0.join(name)
    }

    /// The flags of a server.
    fn flags(&self) -> Vec<String> {
        let file = |name: &str| self.file(name).to_str().unwrap().to_owned();
        let flags = [
            ("--tls-cert", file("server.crt")),
            ("--tls-key", file("server.key")),
            ("--client-ca", file("ca.crt")),
            ("--revocations", file("revoked.crl")),
        ];
        flags.into_iter().flat_map(|(flag, value)| [flag.to_owned(), value]).collect()
    }

    /// What a client shows.
    fn own(&self, client: &str) -> Option<OwnFiles> {
        let file = |ending: &str| self.file(&format!("clients/{client}.{ending}"));
        Some(OwnFiles { certificate: file("crt"), key: file("key") })
    }

    /// A client that trusts this authority.
    fn client(&self, own: Option<OwnFiles>, name: &str) -> ClientTls {
        ClientTls::load(&ClientFiles { ca: self.file("ca.crt"), own }, name).unwrap()
    }
}

impl Drop for Authority {
    fn drop(&mut self) {
        fs::remove_dir_all(&self.0).unwrap();
    }
}

fn program(arguments: &[String]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_pp-server"));
    command.env_clear().env("NO_COLOR", "1").args(["--listen", "127.0.0.1:0"]).args(arguments);
    command
}

/// A server process, killed when dropped.
struct Server {
    process: Child,
    log: Arc<Mutex<String>>,
    address: String,
}

impl Server {
    fn start(model: &Path, arguments: &[String]) -> Self {
        let mut command = program(arguments);
        let mut process = command.arg("--model").arg(model).stderr(Stdio::piped()).spawn().unwrap();
        let lines = BufReader::new(process.stderr.take().unwrap()).lines();
        let log = Arc::new(Mutex::new(String::new()));
        let written = Arc::clone(&log);
        thread::spawn(move || {
            for line in lines.map_while(Result::ok) {
                let mut log = written.lock().unwrap();
                log.push_str(&line);
                log.push('\n');
            }
        });
        let mut server = Self { process, log, address: String::new() };
        let line = server.wait_for("listening address=");
        server.address = line.split_once("listening address=").unwrap().1.trim().to_owned();
        server
    }

    fn log(&self) -> String {
        self.log.lock().unwrap().clone()
    }

    /// The first line of the log that has `part`, once there is one.
    fn wait_for(&self, part: &str) -> String {
        let end = Instant::now() + Duration::from_secs(120);
        while Instant::now() < end {
            if let Some(line) = self.log().lines().find(|line| line.contains(part)) {
                return line.to_owned();
            }
            thread::sleep(Duration::from_millis(20));
        }
        panic!("no {part:?} in the log: {}", self.log());
    }

    /// Tells it to read its files again, and waits until it has done so.
    fn reload(&self) {
        let done = ["the model is the same", "read the model again", "the model stays"];
        let count = |log: &str| done.iter().map(|part| log.matches(part).count()).sum::<usize>();
        let before = count(&self.log());
        self.signal("-HUP");
        let end = Instant::now() + Duration::from_secs(120);
        while count(&self.log()) == before {
            assert!(Instant::now() < end, "no reload: {}", self.log());
            thread::sleep(Duration::from_millis(20));
        }
    }

    fn signal(&self, signal: &str) {
        assert!(
            Command::new("kill").args([signal, &self.process.id().to_string()]).status().unwrap().success()
        );
    }

    /// Asks it to stop and gives its log.
    fn stop(mut self) -> String {
        self.signal("-TERM");
        assert!(self.process.wait().unwrap().success(), "{}", self.log());
        self.log()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // Already gone if the test stopped it.
        let _gone = self.process.kill();
        let _reaped = self.process.wait();
    }
}

const TIMEOUTS: Timeouts = Timeouts { progress: Duration::from_secs(600), idle: Duration::from_secs(600) };

fn config() -> ClientConfig {
    ClientConfig::new(Backend::Ot)
}

/// A session under TLS, or what a person would be told.
async fn connect(server: &Server, client: &ClientTls) -> Result<ClientSession, String> {
    let connection = client.connect(&server.address).await.map_err(|error| error.to_string())?;
    let channel = Channel::bound(connection.stream, Role::Server, TIMEOUTS, connection.binding);
    let session = ClientSession::connect(channel, config()).await;
    session.map_err(|error| client.refusal().unwrap_or_else(|| error.to_string()))
}

fn segment(model: &Model) -> Segment {
    let recording =
        ecg::open(&root().join("samples/synthetic-af.csv"), &ecg::Hints::default()).unwrap().recording;
    ecg::segments(&recording, model.architecture().signal()).unwrap().remove(0)
}

async fn classify(session: &mut ClientSession, segment: &Segment) -> Result<Outcome, String> {
    let prepared = session.prepare().await.map_err(|error| error.to_string())?;
    session.infer(prepared, segment).await.map_err(|error| error.to_string())
}

fn contains(text: &str, part: &str) {
    assert!(text.contains(part), "no {part:?} in {text}");
}

#[tokio::test]
async fn clients_with_a_name_are_served_and_all_others_are_told_why_not() {
    let (authority, stranger) = (Authority::new("mutual"), Authority::new("stranger"));
    authority.make(&[], &[], &["ward-2"]);
    let server = Server::start(&model("deepcardio.bin"), &authority.flags());
    let mut revoked = fs::read_dir(authority.file("revoked")).unwrap().map(|entry| entry.unwrap().path());
    let revoked = revoked.find(|path| path.extension().unwrap() == "crt").unwrap();
    let revoked = OwnFiles { key: revoked.with_extension("key"), certificate: revoked };
    let good = || authority.own("ward-1");
    let refusals = [
        (authority.client(None, "localhost"), "pass --tls-cert and --tls-key"),
        (authority.client(stranger.own("ward-1"), "localhost"), "does not know the authority"),
        (authority.client(Some(revoked), "localhost"), "has revoked the certificate"),
        (authority.client(good(), "other.example"), "pass the name that it is for as --server-name"),
        (stranger.client(good(), "localhost"), "no authority in the file of --tls-ca"),
    ];
    for (client, told) in refusals {
        contains(&connect(&server, &client).await.err().unwrap(), told);
    }
    let plain = tcp::connect(&server.address, false).await.unwrap().stream;
    let plain = ClientSession::connect(Channel::new(plain, Role::Server, TIMEOUTS), config()).await;
    contains(&plain.err().unwrap().to_string(), "it speaks TLS alone; pass --tls-ca");
    // After all that it serves who is known.
    let model = Model::load(&model("deepcardio.bin")).unwrap();
    let segment = segment(&model);
    let mut session = connect(&server, &authority.client(good(), "localhost")).await.unwrap();
    let outcome = classify(&mut session, &segment).await.unwrap();
    assert!(outcome == Outcome::Label(reference::label(&model, &segment).unwrap()));
    session.finish().await.unwrap();
    let log = server.stop();
    for part in [
        "showed no certificate",
        "no authority in the file of client-ca",
        "certificate is revoked",
        "the client ended the handshake",
        "does not speak TLS",
        "every client must show a certificate",
        "client=ward-1",
        "session ended",
    ] {
        contains(&log, part);
    }
    assert!(!log.contains("PRIVATE") && !log.contains("INSECURE"), "{log}");
}

#[tokio::test]
async fn a_reload_takes_what_is_in_order_and_keeps_the_rest() {
    let authority = Authority::new("reload");
    let server = Server::start(&model("deepcardio.bin"), &authority.flags());
    let [first, second] = ["ward-1", "ward-2"].map(|name| authority.client(authority.own(name), "localhost"));
    let mut staying = connect(&server, &first).await.unwrap();
    let mut leaving = connect(&server, &second).await.unwrap();
    let segment = segment(&Model::load(&model("deepcardio.bin")).unwrap());
    let good = fs::read(authority.file("server.crt")).unwrap();
    fs::write(authority.file("server.crt"), "broken").unwrap();
    server.reload();
    contains(&server.wait_for("stay as they were"), "server.crt");
    connect(&server, &first).await.unwrap().finish().await.unwrap();
    fs::write(authority.file("server.crt"), good).unwrap();
    // A client that is revoked loses its session at once, another keeps it.
    authority.make(&[], &[], &["ward-2"]);
    server.reload();
    contains(&server.wait_for("so its session ends"), "client=ward-2");
    let told = classify(&mut leaving, &segment).await.err().unwrap();
    contains(&told, "has revoked the certificate of this client");
    contains(&connect(&server, &second).await.err().unwrap(), "has revoked the certificate");
    classify(&mut staying, &segment).await.unwrap();
    // A new certificate serves new sessions.
    for file in ["server.crt", "server.key"] {
        fs::remove_file(authority.file(file)).unwrap();
    }
    authority.make(&["new.example"], &[], &[]);
    server.reload();
    let renamed = authority.client(authority.own("ward-1"), "new.example");
    connect(&server, &renamed).await.unwrap().finish().await.unwrap();
    contains(&connect(&server, &first).await.err().unwrap(), "--server-name");
    staying.finish().await.unwrap();
    server.stop();
}

#[tokio::test]
async fn a_new_model_serves_new_sessions_and_a_broken_one_nobody() {
    let authority = Authority::new("model");
    let file = authority.file("model.bin");
    fs::copy(model("deepcardio.bin"), &file).unwrap();
    let server = Server::start(&file, &authority.flags());
    let client = authority.client(authority.own("ward-1"), "localhost");
    let mut old = connect(&server, &client).await.unwrap();
    // A file is put in the place of another, as installers do.
    let exchange = |bytes: &[u8]| {
        fs::write(authority.file("fresh.bin"), bytes).unwrap();
        fs::rename(authority.file("fresh.bin"), &file).unwrap();
    };
    exchange(b"broken");
    server.reload();
    contains(&server.wait_for("the model stays as it was"), "model.bin");
    exchange(&fs::read(model("deepcardio-lstm.bin")).unwrap());
    server.reload();
    server.wait_for("read the model again");
    let new = connect(&server, &client).await.unwrap();
    assert!(new.architecture() != old.architecture());
    let model = Model::load(&model("deepcardio.bin")).unwrap();
    let segment = segment(&model);
    let outcome = classify(&mut old, &segment).await.unwrap();
    assert!(outcome == Outcome::Label(reference::label(&model, &segment).unwrap()));
    new.finish().await.unwrap();
    old.finish().await.unwrap();
    server.stop();
}

fn failed(output: &Output) -> String {
    assert_eq!(output.status.code(), Some(1));
    String::from_utf8_lossy(&output.stderr).into_owned()
}

#[test]
fn files_that_cannot_be_used_stop_the_start() {
    let authority = Authority::new("start");
    let start = || program(&authority.flags()).args(["--model", "x.bin"]).output().unwrap();
    fs::set_permissions(authority.file("server.key"), fs::Permissions::from_mode(0o640)).unwrap();
    contains(&failed(&start()), &format!("chmod 600 {}", authority.file("server.key").display()));
    fs::set_permissions(authority.file("server.key"), fs::Permissions::from_mode(0o600)).unwrap();
    // With its certificates in order it goes on to the model.
    contains(&failed(&start()), "x.bin");
    fs::write(authority.file("revoked.crl"), "").unwrap();
    contains(&failed(&start()), "revoked.crl");
    fs::remove_file(authority.file("revoked.crl")).unwrap();
    contains(&failed(&start()), "revoked.crl");
    let half = program(&authority.flags()[..2]).args(["--model", "x.bin"]).output().unwrap();
    contains(&failed(&half), "tls-key");
}

#[test]
fn plain_tcp_beyond_loopback_is_said_loudly_and_tls_may_go_there() {
    let authority = Authority::new("beyond");
    let listen = |flags: &[String]| {
        let beyond = ["--listen".to_owned(), "0.0.0.0:0".to_owned()];
        let mut command = Command::new(env!("CARGO_BIN_EXE_pp-server"));
        command
            .env_clear()
            .env("HOME", &authority.0)
            .args(beyond)
            .args(flags)
            .args(["--model", "x.bin"])
            .output()
            .unwrap()
    };
    contains(&failed(&listen(&[])), "--insecure");
    contains(&failed(&listen(&["--insecure".to_owned()])), "INSECURE");
    let secure = failed(&listen(&authority.flags()));
    assert!(
        !secure.contains("INSECURE") && secure.contains("TLS 1.3") && secure.contains("x.bin"),
        "{secure}"
    );
}
