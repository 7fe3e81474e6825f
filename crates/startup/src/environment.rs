//! Environment variables that look like settings of a program and are none.

use std::collections::BTreeSet;
use std::env;

use clap::Command;

/// The variables that begin with `prefix` and that no argument of `command` reads, in order.
///
/// A setting whose name is mistyped would be passed over in silence.
#[must_use]
pub fn unknown(command: &Command, prefix: &str) -> Vec<String> {
    // Names that are no text are no settings.
    let set = env::vars_os().filter_map(|(name, _)| name.into_string().ok());
    among(set, &known(command), prefix)
}

fn among(set: impl Iterator<Item = String>, known: &BTreeSet<String>, prefix: &str) -> Vec<String> {
    let unknown: BTreeSet<String> =
        set.filter(|name| name.starts_with(prefix) && !known.contains(name)).collect();
    unknown.into_iter().collect()
}

/// The variables that a command or one of its subcommands reads.
fn known(command: &Command) -> BTreeSet<String> {
    let own = command.get_arguments().filter_map(|argument| Some(argument.get_env()?.to_str()?.to_owned()));
    own.chain(command.get_subcommands().flat_map(known)).collect()
}

#[cfg(test)]
mod tests {
    use clap::Arg;

    use super::*;

    #[test]
    fn a_variable_is_known_if_a_command_or_a_subcommand_reads_it() {
        let inner = Command::new("inner").arg(Arg::new("b").env("PP_B"));
        let command = Command::new("program").arg(Arg::new("a").env("PP_A")).subcommand(inner);
        let set = ["PP_A", "PP_C", "HOME", "PP_B", "PP_AA"].map(str::to_owned);
        assert_eq!(among(set.into_iter(), &known(&command), "PP_"), ["PP_AA", "PP_C"]);
    }
}
