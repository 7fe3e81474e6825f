//! `pp-server certs`: certificates for a first set-up, without another program.
//!
//! ```text
//! DIR/ca.crt, ca.key              the private authority; ca.crt goes to everyone
//! DIR/server.crt, server.key      the server
//! DIR/clients/NAME.crt, NAME.key  a client, to be taken there
//! DIR/revoked.crl                 which certificates are revoked
//! DIR/revoked/                    the files of those
//! ```
//! Nothing is ever overwritten but the list of the revoked, and that at once or not at all. Whoever
//! has an authority already needs none of this.

mod error;
mod folder;
mod list;

use std::net::IpAddr;
use std::path::{Path, PathBuf};
use std::time::Duration;

use clap::Args;
use rcgen::{
    BasicConstraints, Certificate, CertificateParams, DnType, ExtendedKeyUsagePurpose, IsCa, Issuer, KeyPair,
    KeyUsagePurpose,
};
use transport::connection::Identity;
use transport::tls::certificates::Certificates;
use x509_parser::time::ASN1Time;

use folder::Folder;

pub use error::CertsError;

/// Arguments of `pp-server certs`.
#[derive(Args, Debug, Default)]
pub struct Certs {
    /// Folder of the authority; it is made if it is not there.
    #[arg(long)]
    pub dir: PathBuf,
    /// Make a certificate for the server of this DNS name or address; repeat it for several names.
    #[arg(long)]
    pub server_name: Vec<String>,
    /// Make a certificate for a client called so: letters, digits, hyphens and dots.
    #[arg(long)]
    pub client: Vec<String>,
    /// Put the certificate of the client called so on the list of the revoked.
    #[arg(long)]
    pub revoke: Vec<String>,
}

const DAY: Duration = Duration::from_secs(24 * 3600);
/// How long a server or a client is valid: browsers and operating systems take no certificate of a
/// server that lasts longer.
const OTHERS: Duration = DAY.saturating_mul(825);
/// Clocks differ: a certificate is valid from a little before it is made.
const EARLIER: Duration = Duration::from_secs(3600);

/// The authority and its folder.
struct Authority {
    folder: Folder,
    issuer: Issuer<'static, KeyPair>,
}

/// Runs `pp-server certs`; gives a line for each thing that it did.
///
/// # Errors
/// [`CertsError`]. What was made before it stays.
pub fn run(arguments: &Certs) -> Result<Vec<String>, CertsError> {
    if arguments.server_name.is_empty() && arguments.client.is_empty() && arguments.revoke.is_empty() {
        return Err(CertsError::Nothing);
    }
    let servers =
        arguments.server_name.iter().map(|name| server_name(name)).collect::<Result<Vec<_>, _>>()?;
    let clients = arguments.client.iter().map(|name| client_name(name)).collect::<Result<Vec<_>, _>>()?;
    let mut said = Vec::new();
    let authority = Authority::open(&arguments.dir, servers.first(), &mut said)?;
    if !servers.is_empty() {
        authority.folder.must_be_free(Path::new("server"))?;
    }
    for client in &clients {
        authority.folder.must_be_free(&of_client(client))?;
    }
    if !servers.is_empty() {
        said.push(authority.issue(Path::new("server"), servers, ExtendedKeyUsagePurpose::ServerAuth)?);
    }
    for client in &clients {
        let names = vec![client.as_str().to_owned()];
        said.push(authority.issue(&of_client(client), names, ExtendedKeyUsagePurpose::ClientAuth)?);
    }
    for client in &arguments.revoke {
        said.push(authority.revoke(&client_name(client)?)?);
    }
    Ok(said)
}

/// Where a client's files lie, without their endings.
fn of_client(client: &Identity) -> PathBuf {
    Path::new("clients").join(client.as_str())
}

fn server_name(name: &str) -> Result<String, CertsError> {
    let is_name = name.parse::<IpAddr>().is_ok() || Identity::new(name).is_some();
    if is_name { Ok(name.to_owned()) } else { Err(CertsError::Name(name.into(), "server")) }
}

fn client_name(name: &str) -> Result<Identity, CertsError> {
    let refused = || CertsError::Name(name.into(), "client");
    let is_address = name.parse::<IpAddr>().is_ok();
    Identity::new(name).filter(|_| !is_address).ok_or_else(refused)
}

impl Authority {
    /// The authority in `dir`, or a new one for the server called `name`.
    fn open(dir: &Path, name: Option<&String>, said: &mut Vec<String>) -> Result<Self, CertsError> {
        let folder = Folder::new(dir);
        if folder.has_pair(Path::new("ca")) {
            let key = folder.key(Path::new("ca"))?;
            let malformed = || folder.malformed(Path::new("ca.crt"), "certificate of an authority");
            let issuer = Issuer::from_ca_cert_pem(&folder.read(Path::new("ca.crt"))?, key);
            return Ok(Self { issuer: issuer.map_err(|_| malformed())?, folder });
        }
        let Some(name) = name else { return Err(CertsError::NoAuthority(dir.into())) };
        folder.must_be_free(Path::new("ca"))?;
        folder.make()?;
        let (params, key) = (authority_params(name)?, KeyPair::generate()?);
        folder.write_pair(Path::new("ca"), &params.self_signed(&key)?, &key)?;
        let authority = Self { folder, issuer: Issuer::new(params, key) };
        list::begin(&authority.folder, &authority.issuer)?;
        said.push(format!("{}: a private authority; keep ca.key off the server", dir.display()));
        Ok(authority)
    }

    /// Makes a certificate and its key.
    fn issue(
        &self,
        place: &Path,
        names: Vec<String>,
        purpose: ExtendedKeyUsagePurpose,
    ) -> Result<String, CertsError> {
        let mut params = CertificateParams::new(names.clone())?;
        params.distinguished_name.push(DnType::CommonName, common_name(&names));
        params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
        params.extended_key_usages = vec![purpose.clone()];
        params.use_authority_key_identifier_extension = true;
        valid_for(&mut params, OTHERS);
        let key = KeyPair::generate()?;
        let certificate = params.signed_by(&key, &self.issuer)?;
        if purpose == ExtendedKeyUsagePurpose::ClientAuth {
            names_its_client(&certificate, &names)?;
        }
        self.folder.write_pair(place, &certificate, &key)?;
        let path = self.folder.path(place, "crt");
        Ok(format!("{}: for {}, with its key", path.display(), names.join(", ")))
    }

    /// Puts a client's certificate on the list and its files aside.
    fn revoke(&self, client: &Identity) -> Result<String, CertsError> {
        let place = of_client(client);
        let serial = self.folder.serial(&place)?;
        list::add(&self.folder, &self.issuer, &serial)?;
        self.folder.put_aside(&place, &serial)?;
        let path = self.folder.path(Path::new("revoked"), "crl");
        Ok(format!("{}: {client} is revoked; tell a running server by SIGHUP", path.display()))
    }
}

fn authority_params(name: &str) -> Result<CertificateParams, CertsError> {
    let mut params = CertificateParams::new(Vec::new())?;
    // Two authorities for one name are told apart.
    let now = ASN1Time::now().timestamp();
    params
        .distinguished_name
        .push(DnType::CommonName, format!("pp-server authority {now} of {}", short(name)));
    params.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
    params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
    valid_for(&mut params, list::VALID);
    Ok(params)
}

fn valid_for(params: &mut CertificateParams, time: Duration) {
    let now = ASN1Time::now().to_datetime();
    (params.not_before, params.not_after) = (now - EARLIER, now + time);
}

/// For people; programs read the names beside it.
fn common_name(names: &[String]) -> String {
    names.first().map(|name| short(name)).unwrap_or_default()
}

/// A common name has 64 characters at most.
fn short(name: &str) -> String {
    name.chars().take(32).collect()
}

/// A client's certificate is of use only if a server finds its name in it.
fn names_its_client(certificate: &Certificate, names: &[String]) -> Result<(), CertsError> {
    let found = Certificates::from(vec![certificate.der().clone()]).identity();
    let name = names.first().map(String::as_str).unwrap_or_default();
    let is_found = found.is_some_and(|found| found.as_str() == name);
    if is_found { Ok(()) } else { Err(CertsError::Name(name.into(), "client")) }
}
