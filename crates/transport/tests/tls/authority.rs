//! Certificates for the tests, made anew for each.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};

use rcgen::{
    BasicConstraints, Certificate, CertificateParams, CertificateRevocationListParams, DnType,
    ExtendedKeyUsagePurpose, IsCa, Issuer, KeyIdMethod, KeyPair, KeyUsagePurpose, RevocationReason,
    RevokedCertParams, SerialNumber, date_time_ymd,
};
use transport::tls::client::{ClientFiles, OwnFiles};
use transport::tls::server::ServerFiles;

/// A folder of its own, removed when dropped.
pub(crate) struct Folder(PathBuf);

impl Folder {
    pub(crate) fn new() -> Self {
        static NUMBER: AtomicU64 = AtomicU64::new(0);
        let number = NUMBER.fetch_add(1, Ordering::Relaxed);
        let path = std::env::temp_dir().join(format!("transport-tls-{}-{number}", std::process::id()));
        fs::create_dir_all(&path).unwrap();
        Self(path)
    }

    pub(crate) fn write(&self, name: &str, text: &str) -> PathBuf {
        let path = self.0.join(name);
        fs::write(&path, text).unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).unwrap();
        path
    }

    pub(crate) fn path(&self) -> &Path {
        &self.0
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        fs::remove_dir_all(&self.0).unwrap();
    }
}

/// When a certificate is valid.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Valid {
    Now,
    /// It ended long ago.
    Before,
}

/// What a certificate is for.
#[derive(Clone, Copy)]
pub(crate) enum Use {
    Server,
    Client,
}

/// A certificate authority, whose files lie in a folder.
pub(crate) struct Authority {
    pub(crate) folder: Folder,
    issuer: Issuer<'static, KeyPair>,
    pub(crate) ca: PathBuf,
}

impl Authority {
    pub(crate) fn new() -> Self {
        Self::called("an authority of a test")
    }

    pub(crate) fn called(name: &str) -> Self {
        let folder = Folder::new();
        let mut params = CertificateParams::new(Vec::new()).unwrap();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
        params.distinguished_name.push(DnType::CommonName, name);
        let key = KeyPair::generate().unwrap();
        let ca = folder.write("ca.pem", &params.self_signed(&key).unwrap().pem());
        Self { folder, issuer: Issuer::new(params, key), ca }
    }

    /// A certificate with number `serial`.
    pub(crate) fn issue(
        &self,
        names: &[&str],
        serial: u8,
        valid: Valid,
        purpose: Use,
    ) -> (OwnFiles, Certificate) {
        let names: Vec<String> = names.iter().map(|&name| name.into()).collect();
        let mut params = CertificateParams::new(names).unwrap();
        params.serial_number = Some(SerialNumber::from_slice(&[serial]));
        params.extended_key_usages = vec![match purpose {
            Use::Server => ExtendedKeyUsagePurpose::ServerAuth,
            Use::Client => ExtendedKeyUsagePurpose::ClientAuth,
        }];
        if valid == Valid::Before {
            (params.not_before, params.not_after) = (date_time_ymd(2020, 1, 1), date_time_ymd(2021, 1, 1));
        }
        let key = KeyPair::generate().unwrap();
        let certificate = params.signed_by(&key, &self.issuer).unwrap();
        let files = OwnFiles {
            certificate: self.folder.write(&format!("{serial}.pem"), &certificate.pem()),
            key: self.folder.write(&format!("{serial}-key.pem"), &key.serialize_pem()),
        };
        (files, certificate)
    }

    pub(crate) fn client(&self, name: &str, serial: u8) -> Option<OwnFiles> {
        Some(self.issue(&[name], serial, Valid::Now, Use::Client).0)
    }

    /// A list that revokes these numbers.
    pub(crate) fn revoke(&self, serials: &[u8]) -> PathBuf {
        let revoked = |&serial| RevokedCertParams {
            serial_number: SerialNumber::from_slice(&[serial]),
            revocation_time: date_time_ymd(2024, 1, 1),
            reason_code: Some(RevocationReason::KeyCompromise),
            invalidity_date: None,
        };
        let params = CertificateRevocationListParams {
            this_update: date_time_ymd(2024, 1, 1),
            next_update: date_time_ymd(2024, 2, 1),
            crl_number: SerialNumber::from_slice(&[1]),
            issuing_distribution_point: None,
            revoked_certs: serials.iter().map(revoked).collect(),
            key_identifier_method: KeyIdMethod::Sha256,
        };
        self.folder.write("revoked.pem", &params.signed_by(&self.issuer).unwrap().pem().unwrap())
    }

    /// The files of a server for `localhost`, which asks its clients for certificates.
    pub(crate) fn server(&self) -> ServerFiles {
        let (OwnFiles { certificate, key }, _) = self.issue(&["localhost"], 1, Valid::Now, Use::Server);
        ServerFiles { certificate, key, client_ca: Some(self.ca.clone()), revocations: None }
    }

    /// The files of a client that trusts this authority.
    pub(crate) fn trusting(&self, own: Option<OwnFiles>) -> ClientFiles {
        ClientFiles { ca: self.ca.clone(), own }
    }
}
