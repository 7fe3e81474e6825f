//! The steps from oblivious transfer, each party against a peer of the fuzzer's bytes.

use std::sync::LazyLock;

use oblivious_transfer::bits::BitVec;
use oblivious_transfer::block::Block;
use oblivious_transfer::cot;
use oblivious_transfer::prg::Prg;
use ot_nonlinear::{
    CellPlan, CellShape, CellState, CellTables, ClientCellOffline, HashRoot, Mode, ReceivedCondenser,
    ReceivedMaterial, Schedule, SentCondenser, SentMaterial, ServerCellOffline, ServerOffline, Step,
    StepError, StepPlan, UnitVector, UnitVectorPlan, UnitVectors,
};
use shares::{Role, StepShape};

use crate::peer::Peer;

/// Steps with and without pooling, spare bits and shift.
const SHAPES: [StepShape; 3] = [
    StepShape { count: 3, ell: 12, shift: 2, bits: 4, pool: true, out_ell: 10 },
    StepShape { count: 5, ell: 9, shift: 0, bits: 8, pool: false, out_ell: 9 },
    StepShape { count: 2, ell: 20, shift: 6, bits: 8, pool: true, out_ell: 24 },
];

static TREES: LazyLock<Vec<StepPlan>> = LazyLock::new(|| plans(Mode::Tree));
static RIPPLES: LazyLock<Vec<StepPlan>> = LazyLock::new(|| plans(Mode::Ripple));
static VECTORS: LazyLock<UnitVectorPlan> = LazyLock::new(|| UnitVectorPlan::new(10).unwrap());
static CELL: LazyLock<CellPlan> = LazyLock::new(|| {
    let shape =
        CellShape { units: 2, gate_ell: 22, gate_shift: 8, cell_bits: 10, cell_index_shift: 9, out_ell: 24 };
    let tables = CellTables::new(&[128; 256], &[127; 256], &[-128; 256]).unwrap();
    CellPlan::new(shape, Mode::Tree, tables).unwrap()
});

fn plans(mode: Mode) -> Vec<StepPlan> {
    SHAPES.map(|shape| StepPlan::new(shape, mode).unwrap()).into()
}

/// One party's material from a dealer.
fn material(schedule: &Schedule, role: Role) -> (ReceivedMaterial, SentMaterial) {
    let root = HashRoot::new(&[7; 32]);
    let mut rng = Prg::from_block(Block::new(1));
    let delta = Block::random(&mut rng).with_lsb(true);
    let mut received = ReceivedCondenser::new(schedule, &root, 3, role);
    let mut sent = SentCondenser::new(schedule, &root, 3, role.peer(), delta);
    let (_, cots) = cot::deal(delta, BitVec::random(received.needed(), &mut rng), &mut rng);
    received.absorb(&cots.macs, &cots.choices).unwrap();
    let (keys, _) = cot::deal(delta, BitVec::random(sent.needed(), &mut rng), &mut rng);
    sent.absorb(&keys).unwrap();
    (received.finish().unwrap(), sent.finish().unwrap())
}

/// The role that a byte chooses.
fn role(byte: u8) -> Role {
    if byte.is_multiple_of(2) { Role::Client } else { Role::Server }
}

fn check(result: Result<(), StepError>) {
    if let Err(error) = result {
        assert!(matches!(error, StepError::MessageLength { .. }), "{error}");
    }
}

/// A step with trees: the first byte chooses role and shape.
pub fn tree(bytes: &[u8]) {
    step(&TREES, bytes);
}

/// A step with ripples: the first byte chooses role and shape.
pub fn ripple(bytes: &[u8]) {
    step(&RIPPLES, bytes);
}

fn step(plans: &[StepPlan], bytes: &[u8]) {
    let mut peer = Peer::new(bytes);
    let choice = peer.byte();
    let plan = &plans[usize::from(choice / 2) % plans.len()];
    check(match role(choice) {
        Role::Client => client_step(plan, &mut peer),
        Role::Server => server_step(plan, &mut peer),
    });
}

fn client_step(plan: &StepPlan, peer: &mut Peer<'_>) -> Result<(), StepError> {
    let (received, sent) = material(plan, Role::Client);
    let (_, mut client) = Step::prepare_client(plan, received, sent, &vec![1; plan.input_values()])?;
    for round in 0..plan.rounds() {
        assert_eq!(client.outgoing()?.len(), plan.client_bytes(round), "the length is the plan's");
        client.incoming(&peer.message(plan.server_bytes(round)))?;
    }
    assert_eq!(client.finish()?.len(), plan.shape().count, "as many results as the plan says");
    Ok(())
}

fn server_step(plan: &StepPlan, peer: &mut Peer<'_>) -> Result<(), StepError> {
    let (received, sent) = material(plan, Role::Server);
    let server = ServerOffline::prepare(plan, received, sent, &peer.message(plan.offline_bytes()))?;
    let mut server = server.start(&vec![1; plan.input_values()])?;
    for round in 0..plan.rounds() {
        assert_eq!(server.outgoing()?.len(), plan.server_bytes(round), "the length is the plan's");
        server.incoming(&peer.message(plan.client_bytes(round)))?;
    }
    assert_eq!(server.finish()?.len(), plan.shape().count, "as many results as the plan says");
    Ok(())
}

/// Random unit vectors: the first byte chooses the role.
pub fn unit_vectors(bytes: &[u8]) {
    let mut peer = Peer::new(bytes);
    let role = role(peer.byte());
    check(vectors(&VECTORS, role, &mut peer).map(|vectors| {
        assert_eq!(vectors.len(), VECTORS.count(), "as many results as the plan says");
    }));
}

fn vectors(plan: &UnitVectorPlan, role: Role, peer: &mut Peer<'_>) -> Result<Vec<UnitVector>, StepError> {
    let (received, sent) = material(plan.schedule(), role);
    let mut rng = Prg::from_block(Block::new(2));
    let mut own = UnitVectors::new(plan, role, received, sent, &mut rng)?;
    for round in 0..plan.rounds() {
        own.outgoing()?;
        let due = match role {
            Role::Client => plan.server_bytes(round),
            Role::Server => plan.client_bytes(round),
        };
        own.incoming(&peer.message(due))?;
    }
    own.finish()
}

/// A cell of an LSTM: the first byte chooses the role.
pub fn cell(bytes: &[u8]) {
    let mut peer = Peer::new(bytes);
    check(run_cell(&CELL, role(peer.byte()), &mut peer));
}

fn run_cell(plan: &CellPlan, role: Role, peer: &mut Peer<'_>) -> Result<(), StepError> {
    let parts = plan.schedules().map(|schedule| material(schedule, role)).collect();
    let vectors = vectors(&UnitVectorPlan::new(plan.lookups())?, role, &mut Peer::new(&[]))?;
    let shares = vec![1; plan.input_values()];
    let state = CellState::zero(plan);
    let mut own = match role {
        Role::Client => ClientCellOffline::prepare(plan, parts, vectors, &shares)?.1.start(state)?,
        Role::Server => {
            let offline = peer.message(plan.offline_bytes());
            ServerCellOffline::prepare(plan, parts, vectors, &offline)?.start(&shares, state)?
        }
    };
    for round in 0..plan.rounds() {
        own.outgoing()?;
        let due = match role {
            Role::Client => plan.server_bytes(round),
            Role::Server => plan.client_bytes(round),
        };
        own.incoming(&peer.message(due))?;
    }
    let (hidden, _) = own.finish()?;
    assert_eq!(hidden.len(), plan.shape().units, "as many results as the plan says");
    Ok(())
}
