//! What a cell computes and the plan of it: parts, sizes, turns.

use std::sync::Arc;

use shares::{MAX_ELL, Role, StepShape};

use super::tables::CellTables;
use super::timeline::{PartSizes, Turn, compile};
use crate::bits::wire::message_bytes;
use crate::circuit::{BilinearPlan, Byte, CotCounts, Product, Schedule, StepPlan, Sum};
use crate::error::StepError;
use crate::shape::Mode;

/// Fraction bits of gates and cell state.
pub(super) const FRACTION: u32 = 7;
/// Width of an index and of a table's entries in bits.
const INDEX: u32 = 8;

/// The public shape of one time step of an LSTM layer on additive shares.
///
/// The parties hold shares mod 2^`gate_ell` of 4 `units` accumulators, gates i, f, c, o one after
/// another, and shares of the cell state c. With g = `cell_index_shift` a time step computes
///
/// ```text
/// q = clamp((accumulator + 2^(gate_shift - 1)) >> gate_shift, 0, 255)   an index for each gate
/// a = sigmoid[q_f] c + sigmoid[q_i] tanh[q_c]
/// c = clamp((a + 64) >> 7, -2^(cell_bits - 1), 2^(cell_bits - 1) - 1)   the new cell state
/// z = clamp(((a + 2^(g - 1)) >> g) + 128, 0, 255)                       the cell's index
/// h = sigmoid[q_o] cell[z]                                              the hidden state, |h| <= 2^14
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CellShape {
    /// Units, 1 to 2^16.
    pub units: usize,
    /// Width of the accumulators' ring in bits; |accumulator| < 2^(`gate_ell` - 2).
    pub gate_ell: u32,
    /// Bits shifted out of an accumulator, with rounding; at most `gate_ell` - 9.
    pub gate_shift: u32,
    /// Width of the cell state in bits, 4 to 12.
    pub cell_bits: u32,
    /// Bits shifted out of a for its index, 6 to 12.
    pub cell_index_shift: u32,
    /// Width of the ring of h in bits, 16 to 30.
    pub out_ell: u32,
}

impl CellShape {
    /// Least width of a ring in which a and both offsets keep the bound of a step.
    fn state_ell(&self) -> u32 {
        let (state, index) = (self.cell_bits + FRACTION - 1, self.cell_index_shift + INDEX - 1);
        let bound = (1_u32 << state.max(index)) + (1 << state) + (1 << (2 * FRACTION));
        let least = (FRACTION + self.cell_bits).max(self.cell_index_shift + INDEX) + 1;
        (bound.ilog2() + 3).max(least)
    }

    fn validate(&self) -> Result<(), StepError> {
        let limits = [
            ((1..=1 << 16).contains(&self.units), "units must be 1 to 2^16"),
            ((4..=12).contains(&self.cell_bits), "cell_bits must be 4 to 12"),
            ((6..=12).contains(&self.cell_index_shift), "cell_index_shift must be 6 to 12"),
            ((2 * FRACTION + 2..=MAX_ELL).contains(&self.out_ell), "out_ell of a cell must be 16 to 30"),
        ];
        limits.iter().find(|(holds, _)| !holds).map_or(Ok(()), |(_, reason)| Err(StepError::Shape(reason)))
    }
}

/// Parts of a cell, by their place in the plan and its material.
pub(super) const GATES: usize = 0;
pub(super) const GATE_LOOKUP: usize = 1;
pub(super) const UPDATE: usize = 2;
pub(super) const STATE: usize = 3;
pub(super) const INDICES: usize = 4;
pub(super) const CELL_LOOKUP: usize = 5;
pub(super) const OUTPUT: usize = 6;

/// What each part waits for, and its name.
const PARTS: [(&[usize], &str); CellPlan::PARTS] = [
    (&[], "gates"),
    (&[GATES], "gate look-ups"),
    (&[GATE_LOOKUP], "cell update"),
    (&[UPDATE], "cell state"),
    (&[UPDATE], "cell index"),
    (&[INDICES], "cell look-up"),
    (&[UPDATE, CELL_LOOKUP], "output"),
];

/// The plan of a part.
#[derive(Clone, Debug)]
pub(super) enum PartPlan {
    Step(StepPlan),
    /// So many look-ups.
    Lookup(usize),
    Bilinear(BilinearPlan),
}

impl PartPlan {
    /// The correlated OTs. A look-up has none of its own.
    fn schedule(&self) -> Option<&Schedule> {
        match self {
            Self::Step(plan) => Some(plan),
            Self::Lookup(_) => None,
            Self::Bilinear(plan) => Some(plan.schedule()),
        }
    }

    /// Bits of all instances in each round, by sender.
    fn bits(&self) -> Vec<[usize; 2]> {
        let roles = [Role::Client, Role::Server];
        match self {
            Self::Step(plan) => {
                let bits = |round| roles.map(|role| plan.bits(role, round) * plan.count());
                (0..plan.rounds()).map(bits).collect()
            }
            Self::Lookup(count) => vec![[INDEX as usize * count; 2]],
            Self::Bilinear(plan) => vec![roles.map(|role| plan.planes(role) * plan.schedule().count())],
        }
    }
}

/// The compiled cell: its parts, the turns in which they run, the bytes of each.
///
/// Make it once for a layer. A clone is cheap.
#[derive(Clone, Debug)]
pub struct CellPlan(Arc<Compiled>);

#[derive(Debug)]
struct Compiled {
    shape: CellShape,
    mode: Mode,
    tables: CellTables,
    parts: Vec<PartPlan>,
    sizes: Vec<PartSizes>,
    turns: Vec<Turn>,
}

impl CellPlan {
    /// Parts of a cell.
    pub(super) const PARTS: usize = 7;
    /// Parts with correlated OTs of their own.
    pub const SCHEDULES: usize = 5;

    /// Compiles the cell with its public tables. `mode` is that of its three rescaling steps.
    ///
    /// # Errors
    /// [`StepError::Shape`] if the shape is outside its limits.
    pub fn new(shape: CellShape, mode: Mode, tables: CellTables) -> Result<Self, StepError> {
        shape.validate()?;
        let parts = parts(&shape, mode)?;
        let sizes = parts.iter().zip(PARTS).map(|(part, (after, _))| {
            let bytes = |bits: [usize; 2]| bits.map(|bits| message_bytes(bits, 1));
            PartSizes { rounds: part.bits().into_iter().map(bytes).collect(), after }
        });
        let sizes: Vec<PartSizes> = sizes.collect();
        let turns = compile(&sizes);
        Ok(Self(Arc::new(Compiled { shape, mode, tables, parts, sizes, turns })))
    }

    /// The public shape.
    #[must_use]
    pub fn shape(&self) -> CellShape {
        self.0.shape
    }

    /// The circuits that run.
    #[must_use]
    pub fn mode(&self) -> Mode {
        self.0.mode
    }

    /// Width of the ring of the cell state in bits.
    #[must_use]
    pub fn state_ell(&self) -> u32 {
        self.0.shape.state_ell()
    }

    /// Accumulators each party holds shares of: 4 a unit.
    #[must_use]
    pub fn input_values(&self) -> usize {
        4 * self.0.shape.units
    }

    /// The correlated OTs of each part that has some, for the condensers: [`CellPlan::SCHEDULES`]
    /// of them.
    ///
    /// The parts' material goes into the cell in this order.
    pub fn schedules(&self) -> impl Iterator<Item = &Schedule> {
        self.0.parts.iter().filter_map(PartPlan::schedule)
    }

    /// Look-ups, each of which uses up a unit vector: 5 a unit.
    #[must_use]
    pub fn lookups(&self) -> usize {
        5 * self.0.shape.units
    }

    /// Correlated OTs of all parts, without those of the unit vectors.
    #[must_use]
    pub fn cots(&self) -> CotCounts {
        let add = |sum: CotCounts, part: CotCounts| CotCounts {
            client_receives: sum.client_receives + part.client_receives,
            server_receives: sum.server_receives + part.server_receives,
        };
        let none = CotCounts { client_receives: 0, server_receives: 0 };
        self.schedules().map(Schedule::cots).fold(none, add)
    }

    /// Online rounds. In each one party speaks: half a round trip. The server has the first.
    #[must_use]
    pub fn rounds(&self) -> usize {
        self.0.turns.len()
    }

    /// Bytes of the offline message, client to server.
    #[must_use]
    pub fn offline_bytes(&self) -> usize {
        self.schedules().map(Schedule::offline_bytes).sum()
    }

    /// Bytes the client sends in `round`. Where it is 0, the party sends nothing.
    #[must_use]
    pub fn client_bytes(&self, round: usize) -> usize {
        self.bytes(Role::Client, round)
    }

    /// Bytes the server sends in `round`. Where it is 0, the party sends nothing.
    #[must_use]
    pub fn server_bytes(&self, round: usize) -> usize {
        self.bytes(Role::Server, round)
    }

    /// Name of each part and its bits a unit, both directions and phases, without the unit vectors.
    pub fn part_bits(&self) -> impl Iterator<Item = (&'static str, usize)> {
        self.0.parts.iter().zip(PARTS).map(|(part, (_, name))| {
            let offline = part.schedule().map_or(0, |schedule| schedule.offline_bits() * schedule.count());
            let online: usize = part.bits().into_iter().flatten().sum();
            (name, (online + offline) / self.0.shape.units)
        })
    }

    fn bytes(&self, role: Role, round: usize) -> usize {
        self.turn(round).filter(|turn| turn.sender == role).map_or(0, |turn| turn.bytes)
    }

    pub(super) fn tables(&self) -> &CellTables {
        &self.0.tables
    }

    pub(super) fn parts(&self) -> &[PartPlan] {
        &self.0.parts
    }

    pub(super) fn sizes(&self) -> &[PartSizes] {
        &self.0.sizes
    }

    pub(super) fn turn(&self, round: usize) -> Option<&Turn> {
        self.0.turns.get(round)
    }
}

/// The parts in order.
fn parts(shape: &CellShape, mode: Mode) -> Result<Vec<PartPlan>, StepError> {
    let CellShape { units, gate_ell, gate_shift, cell_bits, cell_index_shift, out_ell } = *shape;
    let ring = shape.state_ell();
    let step =
        |shift, bits, out_ell| StepShape { count: units, ell: ring, shift, bits, pool: false, out_ell };
    let gates = StepShape {
        count: 4 * units,
        ell: gate_ell,
        shift: gate_shift,
        bits: INDEX,
        pool: false,
        out_ell: INDEX,
    };
    Ok(vec![
        PartPlan::Step(StepPlan::new(gates, mode)?),
        PartPlan::Lookup(4 * units),
        PartPlan::Bilinear(update(units, ring, out_ell)?),
        PartPlan::Step(StepPlan::late(step(FRACTION, cell_bits, ring), mode)?),
        PartPlan::Step(StepPlan::late(step(cell_index_shift, INDEX, INDEX), mode)?),
        PartPlan::Lookup(units),
        PartPlan::Bilinear(output(units, out_ell)?),
    ])
}

/// a = F c + I G from the bytes I, F, G, O and the residue c. Also O as a residue.
fn update(units: usize, ring: u32, out_ell: u32) -> Result<BilinearPlan, StepError> {
    let unsigned = |index| Byte { index, signed: false };
    let candidate = Byte { index: 2, signed: true };
    let a = vec![Product::Scale(unsigned(1), 0), Product::Multiply(unsigned(0), candidate)];
    let sums = vec![
        Sum { width: ring, products: a },
        Sum { width: out_ell, products: vec![Product::Convert(unsigned(3))] },
    ];
    BilinearPlan::new(units, sums)
}

/// h = O T from the byte T and the residue O.
fn output(units: usize, out_ell: u32) -> Result<BilinearPlan, StepError> {
    let tanh = Byte { index: 0, signed: true };
    BilinearPlan::new(units, vec![Sum { width: out_ell, products: vec![Product::Scale(tanh, 0)] }])
}
