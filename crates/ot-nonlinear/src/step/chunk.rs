//! One party's state for a chunk of a step: its bits, its residues, and how the input becomes
//! operands.

use std::sync::Arc;

use shares::{Ring, Role};
use zeroize::{Zeroize, ZeroizeOnDrop};

use crate::bits::lanes::{LANES, to_planes};
use crate::circuit::{Circuit, Word};
use crate::material::units::{ReceivedUnit, SentUnit};
use crate::shape::small_ell;
use crate::step::party::Party;

/// The chunk's bits and residues.
#[derive(Zeroize, ZeroizeOnDrop)]
pub(crate) struct Chunk {
    #[zeroize(skip)]
    pub(crate) circuit: Arc<Circuit>,
    pub(crate) party: Party,
    /// Shares of a - b and of b.
    pub(crate) difference: Vec<u32>,
    pub(crate) second: Vec<u32>,
    /// Shares of rho (a - b), all but what each party multiplies alone.
    pub(crate) masked: Vec<u32>,
    /// Shares of the shifted value in the small ring.
    pub(crate) shifted: Vec<u32>,
    /// Shares of the result.
    pub(crate) result: Vec<u32>,
}

impl Chunk {
    /// A chunk of `lanes` instances without its input.
    pub(crate) fn new(
        circuit: &Arc<Circuit>,
        role: Role,
        lanes: usize,
        received: Vec<ReceivedUnit>,
        sent: Vec<SentUnit>,
    ) -> Self {
        let mut party = Party::new(&circuit.schedule, role, lanes, received, sent);
        party.words = vec![Vec::new(); 3];
        Self {
            circuit: Arc::clone(circuit),
            party,
            difference: Vec::new(),
            second: Vec::new(),
            masked: vec![0; LANES],
            shifted: Vec::new(),
            result: Vec::new(),
        }
    }

    /// Takes the party's input shares: `lanes` residues, or twice as many in pairs with pooling.
    pub(crate) fn input(&mut self, shares: &[u32]) {
        let shape = self.circuit.shape;
        if shape.pool {
            let mask = Ring::new(shape.ell).mask();
            let (pairs, _) = shares.as_chunks::<2>();
            self.difference = pairs.iter().map(|[a, b]| a.wrapping_sub(*b) & mask).collect();
            self.second = pairs.iter().map(|[_, b]| *b).collect();
            self.difference.resize(LANES, 0);
            self.second.resize(LANES, 0);
            self.party.words[Word::Difference.index()] = to_planes(&self.difference, shape.ell);
        } else {
            let mut value = shares.to_vec();
            value.resize(LANES, 0);
            self.set_value(value);
        }
    }

    /// Sets the party's share of the value from its share of m: the client adds the rounding term
    /// and lowers.
    pub(crate) fn set_value(&mut self, mut value: Vec<u32>) {
        let shape = self.circuit.shape;
        let (client, mask) = (self.party.role == Role::Client, Ring::new(shape.ell).mask());
        if client && shape.shift > 0 {
            value.iter_mut().for_each(|v| *v = v.wrapping_add(1 << (shape.shift - 1)) & mask);
        }
        let planes = to_planes(&value, shape.ell);
        if shape.headroom() > 0 {
            self.party.words[Word::Lowered.index()] = if client {
                let mut lowered: Vec<u32> = value.iter().map(|v| v.wrapping_sub(1 << shape.top())).collect();
                let planes = to_planes(&lowered, shape.ell);
                lowered.zeroize();
                planes
            } else {
                planes.clone()
            };
        }
        self.party.words[Word::Value.index()] = planes;
        let mask = Ring::new(small_ell(&shape)).mask();
        value.iter_mut().for_each(|v| *v = *v >> shape.shift & mask);
        self.shifted = value;
    }
}
