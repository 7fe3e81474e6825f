//! Why a run failed, and the exit code that tells a script.

use std::path::PathBuf;
use std::process::ExitCode;

#[cfg(feature = "embedded")]
use deepcardio::model::FormatError;
use ecg::EcgError;
use protocol::error::Error;
use protocol::method::MAX_RECORD_SEGMENTS;
#[cfg(feature = "embedded")]
use protocol::tap::Difference;

use crate::settings::SettingsError;

/// A run that did not end well.
#[derive(Debug, thiserror::Error)]
pub enum Failure {
    /// The ECG file cannot be used.
    #[error("{path}: {source}")]
    Ecg {
        /// Which file.
        path: PathBuf,
        /// Why.
        source: EcgError,
    },
    /// The record has more segments than a server that reveals labels alone adds up.
    #[error(
        "{path}: {segments} segments, and a server that reveals labels alone adds up at most \
         {MAX_RECORD_SEGMENTS}; \
         split the recording into shorter files"
    )]
    TooLong {
        /// Which file.
        path: PathBuf,
        /// How many.
        segments: usize,
    },
    /// There is nothing to classify in some files. Their reports say why.
    #[error("{files} of {of} files unreadable: no segment holds a signal that can be classified")]
    Unreadable {
        /// How many.
        files: usize,
        /// Of how many.
        of: usize,
    },
    /// A model file cannot be used.
    #[cfg(feature = "embedded")]
    #[error("model {name}: {source}")]
    Model {
        /// Which file.
        name: String,
        /// Why.
        source: FormatError,
    },
    /// Nobody answers where the server should be.
    #[error("no server answers at {address}: {source}; {hint}")]
    Unreachable {
        /// Where.
        address: String,
        /// What to do.
        hint: String,
        /// What the system says.
        source: std::io::Error,
    },
    /// Server and client do not trust each other, or the server speaks no TLS.
    #[cfg(feature = "tls")]
    #[error("{address}: {reason}")]
    Untrusted {
        /// Where.
        address: String,
        /// Why, and what to do.
        reason: String,
    },
    /// Certificates or a key cannot be used.
    #[cfg(feature = "tls")]
    #[error(transparent)]
    Certificates(#[from] transport::tls::files::FileError),
    /// The server runs another network than at the beginning of the run.
    #[error("the server has changed its network since this run began; run it again")]
    Changed,
    /// The configuration cannot be used.
    #[error(transparent)]
    Settings(#[from] SettingsError),
    /// The session failed.
    #[error(transparent)]
    Session(#[from] Error),
    /// The private result is not that of the network in the clear.
    #[cfg(feature = "embedded")]
    #[error("VERIFICATION FAILED: {0}")]
    Layer(#[from] Difference),
    /// The private scores or labels are not those of the network in the clear.
    #[cfg(feature = "embedded")]
    #[error(
        "VERIFICATION FAILED: {what} is {private} in private and {reference} in the clear; \
         is --model the model that the server serves?"
    )]
    Scores {
        /// Which segment, or the record.
        what: String,
        /// What the session gave.
        private: String,
        /// What the reference gives.
        reference: String,
    },
    /// Flags that do not go together.
    #[error("{0}")]
    Usage(String),
    /// The program could not do its own part.
    #[error("{0}")]
    System(#[from] std::io::Error),
}

impl Failure {
    /// The exit code, as the help text documents it.
    #[must_use]
    pub fn exit_code(&self) -> ExitCode {
        ExitCode::from(self.code())
    }

    /// The exit code as a number.
    #[must_use]
    pub fn code(&self) -> u8 {
        match self {
            Self::Usage(_) | Self::Settings(_) | Self::Session(Error::Config(_)) => 2,
            Self::Ecg { .. } | Self::TooLong { .. } => 3,
            Self::Session(Error::Later { .. }) | Self::Changed => 6,
            Self::Session(Error::Internal(_)) | Self::System(_) => 1,
            Self::Session(_) | Self::Unreachable { .. } => 4,
            #[cfg(feature = "tls")]
            Self::Certificates(_) => 2,
            #[cfg(feature = "tls")]
            Self::Untrusted { .. } => 4,
            #[cfg(feature = "embedded")]
            Self::Model { .. } => 1,
            #[cfg(feature = "embedded")]
            Self::Layer(_) | Self::Scores { .. } => 5,
            Self::Unreadable { .. } => 7,
        }
    }
}
