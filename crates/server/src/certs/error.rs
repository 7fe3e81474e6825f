//! Why there are no certificates.

use std::io;
use std::path::PathBuf;

/// Why there are no certificates.
#[derive(Debug, thiserror::Error)]
pub enum CertsError {
    /// A file cannot be read or written.
    #[error("{path}: {source}")]
    File {
        /// Which file.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// A file is there already.
    #[error("{0} is there already, and is never overwritten; move it away, or choose another name")]
    Exists(PathBuf),
    /// There is no authority to go on with.
    #[error("{0} holds no authority yet; pass --server-name NAME to begin one")]
    NoAuthority(PathBuf),
    /// A name that no certificate can be for.
    #[error("{0:?} cannot be the name of a {1}; names have letters, digits, hyphens and dots")]
    Name(String, &'static str),
    /// A file is not what it should be.
    #[error("{path}: this is no {what} that `pp-server certs` made")]
    Malformed {
        /// Which file.
        path: PathBuf,
        /// What it should be.
        what: &'static str,
    },
    /// Nothing was asked for.
    #[error("nothing to do; pass --server-name NAME, --client NAME or --revoke NAME")]
    Nothing,
    /// The library cannot make a certificate.
    #[error("a certificate cannot be made: {0}")]
    Make(#[from] rcgen::Error),
}
