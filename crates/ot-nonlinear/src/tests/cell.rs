//! Whole cells against a naive integer LSTM: random and saturating inputs, states carried through
//! many steps.

use rand_chacha::ChaCha20Rng;
use rand_core::{Rng, SeedableRng};
use shares::{Role, StepShape};

use super::harness::{SESSION, ideal_cots, ideal_vectors, open, share, signed};
use crate::{
    Cell, CellPlan, CellShape, CellState, CellTables, ClientCellOffline, HashRoot, Mode, ReceivedCondenser,
    ReceivedMaterial, ReceivedStream, SentCondenser, SentMaterial, SentStream, ServerCellOffline, StepPlan,
    UnitVector,
};

pub(super) const SHAPE: CellShape =
    CellShape { units: 5, gate_ell: 22, gate_shift: 8, cell_bits: 10, cell_index_shift: 9, out_ell: 24 };

/// Tables in the clear.
pub(super) struct Tables {
    pub(super) sigmoid: [u8; 256],
    pub(super) tanh: [i8; 256],
    pub(super) cell: [i8; 256],
}

impl Tables {
    pub(super) fn smooth() -> Self {
        let at = |q: usize| (q as f64 - 128.0) / 16.0;
        let tanh = |x: f64| (128.0 * x.tanh()).round().min(127.0) as i8;
        Self {
            sigmoid: core::array::from_fn(|q| (128.0 / (1.0 + (-at(q)).exp())).round() as u8),
            tanh: core::array::from_fn(|q| tanh(at(q) / 2.0)),
            cell: core::array::from_fn(|z| tanh(at(z) / 2.0)),
        }
    }

    /// Entries without order, all extremes among them.
    fn wild() -> Self {
        let mix = |i: usize| (i as u32 + 1).wrapping_mul(0x9e37_79b9) >> 16;
        let signed = |i: usize| [-128, 127, mix(i) as i8, 0][i % 4];
        Self {
            sigmoid: core::array::from_fn(|i| [0, 128, (mix(i) % 129) as u8][i % 3]),
            tanh: core::array::from_fn(|i| signed(i + 1)),
            cell: core::array::from_fn(signed),
        }
    }

    pub(super) fn shared(&self) -> CellTables {
        CellTables::new(&self.sigmoid, &self.tanh, &self.cell).unwrap()
    }
}

/// The contract, in the clear: the hidden state, and the cell state in place.
fn plain(shape: &CellShape, tables: &Tables, accumulators: &[i64], c: &mut [i64]) -> Vec<i64> {
    let (h, f, g) = (shape.units, shape.gate_shift, shape.cell_index_shift);
    let q = |row: usize| {
        let rounding = if f == 0 { 0 } else { 1 << (f - 1) };
        ((accumulators[row] + rounding) >> f).clamp(0, 255) as usize
    };
    let half = 1_i64 << (shape.cell_bits - 1);
    let unit = |(j, c): (usize, &mut i64)| {
        let (input, forget) = (i64::from(tables.sigmoid[q(j)]), i64::from(tables.sigmoid[q(h + j)]));
        let (candidate, output) =
            (i64::from(tables.tanh[q(2 * h + j)]), i64::from(tables.sigmoid[q(3 * h + j)]));
        let a = forget * *c + input * candidate;
        *c = ((a + 64) >> 7).clamp(-half, half - 1);
        let z = (((a + (1 << (g - 1))) >> g) + 128).clamp(0, 255) as usize;
        output * i64::from(tables.cell[z])
    };
    c.iter_mut().enumerate().map(unit).collect()
}

/// One party's material of a cell.
pub(super) struct CellMaterial {
    pub(super) ots: Vec<(ReceivedMaterial, SentMaterial)>,
    pub(super) vectors: Vec<UnitVector>,
}

/// The material of both parties: one stream a direction, parts numbered from `first`.
pub(super) fn material(plan: &CellPlan, first: u16, rng: &mut ChaCha20Rng) -> [CellMaterial; 2] {
    let hash_root = HashRoot::new(&SESSION);
    let mut direction = |receiver: Role| {
        let parts = || (first..).zip(plan.schedules());
        let received = parts().map(|(id, part)| ReceivedCondenser::new(part, &hash_root, id, receiver));
        let mut received = ReceivedStream::new(received.collect());
        let (delta, keys, _, macs) = ideal_cots(received.needed(), rng);
        let sent = parts().map(|(id, part)| SentCondenser::new(part, &hash_root, id, receiver, delta));
        let mut sent = SentStream::new(sent.collect());
        for (position, (keys, macs)) in (0..).step_by(5000).zip(keys.chunks(5000).zip(macs.chunks(5000))) {
            sent.add(sent.condense(position, keys)).unwrap();
            received.add(received.condense(position, macs)).unwrap();
        }
        (received.finish().unwrap(), sent.finish().unwrap())
    };
    let (client_received, server_sent) = direction(Role::Client);
    let (server_received, client_sent) = direction(Role::Server);
    let [client, server] = ideal_vectors(plan.lookups(), rng);
    [
        CellMaterial { ots: client_received.into_iter().zip(client_sent).collect(), vectors: client },
        CellMaterial { ots: server_received.into_iter().zip(server_sent).collect(), vectors: server },
    ]
}

/// Both parties before the first round, and the offline message.
pub(super) fn start(
    plan: &CellPlan,
    shares: [&[u32]; 2],
    states: [CellState; 2],
    [client, server]: [CellMaterial; 2],
) -> (Vec<u8>, Cell, Cell) {
    let (offline, client) = ClientCellOffline::prepare(plan, client.ots, client.vectors, shares[0]).unwrap();
    let server = ServerCellOffline::prepare(plan, server.ots, server.vectors, &offline).unwrap();
    let [c0, c1] = states;
    (offline, client.start(c0).unwrap(), server.start(shares[1], c1).unwrap())
}

/// Runs all rounds, checking every length; gives the parties and the messages.
pub(super) fn rounds(plan: &CellPlan, client: &mut Cell, server: &mut Cell) -> Vec<[Vec<u8>; 2]> {
    let exchange = |round| {
        let messages = [client.outgoing().unwrap(), server.outgoing().unwrap()];
        client.incoming(&messages[1]).unwrap();
        server.incoming(&messages[0]).unwrap();
        assert_eq!(messages.each_ref().map(Vec::len), [plan.client_bytes(round), plan.server_bytes(round)]);
        messages
    };
    (0..plan.rounds()).map(exchange).collect()
}

/// Shares of values, and of a cell state.
fn shares_of(values: &[i64], width: u32, rng: &mut ChaCha20Rng) -> [Vec<u32>; 2] {
    let (c, s) = share(values, width, rng);
    [c, s]
}

/// Runs `steps` time steps from the state `c` on accumulators of `input`, all compared with the
/// plain formula.
fn check(
    shape: CellShape,
    mode: Mode,
    tables: &Tables,
    mut c: Vec<i64>,
    steps: usize,
    mut input: impl FnMut(&mut ChaCha20Rng) -> i64,
) {
    let plan = CellPlan::new(shape, mode, tables.shared()).unwrap();
    let mut rng = ChaCha20Rng::seed_from_u64(shape.units as u64);
    let mut states = shares_of(&c, plan.state_ell(), &mut rng).map(CellState::from_residues);
    for step in 0..steps {
        let accumulators: Vec<i64> = (0..plan.input_values()).map(|_| input(&mut rng)).collect();
        let [s0, s1] = shares_of(&accumulators, shape.gate_ell, &mut rng);
        let material = material(&plan, (step * CellPlan::SCHEDULES) as u16, &mut rng);
        let (_, mut client, mut server) = start(&plan, [&s0, &s1], states, material);
        rounds(&plan, &mut client, &mut server);
        let ((h0, c0), (h1, c1)) = (client.finish().unwrap(), server.finish().unwrap());
        let expected = plain(&shape, tables, &accumulators, &mut c);
        let hidden: Vec<i64> =
            open(&h0, &h1, shape.out_ell).iter().map(|h| signed(*h, shape.out_ell)).collect();
        assert_eq!(hidden, expected, "{shape:?} {mode:?} step {step}");
        let opened = open(c0.residues(), c1.residues(), plan.state_ell());
        let state: Vec<i64> = opened.iter().map(|c| signed(*c, plan.state_ell())).collect();
        assert_eq!(state, c, "{shape:?} {mode:?} step {step}");
        states = [c0, c1];
    }
}

/// An accumulator anywhere within the bound.
fn anywhere(shape: &CellShape) -> impl FnMut(&mut ChaCha20Rng) -> i64 + use<> {
    let bound = (1_i64 << (shape.gate_ell - 2)) - 1;
    move |rng| i64::from(rng.next_u32()) % (2 * bound + 1) - bound
}

/// An accumulator whose index is anywhere in and a little beyond the tables.
fn within(shape: &CellShape) -> impl FnMut(&mut ChaCha20Rng) -> i64 + use<> {
    let shift = shape.gate_shift;
    move |rng| i64::from(rng.next_u32() % (288 << shift)) - (16 << shift)
}

#[test]
fn a_long_sequence_carries_its_state() {
    for mode in [Mode::Tree, Mode::Ripple] {
        check(SHAPE, mode, &Tables::smooth(), vec![0; 5], 40, within(&SHAPE));
    }
}

#[test]
fn every_number_of_units() {
    for units in [1, 2, 3, 31, 64, 65, 128] {
        let shape = CellShape { units, ..SHAPE };
        check(shape, Mode::Tree, &Tables::wild(), vec![0; units], 3, within(&shape));
    }
    let shape = CellShape { units: 1100, ..SHAPE };
    check(shape, Mode::Within(6), &Tables::wild(), vec![0; 1100], 1, within(&shape));
}

#[test]
fn every_width_at_random_and_with_saturated_gates() {
    for cell_bits in 4..=12 {
        for (cell_index_shift, gate_ell, gate_shift, out_ell) in
            [(6, 17, 0, 16), (9, 25, 12, 30), (12, 30, 20, 25), (7, 11, 1, 17)]
        {
            let shape = CellShape { units: 40, gate_ell, gate_shift, cell_bits, cell_index_shift, out_ell };
            let half = 1_i64 << (cell_bits - 1);
            let ends: Vec<i64> = (0..40).map(|j| [-half, half - 1, 0, -1, 1][j % 5]).collect();
            check(shape, Mode::Tree, &Tables::wild(), ends.clone(), 2, anywhere(&shape));
            let bound = (1_i64 << (gate_ell - 2)) - 1;
            let top = (256 << gate_shift).min(bound);
            let ends_of_gates = move |rng: &mut ChaCha20Rng| {
                [0, -1, -bound, bound, top, top - 1, 128 << gate_shift.min(gate_ell - 10)]
                    [rng.next_u32() as usize % 7]
            };
            check(shape, Mode::Tree, &Tables::wild(), ends, 2, ends_of_gates);
        }
    }
}

/// Open forget and input gates at full candidate drive the state to both ends, and the index with
/// it.
#[test]
fn the_state_saturates_at_both_ends() {
    let extreme = |sign: i8| Tables {
        sigmoid: [128; 256],
        tanh: [if sign > 0 { 127 } else { -128 }; 256],
        cell: core::array::from_fn(|z| (z as i16 - 128) as i8),
    };
    for (cell_bits, cell_index_shift) in [(4, 6), (12, 12), (12, 6), (10, 9)] {
        let shape = CellShape { units: 2, cell_bits, cell_index_shift, ..SHAPE };
        let half = 1_i64 << (cell_bits - 1);
        for sign in [1, -1] {
            let at_end = if sign > 0 { half - 1 } else { -half };
            check(shape, Mode::Tree, &extreme(sign), vec![at_end, 0], 20, within(&shape));
        }
    }
}

#[test]
fn messages_follow_the_formula() {
    for gate_ell in 9..=30 {
        for (gate_shift, cell_bits, cell_index_shift, out_ell) in [
            (0, 4, 6, 16),
            (gate_ell - 9, 12, 12, 30),
            (gate_ell / 3, 10, 9, 24),
            (1, 8, 6, 20),
            (0, 4, 12, 20),
        ] {
            let gate_shift = gate_shift.min(gate_ell - 9);
            let shape = CellShape { units: 3, gate_ell, gate_shift, cell_bits, cell_index_shift, out_ell };
            for mode in [Mode::Tree, Mode::Within(6), Mode::Within(9), Mode::Ripple] {
                let plan = CellPlan::new(shape, mode, Tables::smooth().shared()).unwrap();
                let ell = plan.state_ell();
                let step = |ell, shift| StepShape { count: 3, ell, shift, bits: 8, pool: false, out_ell: 8 };
                let gates = StepPlan::new(step(gate_ell, gate_shift), mode).unwrap();
                let index = StepPlan::late(step(ell, cell_index_shift), mode).unwrap().rounds();
                let silent = usize::from(gates.client_bytes(0) == 0);
                let messages = gates.rounds() + index + 5 - silent;
                assert_eq!(plan.rounds(), messages, "{shape:?} {mode:?}");
                if mode == Mode::Tree && gate_ell > 10 {
                    assert!((16..=19).contains(&(messages + silent)), "{shape:?} {messages}");
                }
            }
        }
    }
}
