//! One LSTM cell, played once and recorded; then either role runs alone.

use ot_nonlinear::{
    Cell, CellPlan, CellState, CellTables, ClientCellOffline, ReceivedMaterial, ReceivedReducer, Role,
    Schedule, SentMaterial, SentReducer, ServerCellOffline, Session,
};

use protocol::handshake::Backend;
use protocol::plan::computed;

use crate::Result;
use crate::dealt::{Dealt, residues, rng};
use crate::layers::model;

/// A cell with its inputs and everything that was sent.
pub struct RecordedCell {
    plan: CellPlan,
    tables: CellTables,
    session: Session,
    client_shares: Vec<u32>,
    server_shares: Vec<u32>,
    /// By part: in which the client chooses, and in which the server does.
    dealt: Vec<[Dealt; 2]>,
    offline: Vec<u8>,
    from_client: Vec<Vec<u8>>,
    from_server: Vec<Vec<u8>>,
}

/// The cell of the bundled model's LSTM; `None` if it has none.
///
/// # Errors
/// If the model file is damaged.
pub fn cell() -> Result<Option<(CellPlan, CellTables)>> {
    let model = model()?;
    let computed = computed(model.architecture(), Backend::Ot)?;
    for (stage, computed) in model.architecture().stages().iter().zip(computed) {
        let (Some(plan), Some(lstm)) = (computed.cell, stage.lstm()) else { continue };
        let tables = &lstm.tables;
        return Ok(Some((plan, CellTables::new(tables.sigmoid(), tables.tanh(), tables.cell_tanh())?)));
    }
    Ok(None)
}

impl RecordedCell {
    /// Plays a cell on random shares.
    ///
    /// # Errors
    /// If it refuses its inputs, which would be a mistake here.
    pub fn record(plan: CellPlan, tables: CellTables) -> Result<Self> {
        let mut rng = rng(300);
        let (ell, values) = (plan.shape().gate_ell, plan.input_values());
        let dealt = plan.schedules().map(Schedule::cots).map(|cots| {
            [cots.client_receives, cots.server_receives].map(|count| Dealt::new(&mut rng, count))
        });
        let dealt = dealt.collect();
        let mut recorded = Self {
            session: Session::new(&[3; 32]),
            client_shares: residues(&mut rng, values, ell),
            server_shares: residues(&mut rng, values, ell),
            dealt,
            offline: Vec::new(),
            from_client: Vec::new(),
            from_server: Vec::new(),
            plan,
            tables,
        };
        let (offline, client) = recorded.prepare_client()?;
        recorded.offline = offline;
        let (mut client, mut server) = (recorded.start_client(client)?, recorded.start_server()?);
        for _ in 0..recorded.plan.rounds() {
            let (from_client, from_server) = (client.outgoing()?, server.outgoing()?);
            client.incoming(&from_server)?;
            server.incoming(&from_client)?;
            recorded.from_client.push(from_client);
            recorded.from_server.push(from_server);
        }
        Ok(recorded)
    }

    /// What the client does offline once it has its correlated OTs: reduces them and fixes its shares.
    ///
    /// # Errors
    /// As [`RecordedCell::record`].
    pub fn prepare_client(&self) -> Result<(Vec<u8>, ClientCellOffline)> {
        Ok(ClientCellOffline::prepare(&self.plan, self.material(Role::Client)?, &self.client_shares)?)
    }

    /// What the server does offline once it has its correlated OTs.
    ///
    /// # Errors
    /// As [`RecordedCell::record`].
    pub fn prepare_server(&self) -> Result<ServerCellOffline> {
        let material = self.material(Role::Server)?;
        Ok(ServerCellOffline::prepare(&self.plan, material, &self.tables, &self.offline)?)
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
        let messages = match role {
            Role::Client => &self.from_server,
            Role::Server => &self.from_client,
        };
        for message in messages {
            std::hint::black_box(cell.outgoing()?);
            cell.incoming(message)?;
        }
        Ok(cell.finish()?.0)
    }

    /// The material of every part, as `role` holds it.
    fn material(&self, role: Role) -> Result<Vec<(ReceivedMaterial, SentMaterial)>> {
        let parts = (0..).zip(self.plan.schedules().zip(&self.dealt));
        parts
            .map(|(id, (part, [to_client, to_server]))| {
                let (own, peers) = match role {
                    Role::Client => (to_client, to_server),
                    Role::Server => (to_server, to_client),
                };
                let mut received = ReceivedReducer::new(part, &self.session, id, role);
                received.absorb(&own.received.macs, &own.received.choices)?;
                let mut sent = SentReducer::new(part, &self.session, id, role.peer(), peers.delta);
                sent.absorb(&peers.keys)?;
                Ok((received.finish()?, sent.finish()?))
            })
            .collect()
    }
}
