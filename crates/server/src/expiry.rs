//! How long certificates are still valid.

use std::fs;
use std::path::{Path, PathBuf};

use tracing::{error, warn};
use transport::tls::server::ServerFiles;
use x509_parser::pem::Pem;
use x509_parser::time::ASN1Time;

/// An operator hears of certificates that end within so many days.
const SOON: i64 = 30;

/// A file of certificates, and when the first of them ends.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Expiry {
    /// What the certificates are for: `server`, or `client-ca`.
    pub purpose: &'static str,
    /// Where they are.
    pub file: PathBuf,
    /// When the first ends, in seconds since 1970.
    ends: i64,
}

impl Expiry {
    /// Those of a server's files that hold certificates.
    #[must_use]
    pub fn of(files: &ServerFiles) -> Vec<Self> {
        let named = [("server", Some(&files.certificate)), ("client-ca", files.client_ca.as_ref())];
        let read = |(purpose, file): (_, Option<&PathBuf>)| {
            let file = file?.clone();
            Some(Self { purpose, ends: ends(&file)?, file })
        };
        named.into_iter().filter_map(read).collect()
    }

    /// Whole days until the first of the certificates ends; negative if one has ended.
    #[must_use]
    pub fn days_left(&self) -> i64 {
        (self.ends - ASN1Time::now().timestamp()).div_euclid(24 * 3600)
    }

    /// Whether one has ended.
    #[must_use]
    pub fn has_ended(&self) -> bool {
        self.days_left() < 0
    }
}

/// When the first of the certificates in a file (PEM) ends. `None` if there is none to read.
fn ends(path: &Path) -> Option<i64> {
    let text = fs::read(path).ok()?;
    let ends = Pem::iter_from_buffer(&text).filter_map(|pem| {
        let certificate = pem.ok()?;
        let certificate = certificate.parse_x509().ok()?;
        Some(certificate.validity().not_after.timestamp())
    });
    ends.min()
}

/// Says in the log which certificates have ended or will soon.
pub(crate) fn say(files: &ServerFiles) {
    for expiry in Expiry::of(files) {
        let (file, days) = (expiry.file.display(), expiry.days_left());
        if expiry.has_ended() {
            error!(%file, "a certificate has expired: clients and server refuse each other");
        } else if days < SOON {
            warn!(%file, days, "a certificate expires soon");
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use rcgen::{CertificateParams, KeyPair};

    use super::*;

    fn days_left(path: &Path) -> Option<i64> {
        let (certificate, key) = (path.to_owned(), path.to_owned());
        let files = ServerFiles { certificate, key, client_ca: None, revocations: None };
        Expiry::of(&files).first().map(Expiry::days_left)
    }

    /// A certificate that ends in so many hours.
    fn certificate(hours: i64) -> String {
        let mut params = CertificateParams::new(vec!["localhost".into()]).unwrap();
        let hour = Duration::from_secs(3600);
        let now = ASN1Time::now().to_datetime();
        params.not_before = now - 10_000 * hour;
        params.not_after = if hours < 0 {
            now - hour * u32::try_from(-hours).unwrap()
        } else {
            now + hour * u32::try_from(hours).unwrap()
        };
        params.self_signed(&KeyPair::generate().unwrap()).unwrap().pem()
    }

    #[test]
    fn the_first_certificate_to_end_counts() {
        let path = std::env::temp_dir().join(format!("server-expiry-{}", std::process::id()));
        let left = |text: String| {
            fs::write(&path, text).unwrap();
            days_left(&path)
        };
        assert_eq!(left(certificate(24 * 40 + 1)), Some(40));
        assert_eq!(left(certificate(24 * 40 + 1) + &certificate(24 * 3 + 1)), Some(3));
        assert_eq!(left(certificate(-1)), Some(-1));
        assert_eq!(left("no certificate".into()), None);
        fs::remove_file(&path).unwrap();
        assert_eq!(days_left(&path), None);
    }
}
