//! SIGHUP: reads certificates, lists and model again. What cannot be read stays as it was.

use std::fs;
use std::io;
use std::path::Path;
use std::sync::Arc;
use std::time::SystemTime;

use deepcardio::model::Model;
use protocol::server::Service;
use tokio::task::spawn_blocking;
use tracing::{error, info, warn};
use transport::tls::server::ServerTls;

use crate::config::Config;
use crate::expiry::{self, Expiry};
use crate::live::Live;

/// Why there is nothing to serve.
pub type Failure = Box<dyn std::error::Error + Send + Sync>;

/// Reads the model and prepares it.
///
/// # Errors
/// If the file cannot be used; the text names it.
pub fn service(config: &Config) -> Result<Service, Failure> {
    let named = |error: &dyn std::fmt::Display| format!("{}: {error}", config.model.display());
    let model = Model::load(&config.model).map_err(|error| named(&error))?;
    let service = Service::new(model, config.reveal.into()).map_err(|error| named(&error))?;
    let backends = config.backends.iter().copied().map(Into::into).collect();
    Ok(service.with_prepared_per_session(config.prepared_per_session).with_backends(backends))
}

/// Reads the certificates, if there are any, and says in the log which of them end soon.
///
/// # Errors
/// If a file cannot be used; the text names it.
pub fn tls(config: &Config) -> Result<Option<ServerTls>, Failure> {
    let Some(files) = &config.tls else { return Ok(None) };
    let tls = ServerTls::load(files)?;
    expiry::say(files);
    Ok(Some(tls))
}

/// Tells whether a file is the one that was read, without reading it: its place on the disk, its
/// length and the time of its last change.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Mark {
    inode: u64,
    length: u64,
    changed: SystemTime,
}

impl Mark {
    fn of(path: &Path) -> io::Result<Self> {
        let metadata = fs::metadata(path)?;
        #[cfg(unix)]
        let inode = std::os::unix::fs::MetadataExt::ino(&metadata);
        #[cfg(not(unix))]
        let inode = 0;
        Ok(Self { inode, length: metadata.len(), changed: metadata.modified()? })
    }
}

/// Reads again what the server serves with.
pub struct Reload {
    config: Arc<Config>,
    live: Arc<Live>,
    /// Of the model that is served.
    model: Option<Mark>,
}

impl Reload {
    /// For the server that `live` serves with, as `config` says.
    #[must_use]
    pub fn new(config: Arc<Config>, live: Arc<Live>) -> Self {
        let model = Mark::of(&config.model).ok();
        let reload = Self { config, live, model };
        reload.show_expiry();
        reload
    }

    /// Shows until when the certificates in use are valid.
    fn show_expiry(&self) {
        self.live.vitals().metrics.uses(self.config.tls.as_ref().map(Expiry::of).unwrap_or_default());
    }

    /// Reads everything again. Revocations do not wait for the model.
    pub async fn run(&mut self) {
        self.certificates();
        self.model().await;
    }

    fn certificates(&self) {
        match tls(&self.config) {
            Ok(None) => {}
            Ok(Some(tls)) => {
                let ended = self.live.replace_tls(tls);
                self.show_expiry();
                self.live.vitals().metrics.reloaded("certificates", true);
                info!("read the certificates again");
                for client in ended {
                    warn!(%client, "its certificate is revoked, so its session ends");
                }
            }
            Err(failure) => {
                self.live.vitals().metrics.reloaded("certificates", false);
                error!(%failure, "the certificates stay as they were");
            }
        }
    }

    async fn model(&mut self) {
        let mark = Mark::of(&self.config.model).ok();
        if mark.is_some() && mark == self.model {
            info!("the model is the same file as before");
            return;
        }
        let config = Arc::clone(&self.config);
        let made = spawn_blocking(move || service(&config)).await;
        match made.map_err(Failure::from).and_then(|made| made) {
            Ok(service) => {
                self.live.replace_service(service);
                self.model = mark;
                self.live.vitals().metrics.reloaded("model", true);
                info!("read the model again; sessions that run end on the old one");
            }
            Err(failure) => {
                self.live.vitals().metrics.reloaded("model", false);
                error!(%failure, "the model stays as it was");
            }
        }
    }
}
