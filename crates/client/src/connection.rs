//! Where the server is: at the other end of a network, or embedded in this process behind a loopback socket.

use std::net::Ipv4Addr;
use std::sync::Arc;
use std::time::Duration;

use deepcardio::model::Model;
use protocol::channel::{Channel, Timeouts};
use protocol::error::{Error, Party};
use protocol::method::Reveal;
use protocol::server::Service;
use protocol::tap::Tap;
use server::serve::{Bounds, serve};
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;
use transport::tcp::{self, Listener};

use crate::cli::Infer;
use crate::failure::Failure;

/// The model that comes with the program.
const BUNDLED: &[u8] = include_bytes!("../../../models/deepcardio.bin");

/// A server within reach.
pub struct Connection {
    address: String,
    insecure: bool,
    timeouts: Timeouts,
    /// The network in the clear, where it is at hand.
    pub model: Option<Model>,
    /// Both parties' shares, where `--verify` asks for them.
    pub tap: Option<Tap>,
    embedded: Option<Embedded>,
}

struct Embedded {
    stop: CancellationToken,
    task: JoinHandle<()>,
}

impl Connection {
    /// Finds the server that the arguments name, starting it if it is embedded.
    ///
    /// # Errors
    /// [`Failure`] for a model that cannot be read or served, and flags that do not go together.
    pub async fn open(arguments: &Infer) -> Result<Self, Failure> {
        let progress = Duration::from_secs(arguments.timeout);
        let timeouts = Timeouts { progress, idle: progress };
        if arguments.embedded {
            return Self::embedded(arguments, timeouts).await;
        }
        let model = if arguments.verify { Some(model_for_verification(arguments)?) } else { None };
        let address = arguments.server.clone().ok_or_else(|| Failure::Usage("name a --server".into()))?;
        Ok(Self { address, insecure: arguments.insecure, timeouts, model, tap: None, embedded: None })
    }

    async fn embedded(arguments: &Infer, timeouts: Timeouts) -> Result<Self, Failure> {
        let model = embedded_model(arguments)?;
        let reveal = if arguments.label_only { Reveal::Label } else { Reveal::Scores };
        let mut service = Service::new(model.clone(), reveal)?;
        let tap = arguments.verify.then(Tap::new);
        if let Some(tap) = &tap {
            service = service.with_tap(tap.clone());
        }
        let listener = Listener::bind((Ipv4Addr::LOCALHOST, 0).into(), false)
            .await
            .map_err(|error| Failure::System(std::io::Error::other(error)))?;
        let address = listener.local_addr()?.to_string();
        let stop = CancellationToken::new();
        let bounds = Bounds { max_sessions: 1, timeouts };
        let task = tokio::spawn(serve(listener, Arc::new(service), bounds, stop.clone()));
        let embedded = Some(Embedded { stop, task });
        Ok(Self { address, insecure: false, timeouts, model: Some(model), tap, embedded })
    }

    /// Connects.
    ///
    /// # Errors
    /// [`Error`] if nobody answers.
    pub async fn connect(&self) -> Result<Channel, Error> {
        let connection = tcp::connect(&self.address, self.insecure).await?;
        Ok(Channel::new(connection.stream, Party::Server, self.timeouts))
    }

    /// Stops an embedded server.
    pub async fn close(self) {
        if let Some(Embedded { stop, task }) = self.embedded {
            stop.cancel();
            // The results are out; how the embedded server ends changes nothing for them.
            let _ended = task.await;
        }
    }
}

fn embedded_model(arguments: &Infer) -> Result<Model, Failure> {
    match &arguments.model {
        Some(path) => {
            Model::load(path).map_err(|source| Failure::Model { name: path.display().to_string(), source })
        }
        None => {
            Model::from_bytes(BUNDLED).map_err(|source| Failure::Model { name: "bundled".into(), source })
        }
    }
}

fn model_for_verification(arguments: &Infer) -> Result<Model, Failure> {
    let path = arguments.model.as_ref().ok_or_else(|| {
        Failure::Usage("--verify with a remote server needs --model FILE, the model that it serves".into())
    })?;
    Model::load(path).map_err(|source| Failure::Model { name: path.display().to_string(), source })
}
