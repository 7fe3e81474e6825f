//! The parts of one party as they run: material and inputs in, messages out, each result handed to
//! the next part.

use shares::{Ring, Role};
use zeroize::{Zeroize, ZeroizeOnDrop, Zeroizing};

use super::bilinear::{Bilinear, SentBilinear};
use super::lookup::{Lookup, OpenedLookup};
use super::plan::{
    CELL_LOOKUP, CellPlan, FRACTION, GATE_LOOKUP, GATES, INDICES, OUTPUT, PartPlan, STATE, UPDATE,
};
use super::timeline::Message;
use super::unit_vector::UnitVector;
use crate::error::StepError;
use crate::material::units::{ReceivedMaterial, SentMaterial};
use crate::step::engine::Step;

/// A part with its material. Look-ups and products change with their one message.
enum Part {
    Step(Step),
    Lookup(Lookup),
    OpenedLookup(OpenedLookup),
    Bilinear(Bilinear),
    SentBilinear(SentBilinear),
}

/// The party's shares between the parts.
#[derive(Default, Zeroize, ZeroizeOnDrop)]
struct Shares {
    /// Indices of the gates' tables and the entries there, rows i, f, c, o.
    indices: Vec<u8>,
    entries: Vec<u8>,
    /// The old cell state, then the new one.
    state: Vec<u32>,
    /// a, and the output gate O as a residue.
    sum: Vec<u32>,
    gate: Vec<u32>,
    /// Index of the cell's table and the entry there.
    cell_index: Vec<u8>,
    cell_entry: Vec<u8>,
    hidden: Vec<u32>,
}

/// All parts of one party.
pub(super) struct Running {
    pub(super) plan: CellPlan,
    pub(super) role: Role,
    parts: Vec<Option<Part>>,
    shares: Shares,
}

impl Running {
    /// Consumes the material of every part and the vectors of every look-up.
    pub(super) fn new(
        plan: &CellPlan,
        role: Role,
        material: Vec<(ReceivedMaterial, SentMaterial)>,
        vectors: Vec<UnitVector>,
    ) -> Result<Self, StepError> {
        if material.len() != CellPlan::SCHEDULES || vectors.len() != plan.lookups() {
            return Err(StepError::Material);
        }
        let (mut material, mut vectors) = (material.into_iter(), vectors.into_iter());
        let mut next = || material.next().ok_or(StepError::Material);
        let part = |part: &PartPlan| {
            Ok(Some(match part {
                PartPlan::Step(plan) => {
                    let (received, sent) = next()?;
                    Part::Step(Step::new(plan, role, received, sent)?)
                }
                PartPlan::Bilinear(plan) => {
                    let (received, sent) = next()?;
                    Part::Bilinear(Bilinear::new(plan, role, received, sent)?)
                }
                PartPlan::Lookup(count) => Part::Lookup(Lookup::new(vectors.by_ref().take(*count).collect())),
            }))
        };
        let parts = plan.parts().iter().map(part).collect::<Result<_, StepError>>()?;
        Ok(Self { plan: plan.clone(), role, parts, shares: Shares::default() })
    }

    /// The rescaling step of the gates, which alone has an offline phase.
    pub(super) fn gates(&mut self) -> Result<&mut Step, StepError> {
        self.step(GATES)
    }

    /// Takes the party's share of the cell state.
    pub(super) fn set_state(&mut self, state: &[u32]) -> Result<(), StepError> {
        let (expected, found) = (self.plan.shape().units, state.len());
        if expected != found {
            return Err(StepError::ShareCount { expected, found });
        }
        if !Ring::new(self.plan.state_ell()).contains(state) {
            return Err(StepError::ShareRange);
        }
        self.shares.state = state.to_vec();
        Ok(())
    }

    /// The shares of h and of the new cell state, after the last round.
    pub(super) fn results(mut self) -> (Vec<u32>, Vec<u32>) {
        (core::mem::take(&mut self.shares.hidden), core::mem::take(&mut self.shares.state))
    }

    fn step(&mut self, part: usize) -> Result<&mut Step, StepError> {
        match self.parts.get_mut(part) {
            Some(Some(Part::Step(engine))) => Ok(engine),
            _ => Err(StepError::Order),
        }
    }

    /// Computes the party's message.
    pub(super) fn send(&mut self, message: Message) -> Result<Vec<u8>, StepError> {
        let Message { part, round } = message;
        if round == 0 && matches!(part, STATE | INDICES) {
            let offset = self.offset(part);
            let input = Zeroizing::new(self.shifted(&self.shares.sum, offset));
            self.step(part)?.input(&input)?;
        }
        let (message, next) = match self.parts[part].take() {
            Some(Part::Step(mut step)) => (step.outgoing()?, Part::Step(step)),
            Some(Part::Lookup(lookup)) => {
                let (message, opened) = lookup.open(self.shares.indices(part))?;
                (message, Part::OpenedLookup(opened))
            }
            Some(Part::Bilinear(bilinear)) => {
                let (message, sent) = self.shares.start(part, bilinear)?;
                (message, Part::SentBilinear(sent))
            }
            Some(Part::OpenedLookup(_) | Part::SentBilinear(_)) | None => return Err(StepError::Order),
        };
        self.parts[part] = Some(next);
        Ok(message)
    }

    /// Takes the peer's message. Keeps the part's result if it is the last.
    pub(super) fn receive(&mut self, message: Message, bytes: &[u8]) -> Result<(), StepError> {
        let Message { part, round } = message;
        let last = round + 1 == self.plan.sizes()[part].rounds.len();
        if let Some(Part::Step(step)) = &mut self.parts[part] {
            step.incoming(bytes)?;
        }
        let ended = if last { self.parts[part].take() } else { None };
        match ended {
            Some(Part::Step(step)) => {
                let result = step.finish()?;
                self.keep_step(part, result);
            }
            Some(Part::OpenedLookup(lookup)) => {
                *self.shares.entries(part) = self.look_up(part, lookup, bytes)?;
            }
            Some(Part::SentBilinear(bilinear)) => self.shares.keep_sums(part, bilinear.finish(bytes)?),
            Some(Part::Lookup(_) | Part::Bilinear(_)) => return Err(StepError::Order),
            None => {}
        }
        Ok(())
    }

    /// The party's shares of the entries.
    fn look_up(&self, part: usize, lookup: OpenedLookup, bytes: &[u8]) -> Result<Vec<u8>, StepError> {
        let (tables, units) = (self.plan.tables(), self.plan.shape().units);
        if part == GATE_LOOKUP {
            lookup.finish(bytes, tables.of_gates(units))
        } else {
            lookup.finish(bytes, tables.of_cell(units))
        }
    }

    /// What a part's unsigned step adds to a so that the result begins at 0.
    fn offset(&self, part: usize) -> u32 {
        let shape = self.plan.shape();
        if part == STATE {
            1 << (FRACTION + shape.cell_bits - 1)
        } else {
            1 << (shape.cell_index_shift + u8::BITS - 1)
        }
    }

    /// Shares mod 2^P of the values plus a constant, which the client adds.
    fn shifted(&self, shares: &[u32], offset: u32) -> Vec<u32> {
        let (mask, client) = (Ring::new(self.plan.state_ell()).mask(), self.role == Role::Client);
        let offset = if client { offset } else { 0 };
        shares.iter().map(|share| share.wrapping_add(offset) & mask).collect()
    }

    fn keep_step(&mut self, part: usize, mut result: Vec<u32>) {
        match part {
            GATES => self.shares.indices = result.iter().map(|share| *share as u8).collect(),
            INDICES => self.shares.cell_index = result.iter().map(|share| *share as u8).collect(),
            _ => {
                let half = 1_u32 << (self.plan.shape().cell_bits - 1);
                self.shares.state.zeroize();
                self.shares.state = self.shifted(&result, half.wrapping_neg());
            }
        }
        result.zeroize();
    }
}

impl Shares {
    /// What a look-up asks for.
    fn indices(&self, part: usize) -> &[u8] {
        if part == CELL_LOOKUP { &self.cell_index } else { &self.indices }
    }

    /// Where a look-up's entries go.
    fn entries(&mut self, part: usize) -> &mut Vec<u8> {
        if part == CELL_LOOKUP { &mut self.cell_entry } else { &mut self.entries }
    }

    /// Starts a part's products.
    fn start(&self, part: usize, bilinear: Bilinear) -> Result<(Vec<u8>, SentBilinear), StepError> {
        if part == OUTPUT {
            return bilinear.send(&[&self.cell_entry], &[&self.gate]);
        }
        let rows: Vec<&[u8]> = self.entries.chunks(self.state.len().max(1)).collect();
        bilinear.send(&rows, &[&self.state])
    }

    fn keep_sums(&mut self, part: usize, sums: Vec<Vec<u32>>) {
        let mut sums = sums.into_iter();
        let mut next = || sums.next().unwrap_or_default();
        if part == UPDATE {
            (self.sum, self.gate) = (next(), next());
        } else {
            self.hidden = next();
        }
    }
}
