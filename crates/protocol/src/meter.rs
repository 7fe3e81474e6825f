//! Accounting of a session: bytes, round trips and seconds by phase, part and layer.
//!
//! The counts are taken where frames meet the socket, headers and checksums included, so that the
//! sums equal what the socket carried.

use std::collections::BTreeMap;
use std::ops::AddAssign;
use std::time::Duration;

/// When in a session.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Phase {
    /// Once a session: handshake, keys, base OTs.
    Setup,
    /// Before the ECG is known.
    Offline,
    /// From the ECG to the result.
    Online,
}

impl Phase {
    /// Lower-case name for tables and logs.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Setup => "setup",
            Self::Offline => "offline",
            Self::Online => "online",
        }
    }
}

/// What kind of work.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Part {
    /// Handshake, keys, requests: belongs to no layer.
    Session,
    /// The linear half of a layer.
    Linear,
    /// The non-linear half of a layer.
    Nonlinear,
    /// The result.
    Output,
}

impl Part {
    /// Lower-case name for tables and logs.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Session => "session",
            Self::Linear => "linear",
            Self::Nonlinear => "nonlinear",
            Self::Output => "output",
        }
    }
}

/// The heading under which something is booked. `layer` counts from 0; `None` outside layers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Scope {
    /// When.
    pub phase: Phase,
    /// Which layer.
    pub layer: Option<usize>,
    /// What kind of work.
    pub part: Part,
}

impl Scope {
    /// The scope of what happens once a session.
    pub(crate) const SETUP: Self = Self { phase: Phase::Setup, layer: None, part: Part::Session };

    pub(crate) const fn session(phase: Phase) -> Self {
        Self { phase, layer: None, part: Part::Session }
    }

    pub(crate) const fn linear(phase: Phase, layer: usize) -> Self {
        Self { phase, layer: Some(layer), part: Part::Linear }
    }

    pub(crate) const fn nonlinear(phase: Phase, layer: usize) -> Self {
        Self { phase, layer: Some(layer), part: Part::Nonlinear }
    }

    /// Non-linear work that serves all layers at once.
    pub(crate) const fn nonlinear_all(phase: Phase) -> Self {
        Self { phase, layer: None, part: Part::Nonlinear }
    }

    pub(crate) const fn output() -> Self {
        Self { phase: Phase::Online, layer: None, part: Part::Output }
    }
}

/// What was booked under one heading, as this party saw it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Entry {
    /// Bytes that this party sent, frame headers and checksums included.
    pub sent: u64,
    /// Bytes that this party received, frame headers and checksums included.
    pub received: u64,
    /// One-way trips that this party had to wait for, two to a round trip.
    pub one_way_trips: u64,
    /// Wall time that passed on this party.
    pub time: Duration,
}

impl AddAssign for Entry {
    fn add_assign(&mut self, other: Self) {
        self.sent += other.sent;
        self.received += other.received;
        self.one_way_trips += other.one_way_trips;
        self.time += other.time;
    }
}

/// The books of one session.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Ledger {
    entries: BTreeMap<Scope, Entry>,
}

impl Ledger {
    /// The entries, ordered by phase, layer and part.
    pub fn entries(&self) -> impl Iterator<Item = (Scope, Entry)> + '_ {
        self.entries.iter().map(|(&scope, &entry)| (scope, entry))
    }

    /// The sum over the scopes that `select` admits.
    #[must_use]
    pub fn total(&self, select: impl Fn(Scope) -> bool) -> Entry {
        let mut sum = Entry::default();
        for (scope, entry) in self.entries() {
            if select(scope) {
                sum += entry;
            }
        }
        sum
    }

    /// Takes the books and starts new ones.
    #[must_use]
    pub fn take(&mut self) -> Self {
        std::mem::take(self)
    }

    /// Adds what other books say.
    pub fn merge(&mut self, other: &Self) {
        for (scope, entry) in other.entries() {
            *self.at(scope) += entry;
        }
    }

    pub(crate) fn at(&mut self, scope: Scope) -> &mut Entry {
        self.entries.entry(scope).or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn totals_are_sums_over_what_is_selected() {
        let mut ledger = Ledger::default();
        ledger.at(Scope::linear(Phase::Offline, 1)).sent += 5;
        ledger.at(Scope::linear(Phase::Online, 1)).sent += 7;
        ledger.at(Scope::linear(Phase::Online, 1)).received += 1;
        let mut twice = ledger.clone();
        twice.merge(&ledger);
        assert_eq!(twice.total(|_| true).sent, 24);
        assert_eq!(twice.total(|s| s.phase == Phase::Online).received, 2);
        assert_eq!(twice.take().total(|_| true).sent, 24);
        assert_eq!(twice, Ledger::default());
    }
}
