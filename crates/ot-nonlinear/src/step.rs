//! The step of both parties: the offline message, then exchange by exchange.
//!
//! ```text
//! client                                         server
//! prepare(material, c)  -- offline message -->   prepare(material)         needs no s
//!                                                start(s)
//! for each round:       <-- both send, then -->  outgoing / incoming       StepPlan::rounds exchanges
//!                           both receive
//! finish -> y0                                   finish -> y1
//! ```

use rayon::prelude::*;
use shares::{Ring, Role};

use crate::chunk::Chunk;
use crate::circuit::StepPlan;
use crate::error::StepError;
use crate::lanes::LANES;
use crate::material::{ReceivedMaterial, SentMaterial};
use crate::wire::{PlaneReader, PlaneWriter, read_chunks, write_chunks};

/// What both roles hold: the chunks and the place in the protocol.
pub(crate) struct Engine {
    plan: StepPlan,
    role: Role,
    chunks: Vec<Chunk>,
    round: usize,
    /// This round's message was handed out.
    sent: bool,
}

impl Engine {
    pub(crate) fn new(
        plan: &StepPlan,
        role: Role,
        mut received: ReceivedMaterial,
        mut sent: SentMaterial,
    ) -> Result<Self, StepError> {
        received.check(plan, role)?;
        sent.check(plan, role)?;
        let count = plan.shape().count;
        let units = received.chunks.drain(..).zip(sent.chunks.drain(..));
        let chunks = units.enumerate().map(|(index, (received, sent))| {
            Chunk::new(plan.circuit(), role, (count - index * LANES).min(LANES), received, sent)
        });
        Ok(Self { plan: plan.clone(), role, chunks: chunks.collect(), round: 0, sent: false })
    }

    pub(crate) fn input(&mut self, shares: &[u32]) -> Result<(), StepError> {
        let expected = self.plan.input_values();
        if shares.len() != expected {
            return Err(StepError::ShareCount { expected, found: shares.len() });
        }
        if !Ring::new(self.plan.shape().ell).contains(shares) {
            return Err(StepError::ShareRange);
        }
        let width = if self.plan.shape().pool { 2 * LANES } else { LANES };
        self.chunks
            .par_iter_mut()
            .zip(shares.par_chunks(width))
            .for_each(|(chunk, shares)| chunk.input(shares));
        Ok(())
    }

    /// A message of `planes` planes, each chunk writing its part.
    fn write(&self, planes: usize, write: impl Fn(&Chunk, &mut PlaneWriter<'_>) + Sync) -> Vec<u8> {
        write_chunks(&self.chunks, planes, self.plan.shape().count, write)
    }

    /// Every chunk reads its part of a message of `planes` planes.
    fn read(
        &mut self,
        planes: usize,
        message: &[u8],
        read: impl Fn(&mut Chunk, &mut PlaneReader<'_>) + Sync,
    ) -> Result<(), StepError> {
        read_chunks(&mut self.chunks, planes, self.plan.shape().count, message, read)
    }

    /// The client's offline message, once it has its input.
    pub(crate) fn offline_message(&mut self) -> Result<Vec<u8>, StepError> {
        let plan = self.plan.clone();
        let message = self.write(plan.offline_bits(), |chunk, writer| {
            chunk.party.send_early(&plan, writer);
            plan.offline_ring.iter().for_each(|gate| chunk.send_ring(gate, writer));
        });
        self.read(0, &[], |chunk, reader| {
            plan.offline_ring.iter().for_each(|gate| chunk.receive_ring(gate, reader));
        })?;
        Ok(message)
    }

    /// The server takes the client's offline message.
    pub(crate) fn take_offline(&mut self, message: &[u8]) -> Result<(), StepError> {
        let plan = self.plan.clone();
        self.read(plan.offline_bits(), message, |chunk, reader| {
            chunk.party.receive_early(&plan, reader);
            plan.offline_ring.iter().for_each(|gate| chunk.receive_ring(gate, reader));
        })
    }

    pub(crate) fn outgoing(&mut self) -> Result<Vec<u8>, StepError> {
        let circuit = self.plan.circuit();
        let Some(round) = circuit.schedule.rounds.get(self.round).filter(|_| !self.sent) else {
            return Err(StepError::Order);
        };
        let message = self.write(self.plan.bits(self.role, self.round), |chunk, writer| {
            round.gates.iter().for_each(|gate| chunk.party.send_gate(gate, writer));
            round.ring.iter().for_each(|gate| chunk.send_ring(gate, writer));
        });
        self.sent = true;
        Ok(message)
    }

    pub(crate) fn incoming(&mut self, message: &[u8]) -> Result<(), StepError> {
        let circuit = self.plan.circuit().clone();
        let Some(round) = circuit.schedule.rounds.get(self.round).filter(|_| self.sent) else {
            return Err(StepError::Order);
        };
        self.read(self.plan.bits(self.role.peer(), self.round), message, |chunk, reader| {
            round.gates.iter().for_each(|gate| chunk.party.receive_gate(gate, reader));
            round.ring.iter().for_each(|gate| chunk.receive_ring(gate, reader));
        })?;
        self.round += 1;
        self.sent = false;
        Ok(())
    }

    pub(crate) fn finish(self) -> Result<Vec<u32>, StepError> {
        if self.round != self.plan.rounds() {
            return Err(StepError::Order);
        }
        let mut shares = Vec::with_capacity(self.plan.shape().count);
        for chunk in &self.chunks {
            shares.extend_from_slice(&chunk.result[..chunk.party.lanes]);
        }
        Ok(shares)
    }
}

/// The client's side of a step, ready for the online exchanges.
pub struct ClientStep(Engine);

impl ClientStep {
    /// Consumes the material and the client's input shares c; returns the offline message and the online state.
    ///
    /// # Errors
    /// If the material belongs to another plan or role, or the shares are not residues of the plan.
    pub fn prepare(
        plan: &StepPlan,
        received: ReceivedMaterial,
        sent: SentMaterial,
        shares: &[u32],
    ) -> Result<(Vec<u8>, Self), StepError> {
        let mut engine = Engine::new(plan, Role::Client, received, sent)?;
        engine.input(shares)?;
        Ok((engine.offline_message()?, Self(engine)))
    }

    /// This round's message, [`crate::Schedule::client_bytes`] long.
    ///
    /// # Errors
    /// [`StepError::Order`] if it was already taken or the step has ended.
    pub fn outgoing(&mut self) -> Result<Vec<u8>, StepError> {
        self.0.outgoing()
    }

    /// Takes the server's message of this round, after [`ClientStep::outgoing`].
    ///
    /// # Errors
    /// If it has the wrong length, or comes out of order.
    pub fn incoming(&mut self, message: &[u8]) -> Result<(), StepError> {
        self.0.incoming(message)
    }

    /// The client's shares of the results, after the last round.
    ///
    /// # Errors
    /// [`StepError::Order`] before the last round has ended.
    pub fn finish(self) -> Result<Vec<u32>, StepError> {
        self.0.finish()
    }
}

/// The server's side after the offline phase: it waits for its input shares.
pub struct ServerOffline(Engine);

impl ServerOffline {
    /// Consumes the material and the client's offline message.
    ///
    /// # Errors
    /// If the material belongs to another plan or role, or the message has the wrong length.
    pub fn prepare(
        plan: &StepPlan,
        received: ReceivedMaterial,
        sent: SentMaterial,
        message: &[u8],
    ) -> Result<Self, StepError> {
        let mut engine = Engine::new(plan, Role::Server, received, sent)?;
        engine.take_offline(message)?;
        Ok(Self(engine))
    }

    /// Starts the online phase with the server's input shares s.
    ///
    /// # Errors
    /// If the shares are not residues of the plan.
    pub fn start(mut self, shares: &[u32]) -> Result<ServerStep, StepError> {
        self.0.input(shares)?;
        Ok(ServerStep(self.0))
    }
}

/// The server's side of a step in the online phase.
pub struct ServerStep(Engine);

impl ServerStep {
    /// This round's message, [`crate::Schedule::server_bytes`] long.
    ///
    /// # Errors
    /// [`StepError::Order`] if it was already taken or the step has ended.
    pub fn outgoing(&mut self) -> Result<Vec<u8>, StepError> {
        self.0.outgoing()
    }

    /// Takes the client's message of this round, after [`ServerStep::outgoing`].
    ///
    /// # Errors
    /// If it has the wrong length, or comes out of order.
    pub fn incoming(&mut self, message: &[u8]) -> Result<(), StepError> {
        self.0.incoming(message)
    }

    /// The server's shares of the results, after the last round.
    ///
    /// # Errors
    /// [`StepError::Order`] before the last round has ended.
    pub fn finish(self) -> Result<Vec<u32>, StepError> {
        self.0.finish()
    }
}
