//! The way to the server: at the other end of a network, or embedded in this process behind a
//! loopback socket.

use protocol::channel::{Channel, Timeouts};
use protocol::error::Error;
use shares::Role;
use transport::error::Error as TransportError;
use transport::tcp;

#[cfg(feature = "embedded")]
use crate::embedded::Embedded;
use crate::failure::Failure;
use crate::patience::timeouts;
use crate::settings::{Origin, Settings};

/// A server within reach.
pub struct Connection {
    address: String,
    origin: Origin,
    insecure: bool,
    timeouts: Timeouts,
    #[cfg(feature = "embedded")]
    embedded: Option<Embedded>,
}

impl Connection {
    /// The server that the settings name.
    #[must_use]
    pub fn remote(settings: &Settings) -> Self {
        Self {
            address: settings.server.clone(),
            origin: settings.origin.clone(),
            insecure: settings.insecure,
            timeouts: timeouts(settings.timeout),
            #[cfg(feature = "embedded")]
            embedded: None,
        }
    }

    /// A server in this process.
    #[cfg(feature = "embedded")]
    #[must_use]
    pub fn embedded(settings: &Settings, embedded: Embedded) -> Self {
        let address = embedded.address().to_string();
        Self { address, origin: Origin::Named, embedded: Some(embedded), ..Self::remote(settings) }
    }

    /// Connects.
    ///
    /// # Errors
    /// [`Failure::Unreachable`] if nobody answers, [`Failure::Session`] for an address that cannot
    /// be used.
    pub async fn connect(&self) -> Result<Channel, Failure> {
        let connection =
            tcp::connect(&self.address, self.insecure).await.map_err(|error| self.unreachable(error))?;
        Ok(Channel::new(connection.stream, Role::Server, self.timeouts))
    }

    fn unreachable(&self, error: TransportError) -> Failure {
        let address = self.address.clone();
        match error {
            TransportError::Io(source) => Failure::Unreachable { address, hint: self.hint(), source },
            unusable => Failure::Session(Error::Config(format!("{address}: {unusable}"))),
        }
    }

    /// Where the address came from, and what to do where nobody answers.
    fn hint(&self) -> String {
        match &self.origin {
            Origin::Named => "check that it runs and that its address is right".into(),
            Origin::File(path) => {
                let path = path.display();
                format!("its address is from {path}; check that it runs, or name another with --server")
            }
            Origin::Default => {
                "nobody named a server, so this machine was asked; start one with `pp-server --model FILE`, or \
                 name one with --server, PP_CLIENT_SERVER or `server` in the configuration file"
                    .into()
            }
        }
    }

    /// Stops an embedded server.
    pub async fn close(self) {
        #[cfg(feature = "embedded")]
        if let Some(embedded) = self.embedded {
            embedded.stop().await;
        }
    }
}
