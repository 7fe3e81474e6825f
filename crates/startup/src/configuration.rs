//! Configuration files: TOML, of a bounded size. A key that a program does not know is an error.

use std::fs::File;
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use serde::de::DeserializeOwned;

/// A file is read only up to this size.
const MAX_BYTES: u64 = 1 << 16;

/// A configuration file that cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum ConfigurationError {
    /// The file cannot be read.
    #[error("configuration file {path}: {source}")]
    Read {
        /// Which file.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// The file is longer than any configuration.
    #[error("configuration file {0}: longer than {MAX_BYTES} bytes, is this the right file?")]
    TooLong(PathBuf),
    /// The file does not parse. The text names line and key.
    #[error("configuration file {path}: {source}")]
    Parse {
        /// Which file.
        path: PathBuf,
        /// Where and why.
        source: Box<toml::de::Error>,
    },
}

/// Reads a configuration file.
///
/// The type says which keys there are: it should deny unknown fields.
///
/// # Errors
/// [`ConfigurationError`] if the file cannot be read, is too long, or does not parse.
pub fn read<T: DeserializeOwned>(path: &Path) -> Result<T, ConfigurationError> {
    let unreadable = |source| ConfigurationError::Read { path: path.into(), source };
    // One byte more than allowed tells a long file, even one without an end.
    let mut text = String::new();
    File::open(path)
        .and_then(|file| file.take(MAX_BYTES + 1).read_to_string(&mut text))
        .map_err(unreadable)?;
    if text.len() as u64 > MAX_BYTES {
        return Err(ConfigurationError::TooLong(path.into()));
    }
    toml::from_str(&text)
        .map_err(|source| ConfigurationError::Parse { path: path.into(), source: Box::new(source) })
}

/// A path that the configuration file `file` names: it is meant from the folder of the file.
#[must_use]
pub fn beside(file: Option<&Path>, path: PathBuf) -> PathBuf {
    match file.and_then(Path::parent) {
        Some(folder) => folder.join(path),
        None => path,
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use serde::Deserialize;

    use super::*;

    #[derive(Debug, PartialEq, Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Keys {
        server: String,
    }

    fn of(name: &str, text: &[u8]) -> Result<Keys, String> {
        let path = std::env::temp_dir().join(format!("startup-{}-{name}.toml", std::process::id()));
        fs::write(&path, text).unwrap();
        let keys = read(&path).map_err(|error| error.to_string());
        fs::remove_file(&path).unwrap();
        if let Err(error) = &keys {
            assert!(error.contains(path.to_str().unwrap()), "{error}");
        }
        keys
    }

    #[test]
    fn paths_are_meant_from_the_folder_of_the_file() {
        let of = |path: &str| beside(Some(Path::new("/etc/pp/server.toml")), path.into());
        assert_eq!(of("ca.crt"), Path::new("/etc/pp/ca.crt"));
        assert_eq!(of("/srv/ca.crt"), Path::new("/srv/ca.crt"));
        assert_eq!(beside(Some(Path::new("server.toml")), "ca.crt".into()), Path::new("ca.crt"));
        assert_eq!(beside(None, "ca.crt".into()), Path::new("ca.crt"));
    }

    #[test]
    fn a_file_gives_its_keys() {
        assert_eq!(of("good", b"server = \"a\"\n"), Ok(Keys { server: "a".into() }));
    }

    #[test]
    fn an_unknown_key_is_an_error_that_names_its_line() {
        let error = of("key", b"server = \"a\"\nport = 3\n").unwrap_err();
        assert!(error.contains("line 2") && error.contains("port"), "{error}");
    }

    #[test]
    fn what_is_no_configuration_is_refused() {
        assert!(of("long", &vec![b' '; 1 << 17]).unwrap_err().contains("right file"));
        assert!(of("bytes", &[0xff, 0xfe]).unwrap_err().contains("UTF-8"));
        assert!(read::<Keys>(Path::new("/dev/zero")).unwrap_err().to_string().contains("right file"));
        let missing = read::<Keys>(Path::new("no/such/file.toml")).unwrap_err();
        assert!(matches!(missing, ConfigurationError::Read { .. }), "{missing}");
    }
}
