//! The folder of an authority: names and permissions of its files.

use std::fs::{self, DirBuilder, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use rcgen::{Certificate, KeyPair};
use x509_parser::pem::parse_x509_pem;

use super::error::CertsError;

/// Read and written by the owner alone.
const PRIVATE: u32 = 0o600;
/// Read by everyone.
const PUBLIC: u32 = 0o644;

/// A folder of certificates and keys.
pub(super) struct Folder(PathBuf);

impl Folder {
    pub(super) fn new(path: &Path) -> Self {
        Self(path.into())
    }

    /// The file at `place` of the kind that `ending` says.
    pub(super) fn path(&self, place: &Path, ending: &str) -> PathBuf {
        let mut name = self.0.join(place).into_os_string();
        name.push(".");
        name.push(ending);
        name.into()
    }

    /// Makes the folder and those in it, for its owner alone.
    pub(super) fn make(&self) -> Result<(), CertsError> {
        for path in [self.0.clone(), self.0.join("clients"), self.0.join("revoked")] {
            let made = DirBuilder::new().recursive(true).mode(0o700).create(&path);
            made.map_err(|source| CertsError::File { path, source })?;
        }
        Ok(())
    }

    /// Whether certificate and key are there.
    pub(super) fn has_pair(&self, place: &Path) -> bool {
        ["crt", "key"].iter().all(|ending| self.path(place, ending).exists())
    }

    /// Neither certificate nor key may be there.
    pub(super) fn must_be_free(&self, place: &Path) -> Result<(), CertsError> {
        let mut paths = ["crt", "key"].into_iter().map(|ending| self.path(place, ending));
        match paths.find(|path| path.exists()) {
            Some(path) => Err(CertsError::Exists(path)),
            None => Ok(()),
        }
    }

    /// Writes a certificate and its key, the key first.
    pub(super) fn write_pair(
        &self,
        place: &Path,
        certificate: &Certificate,
        key: &KeyPair,
    ) -> Result<(), CertsError> {
        write_new(&self.path(place, "key"), &key.serialize_pem(), PRIVATE)?;
        write_new(&self.path(place, "crt"), &certificate.pem(), PUBLIC)
    }

    /// Puts `text` in the place of what the file held before, at once.
    pub(super) fn replace(&self, path: &Path, text: &str) -> Result<(), CertsError> {
        let fresh = path.with_extension("new");
        let failed = |source| CertsError::File { path: path.into(), source };
        // What a call that was cut off has left behind.
        match fs::remove_file(&fresh) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(failed(error)),
            _ => {}
        }
        write_new(&fresh, text, PUBLIC)?;
        fs::rename(&fresh, path).map_err(failed)
    }

    pub(super) fn read(&self, name: &Path) -> Result<String, CertsError> {
        text(&self.0.join(name))
    }

    /// The private key at `place`.
    pub(super) fn key(&self, place: &Path) -> Result<KeyPair, CertsError> {
        let path = self.path(place, "key");
        KeyPair::from_pem(&text(&path)?).map_err(|_| CertsError::Malformed { path, what: "private key" })
    }

    /// The number of the certificate at `place`.
    pub(super) fn serial(&self, place: &Path) -> Result<Vec<u8>, CertsError> {
        let path = self.path(place, "crt");
        let text = text(&path)?;
        let malformed = || CertsError::Malformed { path: path.clone(), what: "certificate" };
        let (_, pem) = parse_x509_pem(text.as_bytes()).map_err(|_| malformed())?;
        let certificate = pem.parse_x509().map_err(|_| malformed())?;
        Ok(certificate.tbs_certificate.serial.to_bytes_be())
    }

    /// Moves certificate and key away, so that the name is free. The key may have been moved to its
    /// client.
    pub(super) fn put_aside(&self, place: &Path, serial: &[u8]) -> Result<(), CertsError> {
        let name = place.file_name().unwrap_or_default().to_string_lossy();
        let number: String = serial.iter().map(|byte| format!("{byte:02x}")).collect();
        let aside = PathBuf::from("revoked").join(format!("{name}-{number}"));
        for ending in ["key", "crt"] {
            let path = self.path(place, ending);
            match fs::rename(&path, self.path(&aside, ending)) {
                Err(error) if error.kind() != io::ErrorKind::NotFound => {
                    return Err(CertsError::File { path, source: error });
                }
                _ => {}
            }
        }
        Ok(())
    }

    pub(super) fn malformed(&self, name: &Path, what: &'static str) -> CertsError {
        CertsError::Malformed { path: self.0.join(name), what }
    }
}

/// Writes a file that is not there yet.
fn write_new(path: &Path, text: &str, mode: u32) -> Result<(), CertsError> {
    let failed = |source: io::Error| match source.kind() {
        io::ErrorKind::AlreadyExists => CertsError::Exists(path.into()),
        _ => CertsError::File { path: path.into(), source },
    };
    let mut file = OpenOptions::new().write(true).create_new(true).mode(mode).open(path).map_err(failed)?;
    file.write_all(text.as_bytes()).and_then(|()| file.sync_all()).map_err(failed)
}

/// The whole text of a file.
pub(super) fn text(path: &Path) -> Result<String, CertsError> {
    fs::read_to_string(path).map_err(|source| CertsError::File { path: path.into(), source })
}
