//! A server in this process: `pp-client infer --embedded`.

use std::net::{Ipv4Addr, SocketAddr};
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use deepcardio::model::Model;
use protocol::method::Reveal;
use protocol::server::Service;
use protocol::tap::Tap;
use server::accounts::Uncounted;
use server::live::Live;
use server::serve::{Bounds, serve};
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;
use transport::tcp::Listener;

use crate::failure::Failure;
use crate::patience::timeouts;

/// The model that comes with the program.
const BUNDLED: &[u8] = include_bytes!("../../../models/deepcardio.bin");

/// A running server on a loopback port of its own.
pub struct Embedded {
    address: SocketAddr,
    stop: CancellationToken,
    task: JoinHandle<usize>,
}

impl Embedded {
    /// Serves `model`. The server's shares go to `tap` where somebody verifies.
    ///
    /// # Errors
    /// [`Failure`] for a model that cannot be served, or a port that cannot be had.
    pub async fn start(
        model: Model,
        reveal: Reveal,
        tap: Option<Tap>,
        silence: Duration,
    ) -> Result<Self, Failure> {
        let mut service = Service::new(model, reveal)?;
        if let Some(tap) = tap {
            service = service.with_tap(tap);
        }
        let listener = Listener::bind((Ipv4Addr::LOCALHOST, 0).into(), false)
            .await
            .map_err(|error| Failure::System(std::io::Error::other(error)))?;
        let address = listener.local_addr()?;
        let stop = CancellationToken::new();
        let bounds = Bounds::with_sessions(1, timeouts(silence));
        let live = Arc::new(Live::new(service, None, Arc::new(Uncounted)));
        let task = tokio::spawn(serve(listener, live, bounds, stop.clone()));
        Ok(Self { address, stop, task })
    }

    /// Where it listens.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Stops it.
    pub async fn stop(self) {
        self.stop.cancel();
        // The results are out; how the embedded server ends changes nothing for them.
        let _ended = self.task.await;
    }
}

/// Reads a model file, or the model that comes with the program.
///
/// # Errors
/// [`Failure::Model`] if it cannot be used.
pub fn model(path: Option<&Path>) -> Result<Model, Failure> {
    match path {
        Some(path) => {
            Model::load(path).map_err(|source| Failure::Model { name: path.display().to_string(), source })
        }
        None => {
            Model::from_bytes(BUNDLED).map_err(|source| Failure::Model { name: "bundled".into(), source })
        }
    }
}
