//! The command line of `pp-client`.

use std::path::PathBuf;

use clap::builder::BoolishValueParser;
use clap::{Args, Parser, Subcommand, ValueEnum};
use ecg::Unit;
use protocol::method::{Backend, Comparison};

use crate::digest::Digest;

/// Finds the rhythm of an ECG together with a server that never sees it.
///
/// Exit codes: 0 done, 1 something failed, 2 wrong usage, 3 the ECG file cannot be used, 4 the
/// server or the network failed, 5 the result differs from the network in the clear (--verify), 6
/// the server cannot serve now: try later, 7 a file holds no signal that can be classified.
///
/// Not a medical device.
#[derive(Parser, Debug)]
#[command(name = "pp-client", version)]
pub struct Cli {
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
}

/// What to do.
#[derive(Subcommand, Debug)]
pub enum Command {
    /// Classify ECG files: one result for each 30-second segment, and one for the whole record.
    Infer(Box<Infer>),
    /// Print a commented configuration file.
    Config,
}

/// Arguments of `pp-client infer`.
#[derive(Args, Debug)]
pub struct Infer {
    /// ECG files, told by content: tables in text (also as Apple Watch, Polar, OpenSignals or
    /// Shimmer export them), JSON (Fitbit, HealthKit, AliveCor), WFDB headers, EDF, BDF. `-` is
    /// standard input.
    #[arg(required = true)]
    pub files: Vec<PathBuf>,
    /// Server to ask, as HOST or HOST:PORT [default: 127.0.0.1:7464].
    #[arg(long, env = "PP_CLIENT_SERVER")]
    pub server: Option<String>,
    /// How the server and the client prove who they are.
    #[cfg(feature = "tls")]
    #[command(flatten)]
    pub tls: Tls,
    /// What needs weights in this program.
    #[cfg(feature = "embedded")]
    #[command(flatten)]
    pub local: Local,
    /// Sampling rate in Hz of a file that has no clock, or whose clock is too coarse.
    #[arg(long)]
    pub rate: Option<f64>,
    /// Unit of a file that names none: mv, uv or v.
    #[arg(long)]
    pub unit: Option<Unit>,
    /// Lead or column to read, by its name or its number counted from 1, where a file holds
    /// several.
    #[arg(long, value_name = "NAME")]
    pub lead: Option<String>,
    /// Protocol for the non-linear layers.
    #[arg(long, value_enum, default_value_t = Nonlinear::Ot)]
    pub nonlinear: Nonlinear,
    /// Shape of the comparisons with --nonlinear ot: fewest round trips, least traffic, or what
    /// suits the way to the server.
    #[arg(long, value_enum, default_value_t = Shape::Auto)]
    pub comparison: Shape,
    /// Print JSON instead of text.
    #[arg(long)]
    pub json: bool,
    /// Add a table of seconds, bytes and round trips by layer.
    #[arg(long)]
    pub profile: bool,
    /// Inferences to prepare ahead while a segment is classified, for the next segments of the
    /// record or of the next file [default: 1]. Each is held in memory, here and on the server (25
    /// MB there, or 168 MB with --nonlinear gc). 0 prepares none ahead; a server may hold fewer.
    #[arg(long, env = "PP_CLIENT_PREPARE_AHEAD")]
    pub prepare_ahead: Option<usize>,
    /// Refuse a server whose network would take more megabytes than this for one segment [default:
    /// 4000].
    #[arg(long)]
    pub max_mb: Option<u64>,
    /// Refuse a server whose architecture has another digest (64 hexadecimal digits, see
    /// `deepcardio inspect`).
    #[arg(long)]
    pub architecture: Option<Digest>,
    /// Seconds that a silent server is waited for [default: 60].
    #[arg(long, value_parser = clap::value_parser!(u64).range(1..=86_400))]
    pub timeout: Option<u64>,
    /// Seconds for which a server that is busy or away is asked again, with longer and longer
    /// pauses [default: 120]. 0 asks once.
    #[arg(long, env = "PP_CLIENT_RETRY_FOR")]
    pub retry_for: Option<u64>,
    /// Configuration file [default: ~/.config/pp-client.toml, if there is one].
    #[arg(long, env = "PP_CLIENT_CONFIG")]
    pub config: Option<PathBuf>,
    /// Connect beyond this machine although plain TCP is neither encrypted nor authenticated.
    #[arg(long, env = "PP_CLIENT_INSECURE", value_name = "BOOL", value_parser = BoolishValueParser::new())]
    #[arg(num_args = 0..=1, require_equals = true, default_missing_value = "true")]
    pub insecure: Option<bool>,
    /// No progress bar.
    #[arg(long, short)]
    pub quiet: bool,
}

/// How the server and the client prove who they are.
#[cfg(feature = "tls")]
#[derive(Args, Clone, Debug, Default)]
pub struct Tls {
    /// Speak TLS, and trust a server that an authority in this file (PEM) signed.
    #[arg(long, env = "PP_CLIENT_TLS_CA", value_name = "FILE")]
    pub tls_ca: Option<PathBuf>,
    /// Certificate of this client (PEM), for a server that asks for one.
    #[arg(long, env = "PP_CLIENT_TLS_CERT", value_name = "FILE")]
    pub tls_cert: Option<PathBuf>,
    /// Its private key (PEM), which nobody but its owner may read.
    #[arg(long, env = "PP_CLIENT_TLS_KEY", value_name = "FILE")]
    pub tls_key: Option<PathBuf>,
    /// Name that the server's certificate must be for [default: the host of --server].
    #[arg(long, env = "PP_CLIENT_SERVER_NAME", value_name = "NAME")]
    pub server_name: Option<String>,
    /// Go on although TLS ends before the server, at a load balancer that is trusted with
    /// everything that the session carries.
    #[arg(long, env = "PP_CLIENT_TLS_ENDS_AT_BALANCER", value_name = "BOOL", value_parser = BoolishValueParser::new())]
    #[arg(num_args = 0..=1, require_equals = true, default_missing_value = "true")]
    pub tls_ends_at_balancer: Option<bool>,
}

/// What needs weights in this program: a server of its own, or the network in the clear.
#[cfg(feature = "embedded")]
#[derive(Args, Debug)]
pub struct Local {
    /// Start a server inside this program, with the bundled model or --model.
    #[arg(long, conflicts_with = "server")]
    pub embedded: bool,
    /// Model file: what the embedded server serves, or what --verify compares a remote server's
    /// results with.
    #[arg(long)]
    pub model: Option<PathBuf>,
    /// Let the embedded server reveal labels and how sure they are, in place of scores: for each
    /// segment, and the label of the whole record.
    #[arg(long, requires = "embedded")]
    pub label_only: bool,
    /// Compare with the network in the clear: every layer with an embedded server, scores or labels
    /// with a remote one (needs --model).
    #[arg(long)]
    pub verify: bool,
}

/// Protocols for the non-linear layers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Nonlinear {
    /// Oblivious transfer: little traffic.
    Ot,
    /// Garbled circuits: few round trips, much traffic.
    Gc,
}

/// Shapes of comparison.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Shape {
    /// Chosen by the round-trip time and the bandwidth found in the set-up.
    Auto,
    /// Fewest round trips.
    Tree,
    /// Least traffic.
    Ripple,
}

impl From<Shape> for Option<Comparison> {
    fn from(shape: Shape) -> Self {
        match shape {
            Shape::Auto => None,
            Shape::Tree => Some(Comparison::Tree),
            Shape::Ripple => Some(Comparison::Ripple),
        }
    }
}

impl From<Nonlinear> for Backend {
    fn from(nonlinear: Nonlinear) -> Self {
        match nonlinear {
            Nonlinear::Gc => Self::Gc,
            Nonlinear::Ot => Self::Ot,
        }
    }
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::*;

    #[test]
    fn the_command_line_is_consistent() {
        Cli::command().debug_assert();
    }

    #[test]
    fn a_server_needs_no_name() {
        assert!(Cli::try_parse_from(["pp-client", "infer", "a.csv"]).is_ok());
        assert!(Cli::try_parse_from(["pp-client", "infer", "a.csv", "--server", "localhost:1"]).is_ok());
    }

    #[cfg(feature = "embedded")]
    #[test]
    fn a_server_is_named_or_embedded() {
        let parse = |flags: &[&str]| Cli::try_parse_from([&["pp-client", "infer", "a.csv"], flags].concat());
        assert!(parse(&["--embedded"]).is_ok());
        assert!(parse(&["--server", "localhost:1", "--embedded"]).is_err());
        assert!(parse(&["--label-only"]).is_err());
    }
}
