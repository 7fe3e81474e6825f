//! The books of a session as columns of the figure.
//!
//! Who books what: the client's clock sees homomorphic work layer by layer offline, the server's
//! sees the steps of a layer one by one online (there the client only sends, and would book the
//! server's linear work under the step that follows). So offline seconds are the client's, online
//! seconds the server's; what of the client's time neither explains goes to `shared`, so that all
//! columns add up to what the client waited. Bytes are the client's.
//!
//! An OT extension that serves all layers at once is split over them by the correlated OTs that
//! each consumes.

use std::time::Duration;

use deepcardio::architecture::Architecture;
use protocol::meter::{Entry, Ledger, Part, Phase, Scope};
use protocol::method::Backend;
use protocol::plan::computed;
use serde::Serialize;

use crate::Result;
use crate::layers::on_windows;
use crate::session::Books;

/// What kind of work, in the order of the stacks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Kind {
    /// The linear half before the ECG is known: homomorphic.
    LinearOffline,
    /// The non-linear half before the ECG is known.
    NonlinearOffline,
    /// The linear half from the ECG on: plain integers.
    LinearOnline,
    /// The non-linear half from the ECG on.
    NonlinearOnline,
    /// Set-up of the session, and what belongs to no layer.
    Session,
}

impl Kind {
    /// All, in the order of the stacks.
    pub const ALL: [Self; 5] = [
        Self::LinearOffline,
        Self::NonlinearOffline,
        Self::LinearOnline,
        Self::NonlinearOnline,
        Self::Session,
    ];

    /// For tables and the legend.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::LinearOffline => "homomorphic, offline",
            Self::NonlinearOffline => "non-linear, offline",
            Self::LinearOnline => "linear, online",
            Self::NonlinearOnline => "non-linear, online",
            Self::Session => "set-up, requests",
        }
    }

    fn of(scope: Scope) -> Self {
        match (scope.part, scope.phase) {
            (Part::Linear, Phase::Online) => Self::LinearOnline,
            (Part::Linear, _) => Self::LinearOffline,
            (Part::Nonlinear, Phase::Online) => Self::NonlinearOnline,
            (Part::Nonlinear, _) => Self::NonlinearOffline,
            (Part::Session | Part::Output, _) => Self::Session,
        }
    }
}

/// Time and bytes of one classification.
#[derive(Clone, Copy, Debug, Default, Serialize)]
pub struct Cost {
    /// Seconds.
    pub seconds: f64,
    /// Bytes from client to server.
    pub up: u64,
    /// Bytes from server to client.
    pub down: u64,
}

impl Cost {
    /// Both directions.
    #[must_use]
    pub fn bytes(&self) -> u64 {
        self.up + self.down
    }

    fn of(entry: Entry) -> Self {
        Self { seconds: entry.time.as_secs_f64(), up: entry.sent, down: entry.received }
    }

    /// A part of it, to the next byte.
    fn times(self, part: f64) -> Self {
        let bytes = |bytes: u64| (bytes as f64 * part).round() as u64;
        Self { seconds: self.seconds * part, up: bytes(self.up), down: bytes(self.down) }
    }

    fn add(&mut self, other: Self) {
        self.seconds += other.seconds;
        self.up += other.up;
        self.down += other.down;
    }
}

/// A column of the figure.
#[derive(Debug, Serialize)]
pub struct Column {
    /// `1` to `6`, `head`, or `shared`.
    pub name: String,
    /// By kind, in the order of [`Kind::ALL`].
    pub costs: [Cost; Kind::ALL.len()],
}

impl Column {
    fn new(name: impl Into<String>) -> Self {
        Self { name: name.into(), costs: Default::default() }
    }

    fn at(&mut self, kind: Kind) -> &mut Cost {
        &mut self.costs[kind as usize]
    }

    /// The costs by kind.
    pub fn stack(&self) -> impl Iterator<Item = (Kind, Cost)> + '_ {
        Kind::ALL.into_iter().zip(self.costs)
    }
}

/// Where one backend's time and bytes go.
#[derive(Debug, Serialize)]
pub struct Account {
    /// Name of the backend.
    pub backend: String,
    /// Layers, head, what is shared.
    pub columns: Vec<Column>,
    /// Once a session.
    pub setup: Cost,
    /// Before the ECG is known.
    pub offline: Cost,
    /// From the ECG to the result.
    pub online: Cost,
    /// Round trips that the client waits for online.
    pub online_round_trips: f64,
}

impl Account {
    pub(super) fn new(backend: Backend, architecture: &Architecture, books: &Books) -> Result<Self> {
        let phase = |phase: Phase| Cost::of(books.client.total(|scope| scope.phase == phase));
        let trips = books.client.total(|scope| scope.phase == Phase::Online).one_way_trips;
        Ok(Self {
            backend: backend.to_string(),
            columns: columns(backend, architecture, books)?,
            setup: phase(Phase::Setup),
            offline: phase(Phase::Offline),
            online: phase(Phase::Online),
            online_round_trips: trips as f64 / 2.0,
        })
    }

    /// The whole session of one classification.
    #[must_use]
    pub fn total(&self) -> Cost {
        let mut total = self.setup;
        total.add(self.offline);
        total.add(self.online);
        total
    }
}

fn columns(backend: Backend, architecture: &Architecture, books: &Books) -> Result<Vec<Column>> {
    let stages = architecture.stages();
    let layers = stages.iter().filter(|stage| on_windows(architecture, stage)).count();
    let cots: Vec<usize> = computed(architecture, backend)?.iter().map(|stage| stage.cots).collect();
    let all: usize = cots.iter().sum();
    let mut columns: Vec<Column> = (1..=layers).map(|number| Column::new(number.to_string())).collect();
    columns.extend([Column::new("head"), Column::new("shared")]);
    for (scope, entry) in books.client.entries() {
        let time = seen_by_the_clock(scope, entry, &books.server);
        let (kind, cost) = (Kind::of(scope), Cost::of(Entry { time, ..entry }));
        let mut book = |place: usize, cost| columns.get_mut(place).map(|column| column.at(kind).add(cost));
        match (scope.layer, scope.part) {
            (Some(layer), _) => book(layer.min(layers), cost),
            (None, Part::Nonlinear) => cots.iter().enumerate().try_for_each(|(layer, &cots)| {
                book(layer.min(layers), cost.times(cots as f64 / all.max(1) as f64))
            }),
            (None, _) => book(layers + 1, cost),
        };
    }
    let explained: f64 = columns.iter().flat_map(|column| column.costs).map(|cost| cost.seconds).sum();
    let waited = books.client.total(|_| true).time.as_secs_f64();
    if let Some(shared) = columns.last_mut() {
        shared.at(Kind::Session).seconds += (waited - explained).max(0.0);
    }
    Ok(columns)
}

/// The time of one scope; what the client books online outside of layers is left to what is shared.
fn seen_by_the_clock(scope: Scope, entry: Entry, server: &Ledger) -> Duration {
    match (scope.phase, scope.part) {
        (Phase::Online, Part::Linear | Part::Nonlinear) => server.total(|other| other == scope).time,
        (Phase::Online, _) => Duration::ZERO,
        _ => entry.time,
    }
}
