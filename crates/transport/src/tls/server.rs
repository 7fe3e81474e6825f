//! The server's half of TLS.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::timeout;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::crypto::CryptoProvider;
use tokio_rustls::rustls::crypto::ring::default_provider;
use tokio_rustls::rustls::pki_types::UnixTime;
use tokio_rustls::rustls::server::danger::ClientCertVerifier;
use tokio_rustls::rustls::server::{NoServerSessionStorage, WebPkiClientVerifier};
use tokio_rustls::rustls::version::TLS13;
use tokio_rustls::rustls::{CertificateError, Error as RustlsError, ServerConfig};
use zeroize::Zeroizing;

use crate::connection::Connection;
use crate::stream::Stream;
use crate::tls::certificates::Certificates;
use crate::tls::files::{self, FileError};
use crate::tls::stream::{Refusal, TlsStream};
use crate::tls::{BINDING_LABEL, HANDSHAKE_TIMEOUT, words};

/// The first byte of a connection under TLS: a record of the handshake (RFC 8446, section 5.1).
const HANDSHAKE_RECORD: u8 = 22;
/// How long a client that was turned away is given to read why.
const LINGER: Duration = Duration::from_millis(500);

/// What a server needs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ServerFiles {
    /// The server's certificate, and those between it and the authority.
    pub certificate: PathBuf,
    /// Its private key.
    pub key: PathBuf,
    /// Certificates of the authorities that may sign those of clients. With it, every client must
    /// show one.
    pub client_ca: Option<PathBuf>,
    /// Lists of revoked certificates, one for each of these authorities.
    pub revocations: Option<PathBuf>,
}

/// Why a client is not let in.
#[derive(Debug)]
pub enum Unwelcome {
    /// It does not speak TLS. It can be told so on this connection.
    Plain(Connection<TcpStream>),
    /// It says too little in too long a time, or hung up.
    Silent,
    /// Its certificate, which an authority signed, holds no name. It can be told so on this
    /// connection.
    Nameless(Connection<Stream>),
    /// The handshake failed; plain words for the log.
    Refused(String),
}

/// A server's certificate, and whom it lets in.
#[derive(Clone)]
pub struct ServerTls {
    acceptor: TlsAcceptor,
    clients: Option<Arc<dyn ClientCertVerifier>>,
}

impl ServerTls {
    /// Reads the files.
    ///
    /// # Errors
    /// [`FileError`] names the file that cannot be used.
    pub fn load(files: &ServerFiles) -> Result<Self, FileError> {
        let unusable = |error: RustlsError| FileError::Unusable(error.to_string());
        let provider = Arc::new(default_provider());
        let clients = clients(files, &provider)?;
        let builder = ServerConfig::builder_with_provider(provider)
            .with_protocol_versions(&[&TLS13])
            .map_err(unusable)?;
        let builder = match &clients {
            Some(clients) => builder.with_client_cert_verifier(Arc::clone(clients)),
            None => builder.with_no_client_auth(),
        };
        let (chain, key) = (files::chain(&files.certificate)?, files::key(&files.key)?);
        let mut config = builder.with_single_cert(chain, key).map_err(|error| FileError::Pair {
            certificate: files.certificate.clone(),
            key: files.key.clone(),
            reason: error.to_string(),
        })?;
        config.session_storage = Arc::new(NoServerSessionStorage {});
        config.send_tls13_tickets = 0;
        Ok(Self { acceptor: TlsAcceptor::from(Arc::new(config)), clients })
    }

    /// Whether every client must show a certificate.
    #[must_use]
    pub fn asks_clients(&self) -> bool {
        self.clients.is_some()
    }

    /// Whether a client's certificate, good when it was shown, is revoked by the lists here.
    #[must_use]
    pub fn revokes(&self, certificates: &Certificates) -> bool {
        let (Some(clients), Some((own, others))) = (&self.clients, certificates.0.split_first()) else {
            return false;
        };
        let verified = clients.verify_client_cert(own, others, UnixTime::now());
        matches!(verified, Err(RustlsError::InvalidCertificate(CertificateError::Revoked)))
    }

    /// Runs the handshake on an accepted connection.
    ///
    /// It takes as long as the client wants, up to ten seconds: do not run it where connections are
    /// accepted.
    ///
    /// # Errors
    /// [`Unwelcome`] says why the client is not let in.
    pub async fn handshake(
        &self,
        connection: Connection<TcpStream>,
    ) -> Result<Connection<Stream>, Unwelcome> {
        let shaken = timeout(HANDSHAKE_TIMEOUT, self.shake(connection)).await;
        match shaken.map_err(|_slow| Unwelcome::Silent)? {
            Ok(connection) => Ok(connection),
            Err((unwelcome, left)) => {
                if let Some(stream) = left {
                    let _impatient = timeout(LINGER, linger(stream)).await;
                }
                Err(unwelcome)
            }
        }
    }

    async fn shake(
        &self,
        connection: Connection<TcpStream>,
    ) -> Result<Connection<Stream>, (Unwelcome, Option<TcpStream>)> {
        let mut first = [0];
        match connection.stream.peek(&mut first).await {
            Ok(1) if first == [HANDSHAKE_RECORD] => {}
            Ok(1) => return Err((Unwelcome::Plain(connection), None)),
            Ok(_) | Err(_) => return Err((Unwelcome::Silent, None)),
        }
        let Connection { stream, peer, .. } = connection;
        let stream = self.acceptor.accept(stream).into_fallible().await.map_err(|(error, stream)| {
            // The alert that says why is on its way already.
            (Unwelcome::Refused(words::at_the_server(&error)), Some(stream))
        })?;
        let binding = stream.get_ref().1.export_keying_material(Zeroizing::new([0; 32]), BINDING_LABEL, None);
        let binding = binding.map_err(|error| (Unwelcome::Refused(error.to_string()), None))?;
        let stream = TlsStream::new(stream.into(), Refusal::default());
        let identity = stream.peer_certificates().as_ref().and_then(Certificates::identity);
        let nameless = self.asks_clients() && identity.is_none();
        let stream = Stream::Tls(Box::new(stream));
        let connection = Connection { stream, peer, identity, binding: Some(binding) };
        if nameless { Err((Unwelcome::Nameless(connection), None)) } else { Ok(connection) }
    }
}

/// Who may be a client, if that matters.
fn clients(
    files: &ServerFiles,
    provider: &Arc<CryptoProvider>,
) -> Result<Option<Arc<dyn ClientCertVerifier>>, FileError> {
    let Some(ca) = &files.client_ca else {
        let reason = "a revocation list without a client CA is of no use";
        return if files.revocations.is_some() { Err(FileError::Unusable(reason.into())) } else { Ok(None) };
    };
    let authorities = files::authorities(ca)?;
    let revoked = files.revocations.as_deref().map(files::revocations).transpose()?.unwrap_or_default();
    // A list past its date still holds: its entries are revoked, and an operator who forgets to
    // renew it does not lock everyone out.
    let verifier = WebPkiClientVerifier::builder_with_provider(authorities, Arc::clone(provider))
        .with_crls(revoked)
        .build();
    verifier.map(Some).map_err(|error| FileError::Unusable(error.to_string()))
}

/// Lets a client read the alert: TCP drops what it has yet to deliver when a connection is closed
/// over unread bytes.
async fn linger(mut stream: TcpStream) {
    if stream.shutdown().await.is_ok() {
        let mut forgotten = [0; 4096];
        while let Ok(1..) = stream.read(&mut forgotten).await {}
    }
}
