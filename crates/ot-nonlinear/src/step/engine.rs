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

use crate::bits::lanes::LANES;
use crate::bits::wire::{PlaneReader, PlaneWriter, read_chunks, write_chunks};
use crate::circuit::StepPlan;
use crate::error::StepError;
use crate::material::units::{ReceivedMaterial, SentMaterial};
use crate::step::chunk::Chunk;

/// Either party of a step in the online phase.
///
/// In each round both call [`Step::outgoing`], then [`Step::incoming`].
pub struct Step {
    plan: StepPlan,
    role: Role,
    chunks: Vec<Chunk>,
    round: usize,
    /// This round's message was handed out.
    sent: bool,
}

impl Step {
    /// Consumes the material and the client's input shares c. Returns the offline message and the
    /// online state.
    ///
    /// # Errors
    /// If the material belongs to another plan or role, or the shares are not residues of the plan.
    pub fn prepare_client(
        plan: &StepPlan,
        received: ReceivedMaterial,
        sent: SentMaterial,
        shares: &[u32],
    ) -> Result<(Vec<u8>, Self), StepError> {
        let mut step = Self::new(plan, Role::Client, received, sent)?;
        step.input(shares)?;
        Ok((step.offline_message()?, step))
    }

    /// Either party without its input.
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

    /// Takes the party's input shares.
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

    /// This round's message, [`Schedule::client_bytes`](crate::Schedule::client_bytes) or
    /// [`Schedule::server_bytes`](crate::Schedule::server_bytes) long.
    ///
    /// # Errors
    /// [`StepError::Order`] if it was already taken or the step has ended.
    pub fn outgoing(&mut self) -> Result<Vec<u8>, StepError> {
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

    /// Takes the peer's message of this round, after [`Step::outgoing`].
    ///
    /// # Errors
    /// If it has the wrong length, or comes out of order.
    pub fn incoming(&mut self, message: &[u8]) -> Result<(), StepError> {
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

    /// The party's shares of the results, after the last round.
    ///
    /// # Errors
    /// [`StepError::Order`] before the last round has ended.
    pub fn finish(self) -> Result<Vec<u32>, StepError> {
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

/// The server's side after the offline phase: it waits for its input shares.
pub struct ServerOffline(Step);

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
        let mut step = Step::new(plan, Role::Server, received, sent)?;
        step.take_offline(message)?;
        Ok(Self(step))
    }

    /// Starts the online phase with the server's input shares s.
    ///
    /// # Errors
    /// If the shares are not residues of the plan.
    pub fn start(mut self, shares: &[u32]) -> Result<Step, StepError> {
        self.0.input(shares)?;
        Ok(self.0)
    }
}
