//! The log, whatever its target does.

use std::io::Write;
use std::process::Stdio;
use std::thread;
use std::time::{Duration, Instant};

use deepcardio::model::Model;
use deepcardio::reference;
use protocol::client::Outcome;
use serde_json::Value;
use tokio::io::AsyncReadExt;
use transport::tcp;

use super::process::{Server, classify, model_file, program, segment};

/// A server whose standard error goes where `target` says.
fn started_with_log_to(target: Stdio) -> (Server, String) {
    let mut command = program();
    command.args(["--reveal", "scores"]).env("RUST_LOG", "trace");
    let server = Server::run_to(&mut command, target);
    let address = server.address.clone();
    (server, address)
}

#[tokio::test]
async fn a_log_that_is_full_closed_or_stalled_stops_nothing() {
    let model = Model::load(&model_file()).unwrap();
    let af = segment(&model, "synthetic-af.csv");
    let full = std::fs::File::options().write(true).open("/dev/full").unwrap();
    // The reading end stays open, and nobody reads. The pipe holds no byte more.
    let (_reader, mut stalled) = std::io::pipe().unwrap();
    stalled.write_all(&[b'\n'; 1 << 16]).unwrap();
    let (closed_reader, closed) = std::io::pipe().unwrap();
    drop(closed_reader);
    for target in [Stdio::from(full), Stdio::from(stalled), Stdio::from(closed)] {
        let (server, address) = started_with_log_to(target);
        many_connections(&address).await;
        let outcome = classify(&address, &af).await;
        assert!(outcome == Outcome::Scores(reference::scores(&model, &af).unwrap()));
        assert_eq!(server.stop().0, Some(0));
    }
}

async fn many_connections(address: &str) {
    for _ in 0..300 {
        drop(tcp::connect(address, false).await.unwrap());
    }
}

#[tokio::test]
async fn many_clients_that_fail_write_few_lines_and_are_counted() {
    let server = Server::start(&["--admin", "127.0.0.1:0"]);
    many_connections(&server.address).await;
    let left_out = || {
        let metrics = server.ask("/metrics").1;
        let line = metrics.lines().find_map(|line| line.strip_prefix("pp_server_log_lines_left_out_total "));
        line.unwrap().parse::<u64>().unwrap()
    };
    let begin = Instant::now();
    while left_out() == 0 && begin.elapsed() < Duration::from_secs(20) {
        thread::sleep(Duration::from_millis(100));
    }
    assert!(left_out() > 0);
    let begin = begin.elapsed().as_secs() + 2;
    let (_, log) = server.stop();
    let lines = u64::try_from(log.lines().filter(|line| line.contains("session failed")).count()).unwrap();
    assert!(lines <= 20 * (begin + 10), "{lines} lines");
    assert!(log.contains("left out of the log: too many in a second") && log.contains("like="), "{log}");
}

/// Whoever looks into one session's lines finds them by its number, at every level.
#[tokio::test]
async fn each_line_of_a_session_has_its_number_and_its_address() {
    let normal = segment(&Model::load(&model_file()).unwrap(), "synthetic-normal.csv");
    let server = Server::start(&["--log-format", "json"]);
    classify(&server.address, &normal).await;
    let (_, log) = server.stop();
    let of_sessions = ["session begins", "session ended"];
    for said in of_sessions {
        let lines = log.lines().map(|line| serde_json::from_str::<Value>(line).unwrap());
        let line = lines.into_iter().find(|line| line["message"] == said).unwrap();
        assert_eq!(line["span"]["number"], 1, "{line}");
        assert!(line["span"]["address"].as_str().unwrap().starts_with("127.0.0.1:"), "{line}");
    }
    let quiet = Server::run_to(program().env("RUST_LOG", "warn"), Stdio::piped());
    let stream = tcp::connect(&quiet.address, false).await.unwrap().stream;
    stream.try_write(&[0xff; 64]).unwrap();
    let mut closed = stream;
    let _closed = closed.read_to_end(&mut Vec::new()).await;
    let (_, log) = quiet.stop();
    let failed = log.lines().find(|line| line.contains("session failed")).unwrap();
    assert!(failed.contains("session{number=") && failed.contains("address=127.0.0.1:"), "{failed}");
    assert!(!log.contains('\u{1b}'), "there are no colours off a terminal");
}
