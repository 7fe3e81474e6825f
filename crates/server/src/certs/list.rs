//! The list of revoked certificates.

use std::path::{Path, PathBuf};
use std::time::Duration;

use rcgen::{CertificateRevocationListParams, Issuer, KeyIdMethod, KeyPair, RevokedCertParams, SerialNumber};
use x509_parser::pem::parse_x509_pem;
use x509_parser::revocation_list::CertificateRevocationList;
use x509_parser::time::ASN1Time;

use super::error::CertsError;
use super::folder::{Folder, text};

/// How long an authority is valid, and its lists with it.
pub(super) const VALID: Duration = Duration::from_secs(3650 * 24 * 3600);

type Signer = Issuer<'static, KeyPair>;

/// Writes a list of nobody.
pub(super) fn begin(folder: &Folder, issuer: &Signer) -> Result<(), CertsError> {
    write(folder, issuer, Vec::new(), 1)
}

/// Adds the certificate with number `serial` to those on the list.
pub(super) fn add(folder: &Folder, issuer: &Signer, serial: &[u8]) -> Result<(), CertsError> {
    let (mut revoked, number) = read(&path(folder))?;
    if revoked.iter().all(|entry| entry.serial_number.to_bytes() != serial) {
        revoked.push(RevokedCertParams {
            serial_number: SerialNumber::from_slice(serial),
            revocation_time: ASN1Time::now().to_datetime(),
            reason_code: None,
            invalidity_date: None,
        });
    }
    write(folder, issuer, revoked, number + 1)
}

fn path(folder: &Folder) -> PathBuf {
    folder.path(Path::new("revoked"), "crl")
}

/// Who is on the list, and its number.
fn read(path: &Path) -> Result<(Vec<RevokedCertParams>, u64), CertsError> {
    let text = text(path)?;
    let malformed = || CertsError::Malformed { path: path.into(), what: "revocation list" };
    let (_, pem) = parse_x509_pem(text.as_bytes()).map_err(|_| malformed())?;
    let (_, list) = x509_parser::parse_x509_crl(&pem.contents).map_err(|_| malformed())?;
    Ok((entries(&list), number(&list).ok_or_else(malformed)?))
}

fn entries(list: &CertificateRevocationList<'_>) -> Vec<RevokedCertParams> {
    let revoked = list.iter_revoked_certificates();
    revoked
        .map(|entry| RevokedCertParams {
            serial_number: SerialNumber::from_slice(&entry.serial().to_bytes_be()),
            revocation_time: entry.revocation_date.to_datetime(),
            reason_code: None,
            invalidity_date: None,
        })
        .collect()
}

fn number(list: &CertificateRevocationList<'_>) -> Option<u64> {
    let number = list.crl_number()?.to_bytes_be();
    number.iter().try_fold(0u64, |sum, &byte| sum.checked_mul(256)?.checked_add(u64::from(byte)))
}

fn write(
    folder: &Folder,
    issuer: &Signer,
    revoked: Vec<RevokedCertParams>,
    number: u64,
) -> Result<(), CertsError> {
    let now = ASN1Time::now().to_datetime();
    let params = CertificateRevocationListParams {
        this_update: now,
        next_update: now + VALID,
        crl_number: SerialNumber::from(number),
        issuing_distribution_point: None,
        revoked_certs: revoked,
        key_identifier_method: KeyIdMethod::Sha256,
    };
    let list = params.signed_by(issuer)?;
    folder.replace(&path(folder), &list.pem()?)
}
