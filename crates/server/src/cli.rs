//! The command line of `pp-server`: without a command it serves.

use clap::{Parser, Subcommand};

use crate::accounts::command::{Audit, Quota};
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
    /// Print a commented configuration file and exit.
    #[arg(long)]
    pub print_config: bool,
}

/// What to do instead of serving.
#[derive(Subcommand, Debug)]
pub enum Command {
    /// Make a private authority and certificates for a first set-up, or revoke a client's.
    Certs(Certs),
    /// Show what clients have had, and give them other limits.
    Quota(Quota),
    /// Print the audit trail.
    Audit(Audit),
    /// Look at the configuration without serving.
    #[command(subcommand)]
    Config(Look),
}

/// What to do with the configuration.
#[derive(Subcommand, Debug)]
pub enum Look {
    /// Print what would hold, by the flags given here, the environment and the file; check it, and
    /// the files that it names.
    Check(Box<Flags>),
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
        let check = ["pp-server", "config", "check", "--model", "x.bin"];
        let Some(Command::Config(Look::Check(flags))) = Cli::try_parse_from(check).unwrap().command else {
            unreachable!("another command")
        };
        assert!(flags.model.is_some());
    }

    #[test]
    fn a_switch_can_be_said_to_be_off() {
        let insecure = |flag: &str| Cli::try_parse_from(["pp-server", flag]).unwrap().flags.insecure;
        assert_eq!(insecure("--insecure"), Some(true));
        assert_eq!(["--insecure=true", "--insecure=1", "--insecure=on"].map(insecure), [Some(true); 3]);
        assert_eq!(["--insecure=false", "--insecure=0", "--insecure=no"].map(insecure), [Some(false); 3]);
        assert!(Cli::try_parse_from(["pp-server", "--insecure=perhaps"]).is_err());
    }
}
