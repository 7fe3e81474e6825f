//! Settings of `pp-client`: flags over environment over file over defaults.
//!
//! The file is TOML. A key that is not known is an error that names its line.

#[cfg(feature = "tls")]
use std::path::Path;
use std::path::PathBuf;
use std::time::Duration;

use serde::Deserialize;
use startup::configuration::{self, ConfigurationError};

use crate::cli::Infer;
#[cfg(feature = "tls")]
use crate::cli::Tls;
use crate::digest::Digest;
#[cfg(feature = "tls")]
use crate::tls_settings::{TlsSettings, TlsSettingsError};

/// A commented configuration file with the defaults.
pub const TEMPLATE: &str = include_str!("../pp-client.toml");
/// Where a server is looked for when nobody names one.
pub const DEFAULT_SERVER: &str = "127.0.0.1:7464";
/// The port of a server whose address names none.
const DEFAULT_PORT: u16 = 7464;
/// The file's name in the user's configuration folder.
const FILE_NAME: &str = "pp-client.toml";

/// The configuration file.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
struct File {
    server: Option<String>,
    #[serde(default)]
    insecure: bool,
    timeout: Option<u64>,
    retry_for: Option<u64>,
    prepare_ahead: Option<usize>,
    max_mb: Option<u64>,
    architecture: Option<Digest>,
    #[cfg(feature = "tls")]
    tls_ca: Option<PathBuf>,
    #[cfg(feature = "tls")]
    tls_cert: Option<PathBuf>,
    #[cfg(feature = "tls")]
    tls_key: Option<PathBuf>,
    #[cfg(feature = "tls")]
    server_name: Option<String>,
    #[cfg(feature = "tls")]
    tls_ends_at_balancer: Option<bool>,
}

/// Who named the server.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Origin {
    /// A flag or an environment variable.
    Named,
    /// The configuration file.
    File(PathBuf),
    /// Nobody: [`DEFAULT_SERVER`].
    Default,
}

/// Complete, checked settings.
#[derive(Debug, PartialEq, Eq)]
pub struct Settings {
    /// The server, as `HOST:PORT`.
    pub server: String,
    /// Who named it.
    pub origin: Origin,
    /// Whether to connect beyond this machine over plain TCP.
    pub insecure: bool,
    /// How long a silent server is waited for.
    pub timeout: Duration,
    /// For how long a server that is busy or away is asked again.
    pub retry_for: Duration,
    /// Most inferences prepared ahead while a segment is classified.
    pub prepare_ahead: usize,
    /// Most megabytes of traffic for one segment.
    pub max_mb: u64,
    /// The digest that the server's architecture must have.
    pub architecture: Option<Digest>,
    /// How the server proves who it is; `None` for plain TCP.
    #[cfg(feature = "tls")]
    pub tls: Option<TlsSettings>,
}

/// A configuration that cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum SettingsError {
    /// The configuration file cannot be used.
    #[error(transparent)]
    File(#[from] ConfigurationError),
    /// A time-out that is none.
    #[error("the time-out must be 1 to 86400 seconds, and is {0}")]
    Timeout(u64),
    /// TLS that is set up half.
    #[cfg(feature = "tls")]
    #[error(transparent)]
    Tls(#[from] TlsSettingsError),
}

impl Settings {
    /// Merges the arguments, which already hold the environment, with the configuration file and
    /// the defaults.
    ///
    /// # Errors
    /// [`SettingsError`] for an unreadable or invalid file, or a value out of range.
    pub fn load(arguments: &Infer) -> Result<Self, SettingsError> {
        let path = arguments.config.clone().or_else(|| user_file().filter(|path| path.exists()));
        let file = path.as_deref().map(configuration::read).transpose()?.unwrap_or_default();
        Self::merge(arguments, file, path)
    }

    /// Whether TLS may end at a balancer before the server.
    #[must_use]
    pub fn tls_ends_at_balancer(&self) -> bool {
        #[cfg(feature = "tls")]
        if let Some(tls) = &self.tls {
            return tls.ends_at_balancer;
        }
        false
    }

    fn merge(arguments: &Infer, file: File, path: Option<PathBuf>) -> Result<Self, SettingsError> {
        #[cfg(feature = "tls")]
        let tls = file.tls(path.as_deref());
        let (server, origin) = match (&arguments.server, file.server, path) {
            (Some(server), ..) => (server.clone(), Origin::Named),
            (None, Some(server), Some(path)) => (server, Origin::File(path)),
            _ => (DEFAULT_SERVER.to_owned(), Origin::Default),
        };
        let timeout = arguments.timeout.or(file.timeout).unwrap_or(60);
        if !(1..=86_400).contains(&timeout) {
            return Err(SettingsError::Timeout(timeout));
        }
        let server = with_port(server);
        Ok(Self {
            #[cfg(feature = "tls")]
            tls: TlsSettings::merge(&arguments.tls, tls, &server)?,
            server,
            origin,
            insecure: arguments.insecure.unwrap_or(file.insecure),
            timeout: Duration::from_secs(timeout),
            retry_for: Duration::from_secs(arguments.retry_for.or(file.retry_for).unwrap_or(120)),
            prepare_ahead: arguments.prepare_ahead.or(file.prepare_ahead).unwrap_or(1),
            max_mb: arguments.max_mb.or(file.max_mb).unwrap_or(4000),
            architecture: arguments.architecture.or(file.architecture),
        })
    }
}

#[cfg(feature = "tls")]
impl File {
    /// What the file at `path` says of TLS.
    fn tls(&self, path: Option<&Path>) -> Tls {
        let beside = |file: &Option<PathBuf>| file.clone().map(|file| configuration::beside(path, file));
        Tls {
            tls_ca: beside(&self.tls_ca),
            tls_cert: beside(&self.tls_cert),
            tls_key: beside(&self.tls_key),
            server_name: self.server_name.clone(),
            tls_ends_at_balancer: self.tls_ends_at_balancer,
        }
    }
}

/// The configuration file of the user who runs the program.
fn user_file() -> Option<PathBuf> {
    let set = |name| std::env::var_os(name).filter(|value| !value.is_empty()).map(PathBuf::from);
    let folder = set("XDG_CONFIG_HOME").or_else(|| Some(set("HOME")?.join(".config")))?;
    Some(folder.join(FILE_NAME))
}

/// Adds the default port to an address that names none.
///
/// The colons of a bare IPv6 address name no port.
fn with_port(server: String) -> String {
    if server.parse::<std::net::Ipv6Addr>().is_ok() {
        return format!("[{server}]:{DEFAULT_PORT}");
    }
    if server.ends_with(']') || !server.contains(':') {
        return format!("{server}:{DEFAULT_PORT}");
    }
    server
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::*;
    use crate::cli::{Cli, Command};

    fn infer(flags: &[&str]) -> Infer {
        let line = ["pp-client", "infer", "a.csv"].iter().chain(flags);
        match Cli::try_parse_from(line).unwrap().command {
            Command::Infer(infer) => *infer,
            Command::Config => unreachable!("another command"),
        }
    }

    fn merged(flags: &[&str], text: &str) -> Settings {
        Settings::merge(&infer(flags), toml::from_str(text).unwrap(), Some("file.toml".into())).unwrap()
    }

    #[test]
    fn the_template_is_a_valid_file_with_the_defaults() {
        let uncommented: String =
            TEMPLATE.lines().map(|line| line.strip_prefix("#: ").unwrap_or(line).to_owned() + "\n").collect();
        let defaults = merged(&[], "");
        let of_template = merged(&[], &uncommented);
        assert_eq!(of_template.origin, Origin::File("file.toml".into()));
        assert_eq!(Settings { origin: Origin::Default, ..of_template }, defaults);
    }

    #[test]
    fn flags_come_before_the_file_and_the_file_before_the_default() {
        assert_eq!(merged(&[], "").server, DEFAULT_SERVER);
        let file = "server = \"gateway.example:9\"\ntimeout = 5";
        assert_eq!(merged(&[], file).server, "gateway.example:9");
        assert_eq!(merged(&[], file).timeout, Duration::from_secs(5));
        let named = merged(&["--server", "other.example", "--timeout", "6"], file);
        assert_eq!((named.server.as_str(), &named.origin), ("other.example:7464", &Origin::Named));
        assert_eq!(named.timeout, Duration::from_secs(6));
    }

    #[test]
    fn an_address_without_a_port_takes_the_usual_one() {
        for (given, complete) in [
            ("host", "host:7464"),
            ("host:1", "host:1"),
            ("::1", "[::1]:7464"),
            ("[::1]", "[::1]:7464"),
            ("[::1]:2", "[::1]:2"),
        ] {
            assert_eq!(with_port(given.into()), complete);
        }
    }

    #[test]
    fn unknown_keys_and_impossible_values_are_refused() {
        let error = toml::from_str::<File>("timeout = 1\nserver-nam = \"x\"\n").unwrap_err().to_string();
        assert!(error.contains("line 2") && error.contains("server-nam"), "{error}");
        assert!(toml::from_str::<File>("architecture = \"0f\"").is_err());
        let file = toml::from_str("timeout = 0").unwrap();
        assert!(matches!(Settings::merge(&infer(&[]), file, None), Err(SettingsError::Timeout(0))));
    }
}
