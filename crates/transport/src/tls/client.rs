//! The client's half of TLS.

use std::path::PathBuf;
use std::sync::Arc;

use tokio::net::ToSocketAddrs;
use tokio::time::timeout;
use tokio_rustls::TlsConnector;
use tokio_rustls::rustls::client::Resumption;
use tokio_rustls::rustls::crypto::ring::default_provider;
use tokio_rustls::rustls::pki_types::ServerName;
use tokio_rustls::rustls::version::TLS13;
use tokio_rustls::rustls::{ClientConfig, Error as RustlsError};
use zeroize::Zeroizing;

use crate::connection::Connection;
use crate::error::Error;
use crate::stream::Stream;
use crate::tcp;
use crate::tls::files::{self, FileError};
use crate::tls::stream::{Refusal, TlsStream};
use crate::tls::{BINDING_LABEL, HANDSHAKE_TIMEOUT, words};

/// A certificate and its private key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OwnFiles {
    /// The certificate, and those between it and the authority.
    pub certificate: PathBuf,
    /// The private key.
    pub key: PathBuf,
}

/// What a client needs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ClientFiles {
    /// Certificates of the authorities that may sign the server's.
    pub ca: PathBuf,
    /// Who the client is, for servers that ask.
    pub own: Option<OwnFiles>,
}

/// Why there is no connection under TLS.
#[derive(Debug, thiserror::Error)]
pub enum ConnectError {
    /// There is no connection at all.
    #[error(transparent)]
    Tcp(#[from] Error),
    /// The handshake failed.
    #[error("{0}")]
    Handshake(String),
}

/// A client that trusts some authorities, and one name of a server.
pub struct ClientTls {
    connector: TlsConnector,
    name: ServerName<'static>,
    refusal: Refusal,
}

impl ClientTls {
    /// Reads the files. `name` is the DNS name or the address that the server's certificate must be
    /// for.
    ///
    /// # Errors
    /// [`FileError`] names the file that cannot be used.
    pub fn load(files: &ClientFiles, name: &str) -> Result<Self, FileError> {
        let server = ServerName::try_from(name.to_owned()).map_err(|_| FileError::Name(name.into()))?;
        let unusable = |error: RustlsError| FileError::Unusable(error.to_string());
        let builder = ClientConfig::builder_with_provider(Arc::new(default_provider()))
            .with_protocol_versions(&[&TLS13])
            .map_err(unusable)?
            .with_root_certificates(files::authorities(&files.ca)?);
        let mut config = match &files.own {
            None => builder.with_no_client_auth(),
            Some(own) => {
                let (chain, key) = (files::chain(&own.certificate)?, files::key(&own.key)?);
                builder.with_client_auth_cert(chain, key).map_err(|error| FileError::Pair {
                    certificate: own.certificate.clone(),
                    key: own.key.clone(),
                    reason: error.to_string(),
                })?
            }
        };
        config.resumption = Resumption::disabled();
        let connector = TlsConnector::from(Arc::new(config));
        Ok(Self { connector, name: server, refusal: Refusal::default() })
    }

    /// Connects to a server, and makes sure that it is the one of this name.
    ///
    /// # Errors
    /// [`ConnectError::Tcp`] if nobody answers, [`ConnectError::Handshake`] says in plain words why
    /// the server is refused.
    pub async fn connect(&self, server: impl ToSocketAddrs) -> Result<Connection<Stream>, ConnectError> {
        self.refusal.set(None);
        let Connection { stream, peer, .. } = tcp::connect(server, true).await?;
        let stream = match timeout(HANDSHAKE_TIMEOUT, self.connector.connect(self.name.clone(), stream)).await
        {
            Ok(Ok(stream)) => stream,
            Ok(Err(error)) => {
                return Err(ConnectError::Handshake(words::at_the_client(&error, &self.name.to_str())));
            }
            Err(_slow) => return Err(ConnectError::Handshake(SILENT.into())),
        };
        let binding = stream.get_ref().1.export_keying_material(Zeroizing::new([0; 32]), BINDING_LABEL, None);
        let binding = binding.map_err(|error| ConnectError::Handshake(error.to_string()))?;
        let stream = Stream::Tls(Box::new(TlsStream::new(stream.into(), self.refusal.clone())));
        Ok(Connection { stream, peer, identity: None, binding: Some(binding) })
    }

    /// Why the server ended the latest connection, if it said so by an alert of TLS.
    ///
    /// A server looks at a client's certificate after the client's half of the handshake. So a
    /// session that fails at its beginning may have this reason.
    #[must_use]
    pub fn refusal(&self) -> Option<String> {
        self.refusal.get().map(words::refusal)
    }
}

const SILENT: &str = "what answers there says nothing; does it speak TLS? Check the address and the port";
