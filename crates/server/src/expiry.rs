//! How long certificates are still valid.

use std::fs;
use std::path::Path;

use tracing::{error, warn};
use transport::tls::server::ServerFiles;
use x509_parser::pem::Pem;
use x509_parser::time::ASN1Time;

/// An operator hears of certificates that end within so many days.
const SOON: i64 = 30;

/// Whole days until the first of the certificates in a file (PEM) ends; negative if one has ended.
/// `None` if there is none to read.
fn days_left(path: &Path) -> Option<i64> {
    let text = fs::read(path).ok()?;
    let ends = Pem::iter_from_buffer(&text).filter_map(|pem| {
        let certificate = pem.ok()?;
        let certificate = certificate.parse_x509().ok()?;
        Some(certificate.validity().not_after.timestamp())
    });
    let left = ends.min()? - ASN1Time::now().timestamp();
    Some(left.div_euclid(24 * 3600))
}

/// Says in the log which certificates have ended or will soon.
pub(crate) fn say(files: &ServerFiles) {
    for path in [Some(&files.certificate), files.client_ca.as_ref()].into_iter().flatten() {
        match days_left(path) {
            Some(days) if days < 0 => {
                error!(file = %path.display(), "a certificate has expired: clients and server refuse each other");
            }
            Some(days) if days < SOON => {
                warn!(file = %path.display(), days, "a certificate expires soon");
            }
            _ => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use rcgen::{CertificateParams, KeyPair};

    use super::*;

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
