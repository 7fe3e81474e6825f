//! The port for whoever runs the server: whether it lives (`/livez`), is ready (`/readyz`), and
//! what it has counted (`/metrics`).
//!
//! It has a thread and a runtime of its own. It reads what the sessions have written and touches
//! nothing of theirs. So it answers when they hang, and whatever happens here does not reach them:
//! a few connections at a time, a few seconds each, one request.

use std::convert::Infallible;
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use hyper::body::Incoming;
use hyper::header::{CONTENT_TYPE, HeaderValue};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::{Method, Request, Response, StatusCode};
use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;
use tokio::sync::Semaphore;
use tokio::time::{sleep, timeout};
use tracing::debug;
use transport::tcp::{Listener, Reserved};

use crate::vitals::Vitals;

/// Connections at one time; others wait.
const CONNECTIONS: usize = 8;
/// How long a connection may last.
const PATIENCE: Duration = Duration::from_secs(5);
/// Longest head of a request. It is also the least that the library can do with.
const HEAD_BYTES: usize = 8192;
/// Pause after the system could not accept a connection.
const BACKOFF: Duration = Duration::from_millis(200);

const TEXT: HeaderValue = HeaderValue::from_static("text/plain; charset=utf-8");
const METRICS: HeaderValue =
    HeaderValue::from_static("application/openmetrics-text; version=1.0.0; charset=utf-8");

/// Answers whoever runs the server, for as long as it is polled.
pub async fn answer(listener: Listener, vitals: Arc<Vitals>) {
    let places = Arc::new(Semaphore::new(CONNECTIONS));
    loop {
        // It is never closed.
        let Ok(place) = Arc::clone(&places).acquire_owned().await else { return };
        let Ok(connection) = listener.accept().await else {
            sleep(BACKOFF).await;
            continue;
        };
        let vitals = Arc::clone(&vitals);
        tokio::spawn(async move {
            if timeout(PATIENCE, exchange(connection.stream, vitals)).await.is_err() {
                debug!("a connection to the admin port lasted too long");
            }
            drop(place);
        });
    }
}

async fn exchange(stream: TcpStream, vitals: Arc<Vitals>) {
    let service = service_fn(move |request: Request<Incoming>| {
        let response = respond(request.method(), request.uri().path(), &vitals);
        async move { Ok::<_, Infallible>(response) }
    });
    let mut http = http1::Builder::new();
    let connection = http.keep_alive(false).max_buf_size(HEAD_BYTES);
    if let Err(error) = connection.serve_connection(TokioIo::new(stream), service).await {
        debug!(%error, "a connection to the admin port failed");
    }
}

fn respond(method: &Method, path: &str, vitals: &Vitals) -> Response<String> {
    if !matches!(*method, Method::GET | Method::HEAD) {
        return said(StatusCode::METHOD_NOT_ALLOWED, "GET alone\n");
    }
    let health = &vitals.health;
    match path {
        "/livez" => state(health.is_alive(), "the accept loop stands still\n"),
        "/readyz" => state(health.is_ready(), "not ready\n"),
        "/metrics" => typed(StatusCode::OK, vitals.metrics.text(health.is_ready()), METRICS),
        _ => said(StatusCode::NOT_FOUND, "there are /livez, /readyz and /metrics\n"),
    }
}

fn state(is_so: bool, otherwise: &str) -> Response<String> {
    if is_so { said(StatusCode::OK, "ok\n") } else { said(StatusCode::SERVICE_UNAVAILABLE, otherwise) }
}

fn said(status: StatusCode, text: &str) -> Response<String> {
    typed(status, text.to_owned(), TEXT)
}

fn typed(status: StatusCode, text: String, kind: HeaderValue) -> Response<String> {
    let mut response = Response::new(text);
    *response.status_mut() = status;
    response.headers_mut().insert(CONTENT_TYPE, kind);
    response
}

/// The port is for this machine: what it tells is for whoever runs the server.
///
/// # Errors
/// If `address` is beyond loopback without the operator's word, or cannot be had.
pub fn reserve(address: SocketAddr, beyond_loopback: bool) -> Result<Reserved, AdminError> {
    if !beyond_loopback && !address.ip().is_loopback() {
        return Err(AdminError::NotLoopback(address));
    }
    Reserved::new(address, true).map_err(|error| AdminError::Listen(error.to_string()))
}

/// Why there is no admin port.
#[derive(Debug, thiserror::Error)]
pub enum AdminError {
    /// Beyond this machine, without the operator's word.
    #[error(
        "the admin port {0} is not on this machine, and tells whoever asks how busy the server is; take an \
         address \
         of loopback, or pass --admin-beyond-loopback if all who reach it may know"
    )]
    NotLoopback(SocketAddr),
    /// Nobody can listen there.
    #[error("admin port: {0}")]
    Listen(String),
    /// Without a thread nobody answers.
    #[error("admin port: {0}")]
    Thread(#[from] io::Error),
}

#[cfg(test)]
mod tests {
    use super::*;

    fn status(path: &str, vitals: &Vitals) -> u16 {
        respond(&Method::GET, path, vitals).status().as_u16()
    }

    #[test]
    fn a_server_is_ready_from_its_start_to_the_signal_to_stop() {
        let vitals = Vitals::default();
        assert_eq!((status("/livez", &vitals), status("/readyz", &vitals)), (200, 503));
        vitals.health.ready();
        assert_eq!((status("/livez", &vitals), status("/readyz", &vitals)), (200, 200));
        vitals.health.leave();
        assert_eq!((status("/livez", &vitals), status("/readyz", &vitals)), (200, 503));
    }

    #[test]
    fn other_paths_and_methods_are_refused() {
        let vitals = Vitals::default();
        assert_eq!(status("/metrics", &vitals), 200);
        assert_eq!(status("/", &vitals), 404);
        assert_eq!(respond(&Method::POST, "/metrics", &vitals).status(), 405);
    }

    #[test]
    fn it_stays_on_this_machine_unless_told_otherwise() {
        let open = ([0, 0, 0, 0], 0).into();
        let refused = reserve(open, false).unwrap_err().to_string();
        assert!(refused.contains("--admin-beyond-loopback"), "{refused}");
        reserve(open, true).unwrap();
        reserve(([127, 0, 0, 1], 0).into(), false).unwrap();
    }
}
