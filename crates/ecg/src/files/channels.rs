//! Choosing one of several signals by their names and units.

use super::hints::Unit;
use super::names::{Name, Role};
use crate::error::EcgError;

/// A signal as the header of a file describes it.
#[derive(Clone, Debug)]
pub(super) struct Channel {
    pub(super) name: Name,
    /// Its unit, if that is a voltage.
    pub(super) unit: Option<Unit>,
}

impl Channel {
    fn is_ecg(&self) -> bool {
        self.name.role == Role::Ecg
    }

    /// Whether it may be an ECG though its name does not say so.
    fn is_possible(&self) -> bool {
        self.unit.is_some() && matches!(self.name.role, Role::Neutral | Role::Unknown | Role::Ecg)
    }
}

/// The name of a signal for the user.
pub(super) fn label(channels: &[Channel], index: usize) -> String {
    let name = channels.get(index).map(|channel| &channel.name);
    let shown = name.and_then(|name| name.lead.or_else(|| name.shown()));
    shown.map_or_else(|| format!("signal {}", index + 1), str::to_owned)
}

fn listed(channels: &[Channel]) -> String {
    const MOST: usize = 24;
    let named = |index: usize| format!("{} \"{}\"", index + 1, label(channels, index));
    let mut labels: Vec<String> = (0..channels.len().min(MOST)).map(named).collect();
    if channels.len() > MOST {
        labels.push(format!("and {} more", channels.len() - MOST));
    }
    labels.join(", ")
}

/// The signals that are leads of an ECG: those that say so, or else those in volts.
pub(super) fn leads(channels: &[Channel]) -> Vec<usize> {
    let all = |wanted: fn(&Channel) -> bool| -> Vec<usize> {
        (0..channels.len()).filter(|index| wanted(&channels[*index])).collect()
    };
    let named = all(Channel::is_ecg);
    if named.is_empty() { all(Channel::is_possible) } else { named }
}

/// The signal to read: the one that the user names, the only one, lead I, or the first of several
/// named leads.
pub(super) fn choose(channels: &[Channel], wanted: Option<&str>) -> Result<usize, EcgError> {
    if let Some(wanted) = wanted {
        let mut matches = (0..channels.len()).filter(|index| channels[*index].name.is(wanted));
        if let (Some(only), None) = (matches.next(), matches.next()) {
            return Ok(only);
        }
        let number = wanted.trim().parse::<usize>().ok().and_then(|number| number.checked_sub(1));
        let index = number.filter(|index| *index < channels.len());
        return index.ok_or_else(|| EcgError::LeadMissing { found: listed(channels) });
    }
    let leads = leads(channels);
    let lead = |index: &usize| channels[*index].name.lead;
    match leads.as_slice() {
        [only] => Ok(*only),
        [] => Err(EcgError::SignalMissing { found: listed(channels) }),
        [first, ..] if leads.iter().all(|index| lead(index).is_some()) => {
            Ok(*leads.iter().find(|index| lead(index) == Some("I")).unwrap_or(first))
        }
        _ => Err(EcgError::SeveralSignals { found: listed(channels) }),
    }
}

/// The unit of a signal: of the file, or else the one that the user gives, who may not contradict.
pub(super) fn unit(channels: &[Channel], index: usize, given: Option<Unit>) -> Result<Unit, EcgError> {
    match (channels[index].unit, given) {
        (Some(stated), Some(given)) if stated != given => Err(EcgError::UnitContradiction),
        (stated, given) => {
            stated.or(given).ok_or_else(|| EcgError::UnitMissing { column: label(channels, index) })
        }
    }
}
