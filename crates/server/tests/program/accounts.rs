//! Quotas and the audit trail. `tests/kills.py` kills many more sessions.

use std::fs;
use std::path::PathBuf;
use std::process::Command;

use deepcardio::model::Model;
use deepcardio::reference;
use ecg::Segment;
use protocol::client::{ClientSession, Outcome};
use protocol::error::Error;

use super::process::{Server, connect, model_file, program, segment, text};

/// A folder of counts that is removed when this is dropped.
struct Counts(PathBuf);

impl Counts {
    fn new(name: &str) -> Self {
        Self(std::env::temp_dir().join(format!("pp-accounts-{}-{name}", std::process::id())))
    }

    /// A server that counts here.
    fn serve(&self, arguments: &[&str]) -> Server {
        Server::run(program().arg("--state").arg(&self.0).args(arguments))
    }

    /// `pp-server` with these arguments on the same counts: whether it went well, and what it said.
    fn operator(&self, arguments: &[&str]) -> (bool, String) {
        let output = program().args(arguments).arg("--state").arg(&self.0).output().unwrap();
        (output.status.success(), text(&[output.stdout, output.stderr].concat()))
    }

    fn list(&self) -> String {
        let (well, list) = self.operator(&["quota", "list"]);
        assert!(well, "{list}");
        list.lines().find(|line| line.starts_with("127.0.0.1")).unwrap_or_default().to_owned()
    }

    /// How a second server on these counts fails.
    fn fails_to_serve(&self) -> String {
        let model = model_file();
        let (well, said) = self.operator(&["--listen", "127.0.0.1:0", "--model", model.to_str().unwrap()]);
        assert!(!well);
        said
    }
}

impl Drop for Counts {
    fn drop(&mut self) {
        fs::remove_dir_all(&self.0).unwrap();
    }
}

fn model() -> Model {
    Model::load(&model_file()).unwrap()
}

async fn classify(session: &mut ClientSession, segment: &Segment) -> Result<Outcome, Error> {
    let prepared = session.prepare().await?;
    session.infer(prepared, segment).await
}

async fn refusal(address: &str) -> Error {
    match connect(address).await {
        Ok(mut session) => session.prepare().await.err().unwrap(),
        Err(error) => error,
    }
}

fn is_later(refused: &Error, what: &str) -> bool {
    matches!(refused, Error::Later { reason, .. } if reason.contains(what))
}

#[tokio::test]
async fn a_quota_ends_the_answers_and_outlives_a_kill() {
    let (counts, quota) = (Counts::new("quota"), ["--inferences-per-day", "2"]);
    let server = counts.serve(&quota);
    let model = model();
    let segment = segment(&model, "synthetic-normal.csv");
    let label = reference::label(&model, &segment).unwrap();
    let mut session = connect(&server.address).await.unwrap();
    assert!(classify(&mut session, &segment).await.unwrap() == Outcome::Label(label));
    // Two are prepared within the quota; the second answer is beyond it.
    let (first, second) = (session.prepare().await.unwrap(), session.prepare().await.unwrap());
    assert!(session.infer(first, &segment).await.is_ok());
    let refused = session.infer(second, &segment).await.err().unwrap();
    assert!(is_later(&refused, "2 inferences"), "{refused}");
    assert_eq!(counts.list().split_whitespace().nth(4), Some("2"), "{}", counts.list());
    // It is killed without a word.
    drop(server);
    let server = counts.serve(&quota);
    assert_eq!(counts.list().split_whitespace().nth(4), Some("2"), "{}", counts.list());
    let refused = refusal(&server.address).await;
    assert!(is_later(&refused, "2 inferences"), "{refused}");
    // The trail has the session with what it gave, and nothing medical.
    let (_, trail) = counts.operator(&["audit"]);
    assert!(trail.contains("2 answers, 3 prepared"), "{trail}");
    for secret in ["Normal", "label", "scores", "synthetic"] {
        assert!(!trail.contains(secret), "{secret}: {trail}");
    }
}

#[tokio::test]
async fn preparations_have_a_quota_of_their_own() {
    let counts = Counts::new("preparations");
    let server = counts.serve(&["--preparations-per-day", "1"]);
    let mut session = connect(&server.address).await.unwrap();
    let prepared = session.prepare().await.unwrap();
    session.discard(prepared).await.unwrap();
    let refused = session.prepare().await.err().unwrap();
    assert!(is_later(&refused, "1 preparations"), "{refused}");
}

#[tokio::test]
async fn the_operator_changes_what_a_client_may_have_while_the_server_runs() {
    let counts = Counts::new("operator");
    let server = counts.serve(&[]);
    let model = model();
    let segment = segment(&model, "synthetic-normal.csv");
    let set = ["quota", "set", "127.0.0.1", "--inferences-per-day", "1", "--reveal", "scores"];
    let (well, said) = counts.operator(&set);
    assert!(well && said.contains("1 in 24 hours") && said.contains("told scores"), "{said}");
    let mut session = connect(&server.address).await.unwrap();
    let scores = reference::scores(&model, &segment).unwrap();
    assert!(classify(&mut session, &segment).await.unwrap() == Outcome::Scores(scores));
    // The session that runs is asked to connect again.
    assert!(counts.operator(&["quota", "reset", "127.0.0.1"]).0);
    assert!(counts.operator(&["quota", "set", "127.0.0.1", "--default"]).0);
    let asked = session.prepare().await.err().unwrap();
    assert!(is_later(&asked, "changed your limits"), "{asked}");
    let mut session = connect(&server.address).await.unwrap();
    let label = reference::label(&model, &segment).unwrap();
    assert!(classify(&mut session, &segment).await.unwrap() == Outcome::Label(label));
    assert!(counts.list().contains("1 of 2880"), "{}", counts.list());
    let (_, trail) = counts.operator(&["audit", "--json"]);
    assert_eq!(trail.matches("\"operator\"").count(), 3, "{trail}");
}

/// Files may not grow for a while, as on a full disk. `prlimit` is in Debian's `util-linux`.
#[tokio::test]
async fn what_cannot_be_counted_is_not_given_and_is_given_again_once_it_can() {
    let counts = Counts::new("full");
    // Else the system kills who writes too much.
    let mut command = Command::new("sh");
    command.args(["-c", "trap '' XFSZ; exec \"$@\"", "sh", env!("CARGO_BIN_EXE_pp-server")]);
    command.env_clear().env("NO_COLOR", "1").env("PATH", "/usr/bin:/bin").arg("--state").arg(&counts.0);
    let server = Server::run(&mut command);
    let room = |bytes: &str| {
        let process = server.process.id().to_string();
        let limited =
            Command::new("prlimit").args(["--pid", &process, &format!("--fsize={bytes}:")]).status();
        assert!(limited.unwrap().success());
    };
    let mut session = connect(&server.address).await.unwrap();
    room("1");
    let refused = session.prepare().await.err().unwrap();
    assert!(is_later(&refused, "cannot count"), "{refused}");
    let refused = refusal(&server.address).await;
    assert!(is_later(&refused, "cannot count"), "it is tried again: {refused}");
    room("unlimited");
    let mut session = connect(&server.address).await.unwrap();
    drop(session.prepare().await.unwrap());
    assert!(counts.list().contains("1 of 3600"), "{}", counts.list());
}

#[test]
fn an_older_copy_of_the_counts_is_refused_until_the_loss_is_accepted() {
    let counts = Counts::new("older");
    drop(counts.serve(&[]));
    let store = counts.0.join("accounts.redb");
    let copy = fs::read(&store).unwrap();
    assert!(counts.operator(&["quota", "reset", "ward-1"]).0);
    fs::write(&store, copy).unwrap();
    let said = counts.fails_to_serve();
    assert!(said.contains("older copy") && said.contains("quota accept-loss"), "{said}");
    // What the error advises works.
    assert!(counts.operator(&["quota", "accept-loss"]).0);
    let _server = counts.serve(&[]);
    assert!(counts.operator(&["audit"]).1.contains("accepted the loss"));
}

#[test]
fn counts_in_one_folder_are_kept_by_one_server() {
    let counts = Counts::new("twice");
    let _server = counts.serve(&[]);
    let said = counts.fails_to_serve();
    assert!(said.contains("in use by another pp-server") && said.contains("--state"), "{said}");
}
