//! The way from the signal to the end.

use std::net::TcpStream;
use std::thread::sleep;
use std::time::{Duration, Instant};

use super::process::{Server, connect};

#[test]
fn readiness_goes_before_the_port_closes() {
    let server = Server::start(&["--admin", "127.0.0.1:0", "--leave-delay", "4"]);
    assert_eq!(server.ask("/readyz").0, 200);
    server.signal("TERM");
    let begin = Instant::now();
    while server.ask("/readyz").0 == 200 {
        assert!(begin.elapsed() < Duration::from_secs(3), "it is ready although it was told to stop");
        sleep(Duration::from_millis(20));
    }
    assert!(TcpStream::connect(&server.address).is_ok(), "the port is open while balancers look");
    assert_eq!(server.ask("/livez").0, 200, "a server that leaves lives");
    let address = server.address.clone();
    let (code, log) = server.ended();
    assert_eq!(code, Some(0), "{log}");
    assert!(TcpStream::connect(address).is_err());
}

#[tokio::test]
async fn a_session_that_is_cut_off_makes_the_exit_code_say_so() {
    let server = Server::start(&["--drain-timeout", "0"]);
    let mut session = connect(&server.address).await.unwrap();
    let cut = tokio::spawn(async move { session.prepare().await.map(drop) });
    // A preparation takes longer than this, and has begun by then.
    tokio::time::sleep(Duration::from_millis(200)).await;
    server.signal("TERM");
    let (code, log) = server.ended();
    assert_eq!(code, Some(1), "{log}");
    assert!(log.contains("leaving although sessions still run"), "{log}");
    assert!(cut.await.unwrap().is_err());
}

#[tokio::test]
async fn a_second_signal_leaves_at_once() {
    let server = Server::start(&["--leave-delay", "600"]);
    server.signal("TERM");
    sleep(Duration::from_millis(300));
    let begin = Instant::now();
    server.signal("TERM");
    let (code, log) = server.ended();
    assert_eq!(code, Some(1), "{log}");
    assert!(begin.elapsed() < Duration::from_secs(60));
}
