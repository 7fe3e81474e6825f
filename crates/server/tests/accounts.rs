//! Quotas and the audit trail of `pp-server` as an operator sees them: a real process, real
//! sockets, the real model file. `tests/kills.py` kills many more sessions.

#![expect(clippy::unwrap_used, clippy::expect_used, reason = "a test fails by panicking")]

use std::fs;
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use deepcardio::model::Model;
use deepcardio::reference;
use ecg::Segment;
use protocol::channel::{Channel, Timeouts};
use protocol::client::{ClientConfig, ClientSession, Outcome};
use protocol::error::Error;
use protocol::method::Backend;
use shares::Role;
use transport::tcp;

fn root() -> &'static Path {
    Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../.."))
}

/// The program, without the settings of whoever runs the tests.
fn program() -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_pp-server"));
    command.env_clear().env("NO_COLOR", "1");
    command
}

/// A folder of counts that is removed when this is dropped, and the server that counts in it.
struct Counted {
    folder: PathBuf,
    process: Child,
    address: String,
}

impl Counted {
    fn start(name: &str, arguments: &[&str]) -> Self {
        let folder = std::env::temp_dir().join(format!("pp-accounts-{}-{name}", std::process::id()));
        let (process, address) = serve(&folder, arguments);
        Self { folder, process, address }
    }

    /// Kills the server, without a word, and starts another on the same counts.
    fn kill_and_start(&mut self, arguments: &[&str]) {
        self.kill();
        (self.process, self.address) = serve(&self.folder, arguments);
    }

    fn kill(&mut self) {
        self.process.kill().unwrap();
        self.process.wait().unwrap();
    }

    /// `pp-server` with these arguments on the same counts: whether it went well, and what it said.
    fn operator(&self, arguments: &[&str]) -> (bool, String) {
        let output = program().args(arguments).arg("--state").arg(&self.folder).output().unwrap();
        let said = [output.stdout, output.stderr].concat();
        (output.status.success(), String::from_utf8(said).unwrap())
    }

    fn list(&self) -> String {
        let (well, list) = self.operator(&["quota", "list"]);
        assert!(well, "{list}");
        list.lines().find(|line| line.starts_with("127.0.0.1")).unwrap_or_default().to_owned()
    }
}

impl Drop for Counted {
    fn drop(&mut self) {
        // It may have been killed by the test.
        let _gone = self.process.kill();
        let _reaped = self.process.wait();
        fs::remove_dir_all(&self.folder).unwrap();
    }
}

fn serve(folder: &Path, arguments: &[&str]) -> (Child, String) {
    let mut process = program()
        .args(["--listen", "127.0.0.1:0", "--model"])
        .arg(root().join("models/deepcardio.bin"))
        .arg("--state")
        .arg(folder)
        .args(arguments)
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(process.stderr.take().unwrap()).lines();
    let address = loop {
        let line = lines.next().expect("the server ended before it listened").unwrap();
        if let Some((_, address)) = line.split_once("listening address=") {
            break address.trim().to_owned();
        }
    };
    std::thread::spawn(move || lines.map_while(Result::ok).for_each(drop));
    (process, address)
}

fn model() -> Model {
    Model::load(&root().join("models/deepcardio.bin")).unwrap()
}

fn normal(model: &Model) -> Segment {
    let path = root().join("samples/synthetic-normal.csv");
    let recording = ecg::open(&path, &ecg::Hints::default()).unwrap().recording;
    ecg::segments(&recording, model.architecture().signal()).unwrap().remove(0)
}

async fn connect(address: &str) -> Result<ClientSession, Error> {
    let silence = Duration::from_secs(600);
    let stream = tcp::connect(address, false).await?.stream;
    let channel = Channel::new(stream, Role::Server, Timeouts { progress: silence, idle: silence });
    ClientSession::connect(channel, ClientConfig::new(Backend::Ot)).await
}

async fn classify(session: &mut ClientSession, segment: &Segment) -> Result<Outcome, Error> {
    let prepared = session.prepare().await?;
    session.infer(prepared, segment).await
}

#[tokio::test]
async fn a_quota_ends_the_answers_and_outlives_a_kill() {
    let quota = ["--inferences-per-day", "2"];
    let mut server = Counted::start("quota", &quota);
    let model = model();
    let segment = normal(&model);
    let label = reference::label(&model, &segment).unwrap();
    let mut session = connect(&server.address).await.unwrap();
    assert!(classify(&mut session, &segment).await.unwrap() == Outcome::Label(label));
    // Two are prepared within the quota; the second answer is beyond it.
    let (first, second) = (session.prepare().await.unwrap(), session.prepare().await.unwrap());
    assert!(session.infer(first, &segment).await.is_ok());
    let refused = session.infer(second, &segment).await.err().unwrap();
    assert!(matches!(&refused, Error::Later { reason, .. } if reason.contains("2 inferences")), "{refused}");
    assert_eq!(server.list().split_whitespace().nth(4), Some("2"), "{}", server.list());
    server.kill_and_start(&quota);
    assert_eq!(server.list().split_whitespace().nth(4), Some("2"), "{}", server.list());
    let refused = match connect(&server.address).await {
        Ok(mut session) => session.prepare().await.err().unwrap(),
        Err(error) => error,
    };
    assert!(matches!(&refused, Error::Later { reason, .. } if reason.contains("2 inferences")), "{refused}");
    // The trail has the session that was killed, with what it gave, and says that it did not end.
    let (_, trail) = server.operator(&["audit"]);
    assert!(trail.contains("2 answers, 3 prepared, not ended"), "{trail}");
    for secret in ["Normal", "label", "scores", "synthetic"] {
        assert!(!trail.contains(secret), "{secret}: {trail}");
    }
}

#[tokio::test]
async fn preparations_have_a_quota_of_their_own() {
    let server = Counted::start("preparations", &["--preparations-per-day", "1"]);
    let mut session = connect(&server.address).await.unwrap();
    let prepared = session.prepare().await.unwrap();
    session.discard(prepared).await.unwrap();
    let refused = session.prepare().await.err().unwrap();
    assert!(
        matches!(&refused, Error::Later { reason, .. } if reason.contains("1 preparations")),
        "{refused}"
    );
}

#[tokio::test]
async fn the_operator_changes_what_a_client_may_have_while_the_server_runs() {
    let server = Counted::start("operator", &[]);
    let model = model();
    let segment = normal(&model);
    let set = ["quota", "set", "127.0.0.1", "--inferences-per-day", "1", "--reveal", "scores"];
    let (well, said) = server.operator(&set);
    assert!(well && said.contains("1 in 24 hours") && said.contains("told scores"), "{said}");
    let mut session = connect(&server.address).await.unwrap();
    let scores = reference::scores(&model, &segment).unwrap();
    assert!(classify(&mut session, &segment).await.unwrap() == Outcome::Scores(scores));
    // The session that runs is asked to connect again.
    assert!(server.operator(&["quota", "reset", "127.0.0.1"]).0);
    assert!(server.operator(&["quota", "set", "127.0.0.1", "--default"]).0);
    let asked = session.prepare().await.err().unwrap();
    assert!(
        matches!(&asked, Error::Later { reason, .. } if reason.contains("changed your limits")),
        "{asked}"
    );
    let mut session = connect(&server.address).await.unwrap();
    let label = reference::label(&model, &segment).unwrap();
    assert!(classify(&mut session, &segment).await.unwrap() == Outcome::Label(label));
    assert!(server.list().contains("1 of 2880"), "{}", server.list());
    let (_, trail) = server.operator(&["audit", "--json"]);
    assert_eq!(trail.matches("\"operator\"").count(), 3, "{trail}");
}

#[test]
fn an_older_copy_of_the_counts_is_refused_until_the_loss_is_accepted() {
    let mut server = Counted::start("older", &[]);
    server.kill();
    let store = server.folder.join("accounts.redb");
    let copy = fs::read(&store).unwrap();
    assert!(server.operator(&["quota", "reset", "ward-1"]).0);
    fs::write(&store, copy).unwrap();
    let model = root().join("models/deepcardio.bin");
    let start = ["--listen", "127.0.0.1:0", "--model", model.to_str().unwrap()];
    let (well, said) = server.operator(&start);
    assert!(!well && said.contains("older copy") && said.contains("quota accept-loss"), "{said}");
    // What the error advises works.
    assert!(server.operator(&["quota", "accept-loss"]).0);
    server.kill_and_start(&[]);
    assert!(server.operator(&["audit"]).1.contains("accepted the loss"));
}

#[test]
fn counts_in_one_folder_are_kept_by_one_server() {
    let server = Counted::start("twice", &[]);
    let model = root().join("models/deepcardio.bin");
    let (well, said) = server.operator(&["--listen", "127.0.0.1:0", "--model", model.to_str().unwrap()]);
    assert!(!well && said.contains("in use by another pp-server") && said.contains("--state"), "{said}");
}
