//! Argmax on shared scores: the client learns the label, ties going to the lowest index, and nothing else.
//!
//! Instance i is class i. For every distance d the lead of class i over class j = i + d mod classes, less 1 where j < i (a
//! tie goes to the lower index), is compared with 0; the AND of all leads is 1 for the winner alone. The server
//! then sends its shares of these bits.

use std::sync::Arc;

use zeroize::Zeroize;

use crate::chunk::ring_mask;
use crate::circuit::{ArgmaxCircuit, ArgmaxPlan, Shares};
use crate::error::StepError;
use crate::lanes::to_planes;
use crate::material::{ReceivedMaterial, SentMaterial};
use crate::party::Party;
use crate::shape::Role;
use crate::wire::{PlaneReader, PlaneWriter, check_length, message_bytes};

/// What both roles hold.
struct Engine {
    circuit: Arc<ArgmaxCircuit>,
    party: Party,
    round: usize,
    sent: bool,
}

impl Engine {
    fn new(
        plan: &ArgmaxPlan,
        role: Role,
        mut received: ReceivedMaterial,
        mut sent: SentMaterial,
    ) -> Result<Self, StepError> {
        received.check(plan, role)?;
        sent.check(plan, role)?;
        let (received, sent) = (received.chunks.pop(), sent.chunks.pop());
        let (received, sent) = (received.unwrap_or_default(), sent.unwrap_or_default());
        let party = Party::new(plan, role, plan.shape().classes, received, sent);
        Ok(Self { circuit: Arc::clone(plan.circuit()), party, round: 0, sent: false })
    }

    /// Sets the leads from the shares of the scores.
    fn input(&mut self, shares: &[u32]) -> Result<(), StepError> {
        let shape = self.circuit.shape;
        let mask = ring_mask(shape.ell);
        if shares.len() != shape.classes {
            return Err(StepError::ShareCount { expected: shape.classes, found: shares.len() });
        }
        if shares.iter().fold(0, |all, share| all | share) & !mask != 0 {
            return Err(StepError::ShareRange);
        }
        for distance in 1..shape.classes {
            let mut leads: Vec<u32> = (0..shape.classes)
                .map(|class| {
                    let other = (class + distance) % shape.classes;
                    let tie = u32::from(other < class && self.party.role == Role::Client);
                    shares[class].wrapping_sub(shares[other]).wrapping_sub(tie) & mask
                })
                .collect();
            self.party.words.push(to_planes(&leads, shape.ell));
            leads.zeroize();
        }
        Ok(())
    }

    fn message(&self, planes: usize, write: impl FnOnce(&Party, &mut PlaneWriter<'_>)) -> Vec<u8> {
        let mut message = vec![0; message_bytes(planes, self.party.lanes)];
        write(&self.party, &mut PlaneWriter::new(&mut message, self.party.lanes));
        message
    }

    fn outgoing(&mut self) -> Result<Vec<u8>, StepError> {
        let schedule = &self.circuit.schedule;
        let Some(round) = schedule.rounds.get(self.round).filter(|_| !self.sent) else {
            return Err(StepError::Order);
        };
        let message = self.message(schedule.bits(self.party.role, self.round), |party, writer| {
            round.gates.iter().for_each(|gate| party.send_gate(gate, writer));
        });
        self.sent = true;
        Ok(message)
    }

    fn incoming(&mut self, message: &[u8]) -> Result<(), StepError> {
        let schedule = &self.circuit.schedule;
        let Some(round) = schedule.rounds.get(self.round).filter(|_| self.sent) else {
            return Err(StepError::Order);
        };
        let planes = schedule.bits(self.party.role.peer(), self.round);
        check_length(message, message_bytes(planes, self.party.lanes))?;
        let mut reader = PlaneReader::new(message, self.party.lanes);
        round.gates.iter().for_each(|gate| self.party.receive_gate(gate, &mut reader));
        self.round += 1;
        self.sent = false;
        Ok(())
    }

    /// A share of 1 for the winner, 0 for the others, after the last exchange.
    fn winner(&self) -> Result<Vec<u8>, StepError> {
        if self.round != self.circuit.schedule.rounds() {
            return Err(StepError::Order);
        }
        Ok(self.message(1, |party, writer| writer.put(party.wire(self.circuit.winner))))
    }
}

/// The client's side: it alone learns the label.
pub struct ClientArgmax(Engine);

impl ClientArgmax {
    /// Consumes the material and the client's shares of the scores; returns the offline message and the online state.
    ///
    /// # Errors
    /// If the material belongs to another plan or role, or the shares are not residues of the plan.
    pub fn prepare(
        plan: &ArgmaxPlan,
        received: ReceivedMaterial,
        sent: SentMaterial,
        shares: &[u32],
    ) -> Result<(Vec<u8>, Self), StepError> {
        let mut engine = Engine::new(plan, Role::Client, received, sent)?;
        engine.input(shares)?;
        let message = engine.message(plan.offline_bits(), |party, writer| party.send_early(plan, writer));
        Ok((message, Self(engine)))
    }

    /// This exchange's message.
    ///
    /// # Errors
    /// [`StepError::Order`] if it was already taken or the exchanges have ended.
    pub fn outgoing(&mut self) -> Result<Vec<u8>, StepError> {
        self.0.outgoing()
    }

    /// Takes the server's message of this exchange, after [`ClientArgmax::outgoing`].
    ///
    /// # Errors
    /// If it has the wrong length, or comes out of order.
    pub fn incoming(&mut self, message: &[u8]) -> Result<(), StepError> {
        self.0.incoming(message)
    }

    /// The label, from the server's last message.
    ///
    /// # Errors
    /// If the message has the wrong length or does not single out one class, or before the last exchange.
    pub fn finish(self, message: &[u8]) -> Result<usize, StepError> {
        let own = self.0.winner()?;
        check_length(message, own.len())?;
        let bit = |class: &usize| (own[class / 8] ^ message[class / 8]) >> (class % 8) & 1 == 1;
        let mut winners = (0..self.0.party.lanes).filter(bit);
        match (winners.next(), winners.next()) {
            (Some(label), None) => Ok(label),
            _ => Err(StepError::Label),
        }
    }
}

/// The server's side after the offline phase: it waits for its shares of the scores.
pub struct ServerArgmaxOffline(Engine);

impl ServerArgmaxOffline {
    /// Consumes the material and the client's offline message.
    ///
    /// # Errors
    /// If the material belongs to another plan or role, or the message has the wrong length.
    pub fn prepare(
        plan: &ArgmaxPlan,
        received: ReceivedMaterial,
        sent: SentMaterial,
        message: &[u8],
    ) -> Result<Self, StepError> {
        let mut engine = Engine::new(plan, Role::Server, received, sent)?;
        check_length(message, plan.offline_bytes())?;
        engine.party.receive_early(plan, &mut PlaneReader::new(message, plan.shape().classes));
        Ok(Self(engine))
    }

    /// Starts the online phase with the server's shares.
    ///
    /// # Errors
    /// If the shares are not residues of the plan.
    pub fn start(mut self, shares: &[u32]) -> Result<ServerArgmax, StepError> {
        self.0.input(shares)?;
        Ok(ServerArgmax(self.0))
    }
}

/// The server's side in the online phase.
pub struct ServerArgmax(Engine);

impl ServerArgmax {
    /// This exchange's message.
    ///
    /// # Errors
    /// [`StepError::Order`] if it was already taken or the exchanges have ended.
    pub fn outgoing(&mut self) -> Result<Vec<u8>, StepError> {
        self.0.outgoing()
    }

    /// Takes the client's message of this exchange, after [`ServerArgmax::outgoing`].
    ///
    /// # Errors
    /// If it has the wrong length, or comes out of order.
    pub fn incoming(&mut self, message: &[u8]) -> Result<(), StepError> {
        self.0.incoming(message)
    }

    /// The last message: the server's shares of the winner, [`ArgmaxPlan::label_bytes`] long.
    ///
    /// # Errors
    /// [`StepError::Order`] before the last exchange has ended.
    pub fn finish(self) -> Result<Vec<u8>, StepError> {
        self.0.winner()
    }
}
