//! The command line of `pp-server`: without a command it serves.

use clap::{Parser, Subcommand};

use crate::certs::Certs;
use crate::config::Flags;

/// Serves private ECG inference: clients learn the rhythm, nobody learns the ECG or the weights.
#[derive(Parser, Debug)]
#[command(name = "pp-server", version, args_conflicts_with_subcommands = true)]
pub struct Cli {
    /// What to do instead of serving.
    #[command(subcommand)]
    pub command: Option<Command>,
    /// What to serve, and how.
    #[command(flatten)]
    pub flags: Flags,
}

/// What to do instead of serving.
#[derive(Subcommand, Debug)]
pub enum Command {
    /// Make a private authority and certificates for a first set-up, or revoke a client's.
    Certs(Certs),
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::*;

    #[test]
    fn without_a_command_it_serves() {
        Cli::command().debug_assert();
        let serve = Cli::try_parse_from(["pp-server", "--model", "x.bin"]).unwrap();
        assert!(serve.command.is_none() && serve.flags.model.is_some());
        assert!(Cli::try_parse_from(["pp-server"]).unwrap().command.is_none());
        let certs = ["pp-server", "certs", "--dir", "certs", "--client", "a", "--client", "b"];
        let Some(Command::Certs(certs)) = Cli::try_parse_from(certs).unwrap().command else {
            unreachable!("another command")
        };
        assert_eq!(certs.client, ["a", "b"]);
        assert!(Cli::try_parse_from(["pp-server", "--model", "x.bin", "certs", "--dir", "certs"]).is_err());
    }
}
