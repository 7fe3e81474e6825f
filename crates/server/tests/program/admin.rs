//! The admin port: what it says, to whom, and that it disturbs nobody.

use std::net::TcpStream;
use std::thread::sleep;
use std::time::{Duration, Instant};

use deepcardio::model::Model;

use super::process::{Server, classify, model_file, program, segment, text};

const ADMIN: [&str; 2] = ["--admin", "127.0.0.1:0"];

fn value(metrics: &str, name: &str) -> f64 {
    let line = metrics.lines().find(|line| line.split_whitespace().next() == Some(name));
    let number = line.and_then(|line| line.split_whitespace().nth(1));
    number.unwrap_or_else(|| unreachable!("{name} is missing: {metrics}")).parse().unwrap()
}

#[tokio::test]
async fn metrics_count_what_a_session_does() {
    let server = Server::start(&ADMIN);
    assert_eq!((server.ask("/livez").0, server.ask("/readyz").0, server.ask("/").0), (200, 200, 404));
    let before = server.ask("/metrics").1;
    assert_eq!(value(&before, "pp_server_sessions_ended_total{outcome=\"in-order\"}"), 0.0);
    let model = Model::load(&model_file()).unwrap();
    classify(&server.address, &segment(&model, "synthetic-af.csv")).await;
    // Garbage is no greeting.
    let garbage = TcpStream::connect(&server.address).unwrap();
    std::io::Write::write_all(&mut &garbage, &[0xff; 64]).unwrap();
    let refused = "pp_server_refused_total{reason=\"set-up\"}";
    let begin = Instant::now();
    while value(&server.ask("/metrics").1, refused) < 1.0 && begin.elapsed() < Duration::from_secs(20) {
        sleep(Duration::from_millis(50));
    }
    let metrics = server.ask("/metrics").1;
    for (name, expected) in [
        (refused, 1.0),
        ("pp_server_sessions_ended_total{outcome=\"in-order\"}", 1.0),
        ("pp_server_preparations_total", 1.0),
        ("pp_server_inferences_total", 1.0),
        ("pp_server_sessions", 0.0),
        ("pp_server_connections_in_set_up", 0.0),
        ("pp_server_ready", 1.0),
        ("pp_server_log_lines_lost_total", 0.0),
    ] {
        assert_eq!(value(&metrics, name), expected, "{name}");
    }
    // The client's masks are more than a megabyte, and so are the products that come back.
    for direction in ["sent", "received"] {
        let name = format!("pp_server_session_bytes_total{{phase=\"offline\",direction=\"{direction}\"}}");
        assert!(value(&metrics, &name) > 1e6, "{name}");
    }
    assert!(value(&metrics, "pp_server_session_seconds_total{phase=\"online\"}") > 0.0);
    let digest = blake3_of_the_model();
    assert!(metrics.contains(&format!("digest=\"{digest}\"")), "{metrics}");
    assert!(metrics.ends_with("# EOF\n"), "{metrics}");
}

fn blake3_of_the_model() -> String {
    blake3::hash(&std::fs::read(model_file()).unwrap()).to_hex().to_string()
}

/// Counts are of what has happened so far, also in a session that lasts for a day.
#[tokio::test]
async fn a_session_that_runs_is_counted_already() {
    let server = Server::start(&ADMIN);
    let mut session = super::process::connect(&server.address).await.unwrap();
    let prepared = session.prepare().await.unwrap();
    let normal = segment(&Model::load(&model_file()).unwrap(), "synthetic-normal.csv");
    session.infer(prepared, &normal).await.unwrap();
    drop(session.prepare().await.unwrap());
    let metrics = server.ask("/metrics").1;
    assert_eq!(value(&metrics, "pp_server_sessions"), 1.0);
    assert_eq!(value(&metrics, "pp_server_inferences_total"), 1.0);
    assert!(value(&metrics, "pp_server_session_seconds_total{phase=\"online\"}") > 0.0);
    session.finish().await.unwrap();
}

#[tokio::test]
async fn who_holds_the_admin_port_disturbs_nobody_and_not_for_long() {
    let server = Server::start(&ADMIN);
    let held: Vec<_> = (0..40).map(|_| TcpStream::connect(server.admin()).unwrap()).collect();
    let model = Model::load(&model_file()).unwrap();
    classify(&server.address, &segment(&model, "synthetic-noise.csv")).await;
    drop(held.into_iter().skip(8).collect::<Vec<_>>());
    // Eight are left, and have five seconds.
    let begin = Instant::now();
    while super::process::get(&server.admin(), "/livez").ok() != Some((200, "ok\n".into())) {
        assert!(begin.elapsed() < Duration::from_secs(60));
    }
}

#[test]
fn it_is_off_unless_asked_for_and_stays_on_this_machine() {
    let server = Server::start(&[]);
    assert!(!server.beginning.contains("admin="), "{}", server.beginning);
    let start = |flags: &[&str]| {
        let output = program().args(["--model", "no.bin", "--listen", "127.0.0.1:0"]).args(flags).output();
        text(&output.unwrap().stderr)
    };
    let refused = start(&["--admin", "0.0.0.0:0"]);
    assert!(refused.contains("--admin-beyond-loopback") && !refused.contains("no.bin"), "{refused}");
    let allowed = start(&["--admin", "0.0.0.0:0", "--admin-beyond-loopback"]);
    assert!(allowed.contains("admin=0.0.0.0:") && allowed.contains("no.bin"), "{allowed}");
}
