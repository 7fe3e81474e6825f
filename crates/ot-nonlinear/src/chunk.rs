//! One party's state for a chunk of instances, and the bit gates of a round on it.

use std::sync::Arc;

use zeroize::{Zeroize, ZeroizeOnDrop};

use crate::circuit::{Circuit, Gate, Shares, Wire, Word};
use crate::lanes::{LANES, Lanes, to_planes};
use crate::material::{ReceivedUnit, SentUnit};
use crate::shape::Role;
use crate::wire::{PlaneReader, PlaneWriter};

/// The chunk's shares, registers and material.
#[derive(Zeroize, ZeroizeOnDrop)]
pub(crate) struct Chunk {
    #[zeroize(skip)]
    pub(crate) circuit: Arc<Circuit>,
    #[zeroize(skip)]
    pub(crate) role: Role,
    #[zeroize(skip)]
    pub(crate) lanes: usize,
    pub(crate) received: Vec<ReceivedUnit>,
    pub(crate) sent: Vec<SentUnit>,
    /// Choice corrections of the client that came offline, by OT (server only).
    #[zeroize(skip)]
    early: Vec<Lanes>,
    registers: Vec<Lanes>,
    difference_bits: Vec<Lanes>,
    value_bits: Vec<Lanes>,
    /// Bit planes from bit shift + bits on.
    lowered_bits: Vec<Lanes>,
    /// Shares of a - b and of b.
    pub(crate) difference: Vec<u32>,
    pub(crate) second: Vec<u32>,
    /// Shares of rho (a - b).
    pub(crate) masked: Vec<u32>,
    /// Shares of the shifted value in the small ring.
    pub(crate) shifted: Vec<u32>,
    /// Shares of the result.
    pub(crate) result: Vec<u32>,
}

impl Shares for Chunk {
    fn own(&self, word: Word, bit: u32) -> Lanes {
        let bit = bit as usize;
        match word {
            Word::Difference => self.difference_bits[bit],
            Word::Lowered if self.role == Role::Client => {
                self.lowered_bits[bit - self.circuit.shape.top() as usize]
            }
            Word::Value | Word::Lowered => self.value_bits[bit],
        }
    }

    fn wire(&self, wire: Wire) -> Lanes {
        match wire {
            Wire::Register(index) => self.registers[index],
            Wire::Own(word, bit) => self.own(word, bit),
        }
    }
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
        Self {
            circuit: Arc::clone(circuit),
            role,
            lanes,
            received,
            sent,
            early: Vec::new(),
            registers: vec![Lanes::ZERO; circuit.registers],
            difference_bits: Vec::new(),
            value_bits: Vec::new(),
            lowered_bits: Vec::new(),
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
            let mask = ring_mask(shape.ell);
            let (pairs, _) = shares.as_chunks::<2>();
            self.difference = pairs.iter().map(|[a, b]| a.wrapping_sub(*b) & mask).collect();
            self.second = pairs.iter().map(|[_, b]| *b).collect();
            self.difference.resize(LANES, 0);
            self.second.resize(LANES, 0);
            self.difference_bits = to_planes(&self.difference, shape.ell);
        } else {
            let mut value = shares.to_vec();
            value.resize(LANES, 0);
            self.set_value(value);
        }
    }

    /// Sets the party's share of the value from its share of m: the client adds the rounding term and lowers.
    pub(crate) fn set_value(&mut self, mut value: Vec<u32>) {
        let shape = self.circuit.shape;
        let mask = ring_mask(shape.ell);
        if self.role == Role::Client && shape.shift > 0 {
            value.iter_mut().for_each(|v| *v = v.wrapping_add(1 << (shape.shift - 1)) & mask);
        }
        self.value_bits = to_planes(&value, shape.ell);
        if self.role == Role::Client && shape.headroom() > 0 {
            let lowered: Vec<u32> = value.iter().map(|v| (v >> shape.top()).wrapping_sub(1)).collect();
            self.lowered_bits = to_planes(&lowered, shape.ell - shape.top());
        }
        let narrow = ring_mask(shape.narrow());
        value.iter_mut().for_each(|v| *v = *v >> shape.shift & narrow);
        self.shifted = value;
    }

    /// Writes the early choices of the client.
    pub(crate) fn send_early(&self, writer: &mut PlaneWriter<'_>) {
        for gate in self.circuit.early_gates() {
            self.send_choices(gate, writer);
        }
    }

    /// Keeps the early choices of the client.
    pub(crate) fn receive_early(&mut self, reader: &mut PlaneReader<'_>) {
        self.early = vec![Lanes::ZERO; self.sent.len()];
        let circuit = Arc::clone(&self.circuit);
        for gate in circuit.early_gates() {
            for ot in (gate.first_ot[Role::Client.index()]..).take(gate.kind.routes(Role::Client).len()) {
                self.early[ot] = reader.take();
            }
        }
    }

    fn send_choices(&self, gate: &Gate, writer: &mut PlaneWriter<'_>) {
        let units = &self.received[gate.first_ot[self.role.index()]..];
        for (choice, unit) in gate.kind.choices(self.role, self).into_iter().zip(units) {
            writer.put(choice ^ unit.choice);
        }
    }

    /// Writes what this party sends for `gate`: its choice corrections, then its masked offers.
    pub(crate) fn send_gate(&self, gate: &Gate, writer: &mut PlaneWriter<'_>) {
        if !(gate.early && self.role == Role::Client) {
            self.send_choices(gate, writer);
        }
        let routes = gate.kind.routes(self.role.peer());
        let units = self.sent[gate.first_ot[self.role.peer().index()]..].iter().zip(&routes);
        let pads = units.flat_map(|(unit, _)| &unit.bits);
        for (offer, pad) in gate.kind.offers(self.role, self).into_iter().zip(pads) {
            writer.put(offer ^ pad.difference);
        }
    }

    /// Reads what the peer sent for `gate` and sets the gate's outputs.
    pub(crate) fn receive_gate(&mut self, gate: &Gate, reader: &mut PlaneReader<'_>) {
        let peer = self.role.peer();
        let mut outputs = gate.kind.local(self);
        let peer_routes = gate.kind.routes(peer);
        let first = gate.first_ot[peer.index()];
        let stored = gate.early && peer == Role::Client;
        let corrections: Vec<Lanes> = (first..first + peer_routes.len())
            .map(|ot| if stored { self.early[ot] } else { reader.take() })
            .collect();
        let mut offers = gate.kind.offers(self.role, self).into_iter();
        for ((unit, correction), route) in self.sent[first..].iter().zip(corrections).zip(&peer_routes) {
            for ((pad, output), offer) in unit.bits.iter().zip(route).zip(offers.by_ref()) {
                outputs[*output] ^= correction & offer ^ pad.zero;
            }
        }
        let routes = gate.kind.routes(self.role);
        let units = self.received[gate.first_ot[self.role.index()]..].iter().zip(&routes);
        for (unit, route) in units {
            for (pad, output) in unit.bits.iter().zip(route) {
                outputs[*output] ^= unit.choice & reader.take() ^ *pad;
            }
        }
        self.registers[gate.first_output..gate.first_output + outputs.len()].copy_from_slice(&outputs);
    }
}

/// The residues below 2^`width`.
pub(crate) const fn ring_mask(width: u32) -> u32 {
    (1 << width) - 1
}
