//! Where the counts of clients are kept, and what a client may have.

use std::env;
use std::ffi::OsString;
use std::path::PathBuf;

use crate::accounts::book::Rules;
use crate::accounts::limits::{Bound, Limits};
use crate::accounts::store::Place;

/// Days that entries of the audit trail are kept.
const AUDIT_DAYS: u32 = 90;

/// There is nowhere to keep counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "there is no folder to keep the counts of clients in: pass --state FOLDER, set PP_SERVER_STATE, or write \
     `state = \"FOLDER\"` in the configuration file"
)]
pub struct NoFolder;

/// The settings of accounts, from the flags or from the file.
#[derive(Default)]
pub(super) struct Settings {
    pub(super) state: Option<PathBuf>,
    pub(super) witness: Option<PathBuf>,
    pub(super) inferences_per_hour: Option<Bound>,
    pub(super) inferences_per_day: Option<Bound>,
    pub(super) preparations_per_day: Option<Bound>,
    pub(super) audit_days: Option<u32>,
}

impl Settings {
    /// These, and what they leave out from `other`.
    pub(super) fn or(self, other: Self) -> Self {
        Self {
            state: self.state.or(other.state),
            witness: self.witness.or(other.witness),
            inferences_per_hour: self.inferences_per_hour.or(other.inferences_per_hour),
            inferences_per_day: self.inferences_per_day.or(other.inferences_per_day),
            preparations_per_day: self.preparations_per_day.or(other.preparations_per_day),
            audit_days: self.audit_days.or(other.audit_days),
        }
    }

    pub(super) fn rules(&self) -> Rules {
        let default = Limits::DEFAULT;
        let limits = Limits {
            inferences_per_hour: self.inferences_per_hour.unwrap_or(default.inferences_per_hour),
            inferences_per_day: self.inferences_per_day.unwrap_or(default.inferences_per_day),
            preparations_per_day: self.preparations_per_day.unwrap_or(default.preparations_per_day),
            reveal: None,
        };
        Rules { limits, audit_days: self.audit_days.unwrap_or(AUDIT_DAYS) }
    }

    /// The folder that is named, or that a service manager gives; else that of the user, if the
    /// counts `must_last`.
    pub(super) fn place(&self, must_last: bool) -> Result<Option<Place>, NoFolder> {
        let own = self.state.clone().or_else(|| env::var_os("STATE_DIRECTORY").and_then(first_folder));
        let folder = match own {
            Some(folder) => folder,
            None if must_last => of_user(|name| env::var_os(name)).ok_or(NoFolder)?,
            None => return Ok(None),
        };
        Ok(Some(Place { folder, witness: self.witness.clone() }))
    }
}

/// A service manager names several folders with colons between them.
fn first_folder(named: OsString) -> Option<PathBuf> {
    env::split_paths(&named).next().filter(|folder| folder.is_absolute())
}

/// The folder for what a program of this user keeps (XDG base directories).
fn of_user(variable: impl Fn(&str) -> Option<OsString>) -> Option<PathBuf> {
    let absolute = |name| variable(name).map(PathBuf::from).filter(|path: &PathBuf| path.is_absolute());
    let base = absolute("XDG_STATE_HOME").or_else(|| Some(absolute("HOME")?.join(".local/state")));
    Some(base?.join("pp-server"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_user_keeps_has_its_place() {
        let with = |pairs: &'static [(&str, &str)]| {
            of_user(move |name| pairs.iter().find(|(of, _)| *of == name).map(|(_, value)| value.into()))
        };
        assert_eq!(with(&[("XDG_STATE_HOME", "/x"), ("HOME", "/h")]), Some("/x/pp-server".into()));
        assert_eq!(with(&[("HOME", "/h")]), Some("/h/.local/state/pp-server".into()));
        assert_eq!(with(&[("XDG_STATE_HOME", "x")]), None);
        assert_eq!(first_folder("/var/lib/a:/var/lib/b".into()), Some("/var/lib/a".into()));
        assert_eq!(first_folder("".into()), None);
    }

    #[test]
    fn flags_come_before_the_file() {
        let flags = Settings { inferences_per_day: Some(Bound::Most(1)), ..Settings::default() };
        let file = Settings {
            inferences_per_day: Some(Bound::Most(2)),
            state: Some("/s".into()),
            audit_days: Some(3),
            ..Settings::default()
        };
        let settings = flags.or(file);
        assert_eq!(settings.rules().limits.inferences_per_day, Bound::Most(1));
        assert_eq!(settings.rules().audit_days, 3);
        assert_eq!(settings.place(false).unwrap().unwrap().folder, std::path::Path::new("/s"));
    }
}
