//! The log, whatever its target does.

use std::process::Stdio;
use std::thread;
use std::time::Duration;

use deepcardio::model::Model;
use deepcardio::reference;
use protocol::client::Outcome;
use transport::tcp;

use super::process::{Server, classify, model_file, program, segment};

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
