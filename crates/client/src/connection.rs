//! The way to the server: at the other end of a network, or embedded in this process behind a
//! loopback socket.

use protocol::channel::{Channel, Timeouts};
use protocol::error::Error;
use shares::Role;
use transport::error::Error as TransportError;
use transport::tcp;
#[cfg(feature = "tls")]
use transport::tls::client::{ClientTls, ConnectError};

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
    #[cfg(feature = "tls")]
    tls: Option<ClientTls>,
    #[cfg(feature = "embedded")]
    embedded: Option<Embedded>,
}

impl Connection {
    /// The server that the settings name.
    ///
    /// # Errors
    /// [`Failure::Certificates`] if one of the files for TLS cannot be used.
    pub fn remote(settings: &Settings) -> Result<Self, Failure> {
        #[cfg(feature = "tls")]
        let tls = match &settings.tls {
            Some(tls) => Some(ClientTls::load(&tls.files, &tls.name)?),
            None => None,
        };
        Ok(Self {
            origin: settings.origin.clone(),
            insecure: settings.insecure,
            #[cfg(feature = "tls")]
            tls,
            ..Self::plain(settings.server.clone(), settings)
        })
    }

    /// A server in this process.
    #[cfg(feature = "embedded")]
    #[must_use]
    pub fn embedded(settings: &Settings, embedded: Embedded) -> Self {
        let address = embedded.address().to_string();
        Self { embedded: Some(embedded), ..Self::plain(address, settings) }
    }

    /// A server at this address, over plain TCP on loopback.
    fn plain(address: String, settings: &Settings) -> Self {
        Self {
            address,
            origin: Origin::Named,
            insecure: false,
            timeouts: timeouts(settings.timeout),
            #[cfg(feature = "tls")]
            tls: None,
            #[cfg(feature = "embedded")]
            embedded: None,
        }
    }

    /// Connects.
    ///
    /// # Errors
    /// [`Failure::Unreachable`] if nobody answers, [`Failure::Session`] for an address that cannot
    /// be used, `Failure::Untrusted` if server and client do not trust each other.
    pub async fn connect(&self) -> Result<Channel, Failure> {
        #[cfg(feature = "tls")]
        if let Some(tls) = &self.tls {
            let connection = tls.connect(&self.address).await.map_err(|error| match error {
                ConnectError::Tcp(error) => self.unreachable(error),
                ConnectError::Handshake(reason) => self.untrusted(reason),
            })?;
            return Ok(Channel::bound(connection.stream, Role::Server, self.timeouts, connection.binding));
        }
        let connection =
            tcp::connect(&self.address, self.insecure).await.map_err(|error| self.unreachable(error))?;
        Ok(Channel::new(connection.stream, Role::Server, self.timeouts))
    }

    /// The reason behind a failed session that TLS knows, if it knows one.
    ///
    /// A server looks at a client's certificate when the client has begun to speak already.
    #[must_use]
    pub fn explained(&self, failure: Failure) -> Failure {
        #[cfg(feature = "tls")]
        if let (Failure::Session(_), Some(reason)) =
            (&failure, self.tls.as_ref().and_then(ClientTls::refusal))
        {
            return self.untrusted(reason);
        }
        failure
    }

    #[cfg(feature = "tls")]
    fn untrusted(&self, reason: String) -> Failure {
        Failure::Untrusted { address: self.address.clone(), reason }
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
