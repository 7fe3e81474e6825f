//! Whoever is served, and who is not.

use std::process::Output;

use deepcardio::model::Model;
use deepcardio::reference;
use protocol::client::Outcome;
use protocol::error::Error;
use tokio::io::AsyncWriteExt;
use transport::tcp;

use std::net::Ipv4Addr;
use std::sync::Arc;
use std::time::Duration;

use protocol::channel::Timeouts;
use protocol::method::Reveal;
use protocol::server::Service;
use server::accounts::Uncounted;
use server::live::Live;
use server::serve::{Bounds, serve};
use tokio_util::sync::CancellationToken;
use transport::tcp::Listener;

use super::process::{Server, classify, connect, model_file, program, segment, text};

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
    let service = Service::new(Model::load(&model_file()).unwrap(), Reveal::Label).unwrap();
    let live = Arc::new(Live::new(service, None, Arc::new(Uncounted)));
    let silence = Duration::from_secs(600);
    let mut bounds = Bounds::with_sessions(1, Timeouts { progress: silence, idle: silence });
    bounds.places.queue = 1;
    let listener = Listener::bind((Ipv4Addr::LOCALHOST, 0).into(), false).await.unwrap();
    let address = listener.local_addr().unwrap().to_string();
    tokio::spawn(serve(listener, live, bounds, CancellationToken::new()));
    // One has the place, one waits for it.
    let mut sessions = Vec::new();
    for _ in 0..3 {
        sessions.push(connect(&address).await.unwrap());
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
