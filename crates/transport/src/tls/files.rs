//! Reads certificates, keys and revocation lists: PEM files of a bounded size.

use std::fs::File;
use std::io::{self, Read};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use tokio_rustls::rustls::RootCertStore;
use tokio_rustls::rustls::pki_types::pem::{self, PemObject};
use tokio_rustls::rustls::pki_types::{CertificateDer, CertificateRevocationListDer, PrivateKeyDer};
use zeroize::Zeroizing;

/// A file is read only up to this size: room for the bundle of an operating system, and for
/// 100,000 revoked certificates.
const MAX_BYTES: u64 = 4 << 20;

/// A file that cannot be used for TLS.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum FileError {
    /// The file cannot be read.
    #[error("{path}: {source}")]
    Read {
        /// Which file.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// The file is longer than any of its kind.
    #[error("{0}: longer than {MAX_BYTES} bytes, is this the right file?")]
    TooLong(PathBuf),
    /// The file is not what it should be.
    #[error("{path}: {reason}; {what} as PEM text is due here")]
    Malformed {
        /// Which file.
        path: PathBuf,
        /// What is due.
        what: &'static str,
        /// What is wrong.
        reason: String,
    },
    /// Others may read a private key.
    #[error(
        "{path}: a private key that others than its owner may use (mode {mode:03o}); run `chmod 600 {path}`"
    )]
    Loose {
        /// Which file.
        path: PathBuf,
        /// Its permissions.
        mode: u32,
    },
    /// A certificate and a key that cannot be used together.
    #[error("{certificate} with the key {key}: {reason}")]
    Pair {
        /// The certificate.
        certificate: PathBuf,
        /// The key.
        key: PathBuf,
        /// What is wrong.
        reason: String,
    },
    /// Files that are each in order and cannot be used together.
    #[error("TLS cannot be set up: {0}")]
    Unusable(String),
    /// A name that no server can have.
    #[error("{0:?} is neither a DNS name nor an address, so no certificate can be for it")]
    Name(String),
}

/// A certificate and those between it and the authority.
pub(super) fn chain(path: &Path) -> Result<Vec<CertificateDer<'static>>, FileError> {
    all(path, "a certificate")
}

/// Authorities that are trusted.
pub(super) fn authorities(path: &Path) -> Result<Arc<RootCertStore>, FileError> {
    let what = "the certificate of an authority";
    let mut store = RootCertStore::empty();
    for certificate in all(path, what)? {
        store.add(certificate).map_err(|error| malformed(path, what, &error.to_string()))?;
    }
    Ok(Arc::new(store))
}

/// Lists of revoked certificates.
pub(super) fn revocations(path: &Path) -> Result<Vec<CertificateRevocationListDer<'static>>, FileError> {
    all(path, "a revocation list")
}

/// A private key, which its owner alone may read.
pub(super) fn key(path: &Path) -> Result<PrivateKeyDer<'static>, FileError> {
    let text = Zeroizing::new(read(path, true)?);
    PrivateKeyDer::from_pem_slice(&text).map_err(|error| malformed(path, "a private key", &said(&error)))
}

/// Everything of a kind that a file holds, at least one.
fn all<T: PemObject>(path: &Path, what: &'static str) -> Result<Vec<T>, FileError> {
    let text = read(path, false)?;
    let found: Result<Vec<T>, _> = T::pem_slice_iter(&text).collect();
    match found {
        Ok(found) if found.is_empty() => Err(malformed(path, what, "there is none in it")),
        found => found.map_err(|error| malformed(path, what, &said(&error))),
    }
}

fn read(path: &Path, private: bool) -> Result<Vec<u8>, FileError> {
    let unreadable = |source| FileError::Read { path: path.into(), source };
    let file = File::open(path).map_err(unreadable)?;
    if private {
        refuse_loose(&file, path)?;
    }
    let mut text = Vec::new();
    // One byte more than allowed tells a long file, even one without an end.
    file.take(MAX_BYTES + 1).read_to_end(&mut text).map_err(unreadable)?;
    if text.len() as u64 > MAX_BYTES { Err(FileError::TooLong(path.into())) } else { Ok(text) }
}

/// The permissions of the open file, so that nobody can exchange it in between.
#[cfg(unix)]
fn refuse_loose(file: &File, path: &Path) -> Result<(), FileError> {
    use std::os::unix::fs::PermissionsExt;
    let metadata = file.metadata().map_err(|source| FileError::Read { path: path.into(), source })?;
    let mode = metadata.permissions().mode() & 0o777;
    if mode & 0o077 == 0 { Ok(()) } else { Err(FileError::Loose { path: path.into(), mode }) }
}

#[cfg(not(unix))]
fn refuse_loose(_: &File, _: &Path) -> Result<(), FileError> {
    Ok(())
}

/// What the reader says, without the bytes that it found.
fn said(error: &pem::Error) -> String {
    match error {
        pem::Error::NoItemsFound => "there is none in it".into(),
        pem::Error::MissingSectionEnd { .. } => "a section without an end".into(),
        pem::Error::IllegalSectionStart { .. } => "a section that begins wrongly".into(),
        _ => "it cannot be decoded".into(),
    }
}

fn malformed(path: &Path, what: &'static str, reason: &str) -> FileError {
    FileError::Malformed { path: path.into(), what, reason: reason.into() }
}
