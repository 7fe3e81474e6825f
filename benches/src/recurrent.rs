//! One LSTM cell with its unit vectors, played once and recorded; then either role runs alone.

use oblivious_transfer::bits::BitVec;
use ot_nonlinear::{
    Cell, CellPlan, CellState, ClientCellOffline, HashRoot, ReceivedCondenser, ReceivedMaterial, Schedule,
    SentCondenser, SentMaterial, ServerCellOffline, UnitVector, UnitVectorPlan, UnitVectors,
};
use shares::Role;

use protocol::method::Backend;
use protocol::plan::computed;

use crate::Result;
use crate::dealt::{Dealt, Secrets, residues, rng};
use crate::layers::recurrent_model;

/// A cell with its inputs and everything that was sent.
pub struct RecordedCell {
    plan: CellPlan,
    vectors: UnitVectorPlan,
    hash_root: HashRoot,
    client_shares: Vec<u32>,
    server_shares: Vec<u32>,
    /// For the unit vectors, then by part: in which the client chooses, and in which the server
    /// does.
    dealt: Vec<[Dealt; 2]>,
    /// Messages of client and server that make the unit vectors.
    of_vectors: [Vec<Vec<u8>>; 2],
    offline: Vec<u8>,
    /// Messages of client and server, turn by turn.
    of_cell: [Vec<Vec<u8>>; 2],
}

/// The cell of the bundled LSTM.
///
/// # Errors
/// If the model file is damaged or holds none.
pub fn cell() -> Result<CellPlan> {
    let mut computed = computed(recurrent_model()?.architecture(), Backend::Ot)?.into_iter();
    computed.find_map(|computed| computed.cell).ok_or_else(|| "the model has no LSTM".into())
}

impl RecordedCell {
    /// Plays a cell on random shares.
    ///
    /// # Errors
    /// If it refuses its inputs, which would be a mistake here.
    pub fn record(plan: CellPlan) -> Result<Self> {
        let mut rng = rng(300);
        let vectors = UnitVectorPlan::new(plan.lookups())?;
        let (ell, values) = (plan.shape().gate_ell, plan.input_values());
        let dealt = schedules(&vectors, &plan).map(Schedule::cots).map(|cots| {
            [cots.client_receives, cots.server_receives].map(|count| Dealt::new(&mut rng, count))
        });
        let dealt = dealt.collect();
        let mut recorded = Self {
            hash_root: HashRoot::new(&[3; 32]),
            client_shares: residues(&mut rng, values, ell),
            server_shares: residues(&mut rng, values, ell),
            dealt,
            of_vectors: Default::default(),
            offline: Vec::new(),
            of_cell: Default::default(),
            plan,
            vectors,
        };
        recorded.play_vectors()?;
        recorded.play_cell()?;
        Ok(recorded)
    }

    fn play_vectors(&mut self) -> Result<()> {
        let (mut client, mut server) =
            (self.start_vectors(Role::Client)?.0, self.start_vectors(Role::Server)?.0);
        for _ in 0..self.vectors.rounds() {
            let (from_client, from_server) = (client.outgoing()?, server.outgoing()?);
            client.incoming(&from_server)?;
            server.incoming(&from_client)?;
            self.of_vectors[0].push(from_client);
            self.of_vectors[1].push(from_server);
        }
        Ok(())
    }

    fn play_cell(&mut self) -> Result<()> {
        let (offline, client) = self.prepare_client()?;
        self.offline = offline;
        let (mut client, mut server) = (self.start_client(client)?, self.start_server()?);
        for _ in 0..self.plan.rounds() {
            let (from_client, from_server) = (client.outgoing()?, server.outgoing()?);
            client.incoming(&from_server)?;
            server.incoming(&from_client)?;
            self.of_cell[0].push(from_client);
            self.of_cell[1].push(from_server);
        }
        Ok(())
    }

    /// How many values a party's shares are.
    #[must_use]
    pub fn values(&self) -> usize {
        self.plan.input_values()
    }

    /// The bits of a share.
    #[must_use]
    pub fn ell(&self) -> u32 {
        self.plan.shape().gate_ell
    }

    /// For the unit vectors, then by part: how many choices a party of `role` makes.
    pub fn choices(&self, role: Role) -> impl Iterator<Item = usize> {
        schedules(&self.vectors, &self.plan).map(Schedule::cots).map(move |cots| match role {
            Role::Client => cots.client_receives,
            Role::Server => cots.server_receives,
        })
    }

    /// What the party of `role` alone knows.
    #[must_use]
    pub fn secrets(&self, role: Role) -> Secrets<'_> {
        let shares = match role {
            Role::Client => &self.client_shares,
            Role::Server => &self.server_shares,
        };
        let (mut blocks, mut words) = (Vec::new(), Vec::new());
        for [to_client, to_server] in &self.dealt {
            let (received, sent) = match role {
                Role::Client => (to_client, to_server),
                Role::Server => (to_server, to_client),
            };
            let (macs, choices) = received.of_receiver();
            blocks.extend(sent.of_sender().into_iter().chain([macs]));
            words.push(choices);
        }
        (shares, blocks, words)
    }

    /// Gives the party of `role` other shares and other choices. The peer's messages stay as they
    /// were recorded, so results mean nothing from here on; the work is the same.
    pub fn replace(&mut self, role: Role, shares: Vec<u32>, choices: Vec<BitVec>) {
        let own = match role {
            Role::Client => &mut self.client_shares,
            Role::Server => &mut self.server_shares,
        };
        *own = shares;
        for ([to_client, to_server], choices) in self.dealt.iter_mut().zip(choices) {
            let dealt = if role == Role::Client { to_client } else { to_server };
            dealt.received.choices = choices;
        }
    }

    /// What the client does offline once it has its correlated OTs: condenses them, makes unit
    /// vectors and fixes its shares.
    ///
    /// # Errors
    /// As [`RecordedCell::record`].
    pub fn prepare_client(&self) -> Result<(Vec<u8>, ClientCellOffline)> {
        let (vectors, material) = self.make_vectors(Role::Client)?;
        Ok(ClientCellOffline::prepare(&self.plan, material, vectors, &self.client_shares)?)
    }

    /// What the server does offline once it has its correlated OTs.
    ///
    /// # Errors
    /// As [`RecordedCell::record`].
    pub fn prepare_server(&self) -> Result<ServerCellOffline> {
        let (vectors, material) = self.make_vectors(Role::Server)?;
        Ok(ServerCellOffline::prepare(&self.plan, material, vectors, &self.offline)?)
    }

    /// The client, ready for the first turn.
    ///
    /// # Errors
    /// As [`RecordedCell::record`].
    pub fn start_client(&self, client: ClientCellOffline) -> Result<Cell> {
        Ok(client.start(CellState::zero(&self.plan))?)
    }

    /// The server, ready for the first turn.
    ///
    /// # Errors
    /// As [`RecordedCell::record`].
    pub fn start_server(&self) -> Result<Cell> {
        Ok(self.prepare_server()?.start(&self.server_shares, CellState::zero(&self.plan))?)
    }

    /// The online half of a party against its recorded peer: its share of the hidden state.
    ///
    /// # Errors
    /// As [`RecordedCell::record`].
    pub fn run(&self, role: Role, mut cell: Cell) -> Result<Vec<u32>> {
        for message in of_peer(&self.of_cell, role) {
            std::hint::black_box(cell.outgoing()?);
            cell.incoming(message)?;
        }
        Ok(cell.finish()?.0)
    }

    /// The unit vectors of `role` against its recorded peer, and the material of the cell's parts.
    fn make_vectors(&self, role: Role) -> Result<(Vec<UnitVector>, OtMaterial)> {
        let (mut vectors, material) = self.start_vectors(role)?;
        for message in of_peer(&self.of_vectors, role) {
            std::hint::black_box(vectors.outgoing()?);
            vectors.incoming(message)?;
        }
        Ok((vectors.finish()?, material))
    }

    /// Condenses all correlated OTs; the unit vectors, before their first round, are the same
    /// whenever they are made.
    fn start_vectors(&self, role: Role) -> Result<(UnitVectors, OtMaterial)> {
        let mut material = self.material(role)?.into_iter();
        let (received, sent) = material.next().ok_or("no material of the unit vectors")?;
        let mut rng = rng(if role == Role::Client { 301 } else { 302 });
        Ok((UnitVectors::new(&self.vectors, role, received, sent, &mut rng)?, material.collect()))
    }

    /// The material of the unit vectors and of every part, as `role` holds it.
    fn material(&self, role: Role) -> Result<OtMaterial> {
        let parts = (0..).zip(schedules(&self.vectors, &self.plan).zip(&self.dealt));
        parts
            .map(|(id, (part, [to_client, to_server]))| {
                let (own, peers) = match role {
                    Role::Client => (to_client, to_server),
                    Role::Server => (to_server, to_client),
                };
                let mut received = ReceivedCondenser::new(part, &self.hash_root, id, role);
                received.absorb(&own.received.macs, &own.received.choices)?;
                let mut sent = SentCondenser::new(part, &self.hash_root, id, role.peer(), peers.delta);
                sent.absorb(&peers.keys)?;
                Ok((received.finish()?, sent.finish()?))
            })
            .collect()
    }
}

type OtMaterial = Vec<(ReceivedMaterial, SentMaterial)>;

/// What the correlated OTs are for, in order.
fn schedules<'a>(vectors: &'a UnitVectorPlan, plan: &'a CellPlan) -> impl Iterator<Item = &'a Schedule> {
    std::iter::once(vectors.schedule()).chain(plan.schedules())
}

/// The messages that `role` receives.
fn of_peer(messages: &[Vec<Vec<u8>>; 2], role: Role) -> &[Vec<u8>] {
    let [client, server] = messages;
    match role {
        Role::Client => server,
        Role::Server => client,
    }
}
