//! Both parties of a cell: the offline message, then turn by turn.
//!
//! ```text
//! client                                              server
//! prepare(material, gate share)  -- offline -->       prepare(material)            needs no share
//! start(cell state)                                   start(gate share, cell state)
//! for each round:  outgoing / incoming                outgoing / incoming          CellPlan::rounds, one speaks
//! finish -> h0, cell state                            finish -> h1, cell state
//! ```

use std::collections::VecDeque;

use shares::Role;
use zeroize::{Zeroize, ZeroizeOnDrop};

use super::plan::CellPlan;
use super::running::Running;
use super::timeline::{Action, Progress};
use crate::bits::wire::check_length;
use crate::cell::unit_vector::UnitVector;
use crate::error::StepError;
use crate::material::units::{ReceivedMaterial, SentMaterial};

/// A party's share of the cell state between two time steps.
#[derive(Zeroize, ZeroizeOnDrop)]
pub struct CellState(Vec<u32>);

impl CellState {
    /// The share before the first time step, for both parties: the state is 0.
    #[must_use]
    pub fn zero(plan: &CellPlan) -> Self {
        Self(vec![0; plan.shape().units])
    }

    /// The residues mod 2^[`CellPlan::state_ell`].
    #[cfg(test)]
    pub(crate) fn residues(&self) -> &[u32] {
        &self.0
    }

    /// A share of a given state.
    #[cfg(test)]
    pub(crate) fn from_residues(residues: Vec<u32>) -> Self {
        Self(residues)
    }
}

/// The client's side after the offline phase: it waits for the cell state.
pub struct ClientCellOffline(Running);

impl ClientCellOffline {
    /// Consumes the material of every part, in the order of [`CellPlan::schedules`], and
    /// [`CellPlan::lookups`] unit vectors. Takes the client's shares of the accumulators mod
    /// 2^`gate_ell`.
    ///
    /// Returns the offline message, [`CellPlan::offline_bytes`] long, and what waits for the cell
    /// state.
    ///
    /// # Errors
    /// If the material belongs to another plan or role, or the shares are not residues of the plan.
    pub fn prepare(
        plan: &CellPlan,
        material: Vec<(ReceivedMaterial, SentMaterial)>,
        vectors: Vec<UnitVector>,
        shares: &[u32],
    ) -> Result<(Vec<u8>, Self), StepError> {
        let mut running = Running::new(plan, Role::Client, material, vectors)?;
        let gates = running.gates()?;
        gates.input(shares)?;
        Ok((gates.offline_message()?, Self(running)))
    }

    /// Starts the online phase with the client's share of the cell state.
    ///
    /// # Errors
    /// If the state belongs to another plan.
    pub fn start(mut self, state: CellState) -> Result<Cell, StepError> {
        self.0.set_state(&state.0)?;
        Ok(Cell::new(self.0))
    }
}

/// The server's side after the offline phase: it waits for its shares of the accumulators and the
/// cell state.
pub struct ServerCellOffline(Running);

impl ServerCellOffline {
    /// Consumes the material of every part, in the order of [`CellPlan::schedules`], and the
    /// client's offline message.
    ///
    /// # Errors
    /// If the material belongs to another plan or role, or the message has the wrong length.
    pub fn prepare(
        plan: &CellPlan,
        material: Vec<(ReceivedMaterial, SentMaterial)>,
        vectors: Vec<UnitVector>,
        message: &[u8],
    ) -> Result<Self, StepError> {
        let mut running = Running::new(plan, Role::Server, material, vectors)?;
        running.gates()?.take_offline(message)?;
        Ok(Self(running))
    }

    /// Starts the online phase with the server's shares of the accumulators mod 2^`gate_ell` and of
    /// the cell state.
    ///
    /// # Errors
    /// If the shares are not residues of the plan, or the state belongs to another one.
    pub fn start(mut self, shares: &[u32], state: CellState) -> Result<Cell, StepError> {
        self.0.gates()?.input(shares)?;
        self.0.set_state(&state.0)?;
        Ok(Cell::new(self.0))
    }
}

/// Either party in the online phase.
///
/// In each round both call [`Cell::outgoing`], then [`Cell::incoming`]. The message of the one that
/// does not speak is empty and need not be sent.
pub struct Cell {
    running: Running,
    progress: Progress,
    /// What the peer sent and no part has taken yet, by part.
    inbox: Vec<VecDeque<Vec<u8>>>,
    round: usize,
    /// This round's message was handed out.
    sent: bool,
}

impl Cell {
    fn new(running: Running) -> Self {
        let progress = Progress::new(running.role, CellPlan::PARTS);
        let inbox = (0..CellPlan::PARTS).map(|_| VecDeque::new()).collect();
        Self { running, progress, inbox, round: 0, sent: false }
    }

    /// Does all that needs nothing more of the peer. Gives the messages it made, one after another.
    fn advance(&mut self) -> Result<Vec<u8>, StepError> {
        let plan = self.running.plan.clone();
        let mut out = Vec::new();
        while let Some(action) = self.progress.next(plan.sizes()) {
            match action {
                Action::Send(message) => out.append(&mut self.running.send(message)?),
                Action::Receive(message) => {
                    let size =
                        plan.sizes()[message.part].rounds[message.round][self.running.role.peer().index()];
                    let bytes = if size == 0 { None } else { self.inbox[message.part].pop_front() };
                    self.running.receive(message, &bytes.unwrap_or_default())?;
                }
            }
        }
        Ok(out)
    }

    /// This round's message, [`CellPlan::client_bytes`] or [`CellPlan::server_bytes`] long.
    ///
    /// # Errors
    /// [`StepError::Order`] if it was already taken or the cell has ended.
    pub fn outgoing(&mut self) -> Result<Vec<u8>, StepError> {
        let own = match self.running.plan.turn(self.round) {
            Some(turn) if !self.sent => turn.sender == self.running.role,
            _ => return Err(StepError::Order),
        };
        self.sent = true;
        if own { self.advance() } else { Ok(Vec::new()) }
    }

    /// Takes the peer's message of this round, after [`Cell::outgoing`]. It is empty where the peer
    /// has none.
    ///
    /// # Errors
    /// If it has the wrong length, or comes out of order.
    pub fn incoming(&mut self, message: &[u8]) -> Result<(), StepError> {
        let (plan, peer) = (self.running.plan.clone(), self.running.role.peer());
        let Some(turn) = plan.turn(self.round).filter(|_| self.sent) else {
            return Err(StepError::Order);
        };
        let theirs = turn.sender == peer;
        check_length(message, if theirs { turn.bytes } else { 0 })?;
        let mut rest = message;
        for part in turn.messages.iter().filter(|_| theirs) {
            let bytes;
            (bytes, rest) = rest.split_at(plan.sizes()[part.part].rounds[part.round][peer.index()]);
            self.inbox[part.part].push_back(bytes.to_vec());
            self.progress.arrive(*part);
        }
        self.round += 1;
        self.sent = false;
        Ok(())
    }

    /// The party's shares of h mod 2^`out_ell` and of the new cell state, after the last round.
    ///
    /// # Errors
    /// [`StepError::Order`] before the last round has ended.
    pub fn finish(mut self) -> Result<(Vec<u32>, CellState), StepError> {
        if self.round != self.running.plan.rounds() {
            return Err(StepError::Order);
        }
        self.advance()?;
        if !self.progress.complete(self.running.plan.sizes()) {
            return Err(StepError::Order);
        }
        let (hidden, state) = self.running.results();
        Ok((hidden, CellState(state)))
    }
}
