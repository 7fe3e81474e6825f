//! The certificates that a client showed, and the name in them.

use tokio_rustls::rustls::pki_types::CertificateDer;
use webpki::EndEntityCert;

use crate::connection::Identity;

/// A verified client's own certificate and those between it and the authority.
#[derive(Clone, Debug)]
pub struct Certificates(pub(super) Vec<CertificateDer<'static>>);

impl Certificates {
    /// The first DNS name of the client's own certificate.
    ///
    /// Clients are named by their *subject alternative names* and not by their common names: RFC
    /// 9525 takes no identity from common names any more, and the library that verifies the
    /// certificate reads DNS names, but no common names.
    #[must_use]
    pub fn identity(&self) -> Option<Identity> {
        let own = EndEntityCert::try_from(self.0.first()?).ok()?;
        own.valid_dns_names().next().and_then(Identity::new)
    }
}

impl From<Vec<CertificateDer<'static>>> for Certificates {
    fn from(chain: Vec<CertificateDer<'static>>) -> Self {
        Self(chain)
    }
}
