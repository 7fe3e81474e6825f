//! One non-linear step from oblivious transfer, played once and recorded; then either role runs
//! alone.

use oblivious_transfer::bits::BitVec;
use ot_nonlinear::{
    HashRoot, Mode, ReceivedCondenser, ReceivedMaterial, SentCondenser, SentMaterial, ServerOffline, Step,
    StepPlan,
};
use shares::Role;

use crate::Result;
use crate::dealt::{Dealt, Secrets, residues, rng};
use crate::layers::Layer;

/// A step with its inputs and everything that was sent.
pub struct TransferredStep {
    plan: StepPlan,
    hash_root: HashRoot,
    client_shares: Vec<u32>,
    server_shares: Vec<u32>,
    /// In which the client chooses.
    to_client: Dealt,
    /// In which the server chooses.
    to_server: Dealt,
    offline: Vec<u8>,
    from_client: Vec<Vec<u8>>,
    from_server: Vec<Vec<u8>>,
}

impl TransferredStep {
    /// Plays the step of `layer` on random shares.
    ///
    /// # Errors
    /// If the step refuses its inputs, which would be a mistake here.
    pub fn record(layer: &Layer, mode: Mode) -> Result<Self> {
        Self::play(layer.transferred_plan(mode)?, 100 + layer.number as u64)
    }

    /// Plays a step on random shares, drawn from the generator number `stream`.
    ///
    /// # Errors
    /// As [`TransferredStep::record`].
    pub fn play(plan: StepPlan, stream: u64) -> Result<Self> {
        let mut rng = rng(stream);
        let (ell, cots) = (plan.shape().ell, plan.cots());
        let mut step = Self {
            hash_root: HashRoot::new(&[2; 32]),
            client_shares: residues(&mut rng, plan.input_values(), ell),
            server_shares: residues(&mut rng, plan.input_values(), ell),
            to_client: Dealt::new(&mut rng, cots.client_receives),
            to_server: Dealt::new(&mut rng, cots.server_receives),
            offline: Vec::new(),
            from_client: Vec::new(),
            from_server: Vec::new(),
            plan,
        };
        let (offline, mut client) = step.prepare_client()?;
        step.offline = offline;
        let mut server = step.prepare_server()?;
        for _ in 0..step.plan.rounds() {
            let (from_client, from_server) = (client.outgoing()?, server.outgoing()?);
            client.incoming(&from_server)?;
            server.incoming(&from_client)?;
            step.from_client.push(from_client);
            step.from_server.push(from_server);
        }
        Ok(step)
    }

    /// Gives the party of `role` other shares and other choices. The peer's messages stay as they
    /// were recorded, so results mean nothing from here on; the work is the same.
    pub fn replace(&mut self, role: Role, shares: Vec<u32>, choices: BitVec) {
        let (own, dealt) = match role {
            Role::Client => (&mut self.client_shares, &mut self.to_client),
            Role::Server => (&mut self.server_shares, &mut self.to_server),
        };
        *own = shares;
        dealt.received.choices = choices;
    }

    /// What the party of `role` alone knows.
    #[must_use]
    pub fn secrets(&self, role: Role) -> Secrets<'_> {
        let (shares, received, sent) = match role {
            Role::Client => (&self.client_shares, &self.to_client, &self.to_server),
            Role::Server => (&self.server_shares, &self.to_server, &self.to_client),
        };
        let ((macs, choices), [delta, keys]) = (received.of_receiver(), sent.of_sender());
        (shares, vec![macs, delta, keys], vec![choices])
    }

    /// What the client does offline once it has its correlated OTs: condenses them and fixes its
    /// shares.
    ///
    /// # Errors
    /// As [`TransferredStep::record`].
    pub fn prepare_client(&self) -> Result<(Vec<u8>, Step)> {
        let received = self.condense_received(&self.to_client, Role::Client)?;
        let sent = self.condense_sent(&self.to_server, Role::Server)?;
        Ok(Step::prepare_client(&self.plan, received, sent, &self.client_shares)?)
    }

    /// What the server does offline once it has its correlated OTs, and the input of its shares.
    ///
    /// # Errors
    /// As [`TransferredStep::record`].
    pub fn prepare_server(&self) -> Result<Step> {
        let received = self.condense_received(&self.to_server, Role::Server)?;
        let sent = self.condense_sent(&self.to_client, Role::Client)?;
        let server = ServerOffline::prepare(&self.plan, received, sent, &self.offline)?;
        Ok(server.start(&self.server_shares)?)
    }

    /// The client's online half against the recorded server.
    ///
    /// # Errors
    /// As [`TransferredStep::record`].
    pub fn run_client(&self, mut client: Step) -> Result<Vec<u32>> {
        for message in &self.from_server {
            std::hint::black_box(client.outgoing()?);
            client.incoming(message)?;
        }
        Ok(client.finish()?)
    }

    /// The server's online half against the recorded client.
    ///
    /// # Errors
    /// As [`TransferredStep::record`].
    pub fn run_server(&self, mut server: Step) -> Result<Vec<u32>> {
        for message in &self.from_client {
            std::hint::black_box(server.outgoing()?);
            server.incoming(message)?;
        }
        Ok(server.finish()?)
    }

    fn condense_received(&self, dealt: &Dealt, receiver: Role) -> Result<ReceivedMaterial> {
        let mut condenser = ReceivedCondenser::new(&self.plan, &self.hash_root, 0, receiver);
        condenser.absorb(&dealt.received.macs, &dealt.received.choices)?;
        Ok(condenser.finish()?)
    }

    fn condense_sent(&self, dealt: &Dealt, receiver: Role) -> Result<SentMaterial> {
        let mut condenser = SentCondenser::new(&self.plan, &self.hash_root, 0, receiver, dealt.delta);
        condenser.absorb(&dealt.keys)?;
        Ok(condenser.finish()?)
    }
}
