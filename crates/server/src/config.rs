//! Configuration of `pp-server`: flags over environment over file over defaults.
//!
//! The file is TOML; a key that is not known is an error that names its line.

mod accounts;
mod bounds;
mod show;
mod tls;

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::time::Duration;

use clap::builder::BoolishValueParser;
use clap::{Args, ValueEnum};
use protocol::channel::Timeouts;
use protocol::method::Backend;
use protocol::server::PREPARED_PER_SESSION;
use serde::{Deserialize, Serialize};
use startup::configuration::{self, ConfigurationError};
use startup::log::Format;
use transport::tls::server::ServerFiles;

use crate::accounts::book::Rules;
use crate::accounts::limits::Bound;
use crate::accounts::store::Place;
use crate::policy::RevealPolicy;
use crate::serve::Bounds;

pub use bounds::OutOfRange;

use self::accounts::{NoFolder, Settings};

/// A commented configuration file with the defaults.
pub const TEMPLATE: &str = include_str!("../pp-server.toml");

/// Bytes in the megabyte of `memory-mb`.
const MEGABYTE: u64 = 1_000_000;

/// What to serve, and how.
#[derive(Args, Debug, Default)]
pub struct Flags {
    /// Model file to serve (made by `deepcardio convert`).
    #[arg(long, env = "PP_SERVER_MODEL")]
    pub model: Option<PathBuf>,
    /// Address and port to listen on [default: 127.0.0.1:7464].
    #[arg(long, env = "PP_SERVER_LISTEN")]
    pub listen: Option<SocketAddr>,
    /// Processor threads for all sessions together [default: every core].
    #[arg(long, env = "PP_SERVER_THREADS")]
    pub threads: Option<usize>,
    /// Sessions at one time; further clients are told to come back later [default: 8].
    #[arg(long, env = "PP_SERVER_MAX_SESSIONS")]
    pub max_sessions: Option<usize>,
    /// Sessions of one client at one time: of an address, but for those of this machine [default:
    /// half of max-sessions].
    #[arg(long, env = "PP_SERVER_SESSIONS_PER_CLIENT")]
    pub sessions_per_client: Option<usize>,
    /// Megabytes of memory that all sessions together may take; further clients wait [default: no
    /// bound].
    #[arg(long, env = "PP_SERVER_MEMORY_MB")]
    pub memory_mb: Option<u64>,
    /// Backends to offer [default: gc,ot].
    #[arg(long, env = "PP_SERVER_BACKENDS", value_delimiter = ',')]
    pub backends: Option<Vec<BackendName>>,
    /// Inferences that one session may have prepared at a time, each held in memory [default: 4].
    #[arg(long, env = "PP_SERVER_PREPARED_PER_SESSION")]
    pub prepared_per_session: Option<u16>,
    /// What a client learns [default: label]. Every answer tells a little of the weights: with the
    /// shipped models a label at most 4 bits, scores about 100. So to take all weights takes at
    /// least 420,000 labels, or 17,500 answers with scores.
    #[arg(long, env = "PP_SERVER_REVEAL")]
    pub reveal: Option<RevealPolicy>,
    /// Seconds that a silent client is waited for inside an inference [default: 60].
    #[arg(long, env = "PP_SERVER_STEP_TIMEOUT")]
    pub step_timeout: Option<u64>,
    /// Seconds that a client may stay connected between two inferences [default: 600].
    #[arg(long, env = "PP_SERVER_IDLE_TIMEOUT")]
    pub idle_timeout: Option<u64>,
    /// Seconds that a session may last [default: 86400].
    #[arg(long, env = "PP_SERVER_SESSION_TIMEOUT")]
    pub session_timeout: Option<u64>,
    /// Seconds that running sessions may go on after the signal to stop [default: 30].
    #[arg(long, env = "PP_SERVER_DRAIN_TIMEOUT")]
    pub drain_timeout: Option<u64>,
    /// Seconds from the signal to stop until the port closes, so that balancers see in time that
    /// the server is not ready any more [default: 0].
    #[arg(long, env = "PP_SERVER_LEAVE_DELAY")]
    pub leave_delay: Option<u64>,
    /// Address on this machine that answers /livez, /readyz and /metrics over HTTP [default: none].
    #[arg(long, env = "PP_SERVER_ADMIN")]
    pub admin: Option<SocketAddr>,
    /// Let that address be beyond loopback, although whoever reaches it sees how busy the server
    /// is.
    #[arg(long, env = "PP_SERVER_ADMIN_BEYOND_LOOPBACK", value_name = "BOOL")]
    #[arg(num_args = 0..=1, require_equals = true, default_missing_value = "true")]
    #[arg(value_parser = BoolishValueParser::new())]
    pub admin_beyond_loopback: Option<bool>,
    /// How lines of the log are written [default: text].
    #[arg(long, env = "PP_SERVER_LOG_FORMAT")]
    pub log_format: Option<Format>,
    /// Folder of the counts and of the audit trail [default: the user's for what programs keep; on
    /// loopback alone in memory].
    #[arg(long, env = "PP_SERVER_STATE", value_name = "FOLDER")]
    pub state: Option<PathBuf>,
    /// File that tells an older copy of the counts, best on another disk [default: in that folder].
    #[arg(long, env = "PP_SERVER_WITNESS", value_name = "FILE")]
    pub witness: Option<PathBuf>,
    /// Inferences of one client in an hour [default: unlimited].
    #[arg(long, env = "PP_SERVER_INFERENCES_PER_HOUR", value_name = "NUMBER")]
    pub inferences_per_hour: Option<Bound>,
    /// Inferences of one client in 24 hours, or `unlimited` [default: 2880, one every 30 s].
    #[arg(long, env = "PP_SERVER_INFERENCES_PER_DAY", value_name = "NUMBER")]
    pub inferences_per_day: Option<Bound>,
    /// Preparations of one client in 24 hours, or `unlimited` [default: 3600].
    #[arg(long, env = "PP_SERVER_PREPARATIONS_PER_DAY", value_name = "NUMBER")]
    pub preparations_per_day: Option<Bound>,
    /// Days that entries of the audit trail are kept [default: 90].
    #[arg(long, env = "PP_SERVER_AUDIT_DAYS")]
    pub audit_days: Option<u32>,
    /// Certificate of this server (PEM), with those between it and the authority. With it the
    /// server speaks TLS alone, and may listen beyond loopback.
    #[arg(long, env = "PP_SERVER_TLS_CERT", value_name = "FILE")]
    pub tls_cert: Option<PathBuf>,
    /// Its private key (PEM), which nobody but its owner may read.
    #[arg(long, env = "PP_SERVER_TLS_KEY", value_name = "FILE")]
    pub tls_key: Option<PathBuf>,
    /// Authorities of clients (PEM): every client must show a certificate that one of these
    /// signed.
    #[arg(long, env = "PP_SERVER_CLIENT_CA", value_name = "FILE")]
    pub client_ca: Option<PathBuf>,
    /// Lists of revoked certificates (PEM), one of each of these authorities.
    #[arg(long, env = "PP_SERVER_REVOCATIONS", value_name = "FILE")]
    pub revocations: Option<PathBuf>,
    /// Listen beyond loopback although plain TCP is neither encrypted nor authenticated.
    #[arg(long, env = "PP_SERVER_INSECURE", value_name = "BOOL", value_parser = BoolishValueParser::new())]
    #[arg(num_args = 0..=1, require_equals = true, default_missing_value = "true")]
    pub insecure: Option<bool>,
    /// Configuration file.
    #[arg(long, env = "PP_SERVER_CONFIG")]
    pub config: Option<PathBuf>,
}

/// A backend for the non-linear layers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize, ValueEnum)]
#[serde(rename_all = "kebab-case")]
pub enum BackendName {
    /// Garbled circuits.
    Gc,
    /// Oblivious transfer.
    Ot,
}

impl From<BackendName> for Backend {
    fn from(name: BackendName) -> Self {
        match name {
            BackendName::Gc => Self::Gc,
            BackendName::Ot => Self::Ot,
        }
    }
}

/// The configuration file.
#[derive(Debug, Default, PartialEq, Eq, Deserialize, Serialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
struct File {
    model: Option<PathBuf>,
    listen: Option<SocketAddr>,
    threads: Option<usize>,
    max_sessions: Option<usize>,
    sessions_per_client: Option<usize>,
    memory_mb: Option<u64>,
    backends: Option<Vec<BackendName>>,
    prepared_per_session: Option<u16>,
    reveal: Option<RevealPolicy>,
    step_timeout: Option<u64>,
    idle_timeout: Option<u64>,
    session_timeout: Option<u64>,
    drain_timeout: Option<u64>,
    leave_delay: Option<u64>,
    admin: Option<SocketAddr>,
    #[serde(default)]
    admin_beyond_loopback: bool,
    log_format: Option<Format>,
    state: Option<PathBuf>,
    witness: Option<PathBuf>,
    inferences_per_hour: Option<Bound>,
    inferences_per_day: Option<Bound>,
    preparations_per_day: Option<Bound>,
    audit_days: Option<u32>,
    tls_cert: Option<PathBuf>,
    tls_key: Option<PathBuf>,
    client_ca: Option<PathBuf>,
    revocations: Option<PathBuf>,
    #[serde(default)]
    insecure: bool,
}

/// A complete, checked configuration.
#[derive(Debug, PartialEq, Eq)]
pub struct Config {
    /// Model file.
    pub model: PathBuf,
    /// Where to listen.
    pub listen: SocketAddr,
    /// Processor threads; `None` for every core.
    pub threads: Option<usize>,
    /// Sessions at one time, at least one.
    pub max_sessions: usize,
    /// Sessions of one client at one time, at least one.
    pub sessions_per_client: usize,
    /// Bytes of memory that all sessions may take; `None` for no bound.
    pub memory: Option<u64>,
    /// Backends offered, at least one.
    pub backends: Vec<BackendName>,
    /// Prepared inferences of one session held at one time, at least one.
    pub prepared_per_session: u16,
    /// What a client learns.
    pub reveal: RevealPolicy,
    /// How long a silent client is waited for inside an inference.
    pub step_timeout: Duration,
    /// How long a client may stay connected between two inferences.
    pub idle_timeout: Duration,
    /// How long a session may last.
    pub session_timeout: Duration,
    /// How long running sessions may go on after the signal to stop.
    pub drain_timeout: Duration,
    /// From the signal to stop until the port closes.
    pub leave_delay: Duration,
    /// Where to answer whoever runs the server; `None` for nowhere.
    pub admin: Option<SocketAddr>,
    /// Whether that may be beyond loopback.
    pub admin_beyond_loopback: bool,
    /// How lines of the log are written.
    pub log_format: Format,
    /// Where counts are kept; `None` for memory.
    pub accounts: Option<Place>,
    /// What clients may have.
    pub rules: Rules,
    /// Certificates; `None` for plain TCP.
    pub tls: Option<ServerFiles>,
    /// Whether to listen beyond loopback over plain TCP.
    pub insecure: bool,
}

/// A configuration that cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    /// The configuration file cannot be used.
    #[error(transparent)]
    File(#[from] ConfigurationError),
    /// A setting without a default is missing.
    #[error(
        "no model: pass --model FILE, set PP_SERVER_MODEL, or write `model = \"FILE\"` in the \
         configuration file"
    )]
    NoModel,
    /// A number out of its range.
    #[error(transparent)]
    Range(#[from] OutOfRange),
    /// There are no backends to offer.
    #[error("backends names none; a server offers one at least")]
    NoBackend,
    /// Nowhere to keep counts.
    #[error(transparent)]
    NoState(#[from] NoFolder),
    /// TLS that is set up half.
    #[error("{0} is of use with tls-cert and tls-key alone, and one of these is missing")]
    HalfTls(&'static str),
}

impl File {
    /// Reads the file, if there is one. Paths in it are meant from its folder.
    fn read(path: Option<&Path>) -> Result<Self, ConfigurationError> {
        let mut file: Self = path.map(configuration::read).transpose()?.unwrap_or_default();
        let named = [
            &mut file.model,
            &mut file.state,
            &mut file.witness,
            &mut file.tls_cert,
            &mut file.tls_key,
            &mut file.client_ca,
            &mut file.revocations,
        ];
        for entry in named {
            *entry = entry.take().map(|named| configuration::beside(path, named));
        }
        Ok(file)
    }

    fn accounts(&self) -> Settings {
        Settings {
            state: self.state.clone(),
            witness: self.witness.clone(),
            inferences_per_hour: self.inferences_per_hour,
            inferences_per_day: self.inferences_per_day,
            preparations_per_day: self.preparations_per_day,
            audit_days: self.audit_days,
        }
    }
}

/// Where the book is for `pp-server quota`, and what it keeps to: as for a server with this
/// configuration file, in this folder.
///
/// # Errors
/// [`ConfigError`] if the file cannot be used, or no folder is named.
pub fn book(
    config: Option<&Path>,
    state: Option<PathBuf>,
    witness: Option<PathBuf>,
) -> Result<(Place, Rules), ConfigError> {
    let file = File::read(config)?;
    let settings = Settings { state, witness, ..Settings::default() }.or(file.accounts());
    let place = settings.place(true)?.ok_or(NoFolder)?;
    Ok((place, settings.rules()))
}

impl Config {
    /// Merges flags (which already hold the environment) with the file they name and the defaults.
    ///
    /// # Errors
    /// [`ConfigError`] for an unreadable or invalid file, a missing model, or a number out of its
    /// range.
    pub fn load(flags: Flags) -> Result<Self, ConfigError> {
        let file = File::read(flags.config.as_deref())?;
        let seconds = |value: Option<u64>, default| Duration::from_secs(value.unwrap_or(default));
        let max_sessions = flags.max_sessions.or(file.max_sessions).unwrap_or(8);
        let listen = flags.listen.or(file.listen).unwrap_or(([127, 0, 0, 1], 7464).into());
        let accounts = Settings {
            state: flags.state,
            witness: flags.witness,
            inferences_per_hour: flags.inferences_per_hour,
            inferences_per_day: flags.inferences_per_day,
            preparations_per_day: flags.preparations_per_day,
            audit_days: flags.audit_days,
        }
        .or(file.accounts());
        let insecure = flags.insecure.unwrap_or(file.insecure);
        let tls = tls::files([
            flags.tls_cert.or(file.tls_cert),
            flags.tls_key.or(file.tls_key),
            flags.client_ca.or(file.client_ca),
            flags.revocations.or(file.revocations),
        ])
        .map_err(ConfigError::HalfTls)?;
        // Who listens beyond loopback without either of these is refused for that.
        let must_last = !listen.ip().is_loopback() && (insecure || tls.is_some());
        let config = Self {
            tls,
            model: flags.model.or(file.model).ok_or(ConfigError::NoModel)?,
            listen,
            accounts: accounts.place(must_last)?,
            rules: accounts.rules(),
            threads: flags.threads.or(file.threads),
            max_sessions,
            sessions_per_client: flags
                .sessions_per_client
                .or(file.sessions_per_client)
                .unwrap_or(max_sessions.div_ceil(2)),
            memory: flags.memory_mb.or(file.memory_mb).map(|megabytes| megabytes.saturating_mul(MEGABYTE)),
            backends: flags.backends.or(file.backends).unwrap_or(vec![BackendName::Gc, BackendName::Ot]),
            prepared_per_session: flags
                .prepared_per_session
                .or(file.prepared_per_session)
                .unwrap_or(PREPARED_PER_SESSION),
            reveal: flags.reveal.or(file.reveal).unwrap_or(RevealPolicy::Label),
            step_timeout: seconds(flags.step_timeout.or(file.step_timeout), 60),
            idle_timeout: seconds(flags.idle_timeout.or(file.idle_timeout), 600),
            session_timeout: seconds(flags.session_timeout.or(file.session_timeout), 24 * 3600),
            drain_timeout: seconds(flags.drain_timeout.or(file.drain_timeout), 30),
            leave_delay: seconds(flags.leave_delay.or(file.leave_delay), 0),
            admin: flags.admin.or(file.admin),
            admin_beyond_loopback: flags.admin_beyond_loopback.unwrap_or(file.admin_beyond_loopback),
            log_format: flags.log_format.or(file.log_format).unwrap_or_default(),
            insecure,
        };
        config.check()?;
        Ok(config)
    }

    fn check(&self) -> Result<(), ConfigError> {
        if self.backends.is_empty() {
            return Err(ConfigError::NoBackend);
        }
        self.threads.map_or(Ok(()), |threads| bounds::THREADS.check_count(threads))?;
        bounds::MAX_SESSIONS.check_count(self.max_sessions)?;
        bounds::SESSIONS_PER_CLIENT.check_count(self.sessions_per_client)?;
        self.memory.map_or(Ok(()), |bytes| bounds::MEMORY_MB.check(bytes / MEGABYTE))?;
        bounds::PREPARED_PER_SESSION.check(self.prepared_per_session.into())?;
        bounds::STEP_TIMEOUT.check(self.step_timeout.as_secs())?;
        bounds::IDLE_TIMEOUT.check(self.idle_timeout.as_secs())?;
        bounds::SESSION_TIMEOUT.check(self.session_timeout.as_secs())?;
        bounds::AUDIT_DAYS.check(self.rules.audit_days.into())?;
        bounds::DRAIN_TIMEOUT.check(self.drain_timeout.as_secs())?;
        bounds::LEAVE_DELAY.check(self.leave_delay.as_secs())?;
        Ok(())
    }

    /// Whether clients beyond this machine may be listened to.
    #[must_use]
    pub fn may_leave_loopback(&self) -> bool {
        self.insecure || self.tls.is_some()
    }

    /// What the accept loop is to keep to.
    #[must_use]
    pub fn bounds(&self) -> Bounds {
        let timeouts = Timeouts { progress: self.step_timeout, idle: self.idle_timeout };
        let mut bounds = Bounds::with_sessions(self.max_sessions, timeouts);
        bounds.places.sessions_of_one = self.sessions_per_client;
        bounds.places.memory = self.memory;
        bounds.session = self.session_timeout;
        bounds.drain = self.drain_timeout;
        bounds
    }
}

#[cfg(test)]
mod tests;
