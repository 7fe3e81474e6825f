//! One party's bits for a chunk of instances: its operands, registers and material, and the bit gates on them.

use zeroize::{Zeroize, ZeroizeOnDrop};

use crate::circuit::{Gate, Schedule, Shares, Wire, Word};
use crate::lanes::Lanes;
use crate::material::{ReceivedUnit, SentUnit};
use crate::shape::Role;
use crate::wire::{PlaneReader, PlaneWriter};

/// Operand bits, wires and one-time material of `lanes` instances.
#[derive(Zeroize, ZeroizeOnDrop)]
pub(crate) struct Party {
    #[zeroize(skip)]
    pub(crate) role: Role,
    #[zeroize(skip)]
    pub(crate) lanes: usize,
    pub(crate) received: Vec<ReceivedUnit>,
    pub(crate) sent: Vec<SentUnit>,
    /// Bit planes of the party's share of each operand, by [`Word::index`].
    pub(crate) words: Vec<Vec<Lanes>>,
    registers: Vec<Lanes>,
    /// Choice corrections of the client that came offline, by OT (server only).
    #[zeroize(skip)]
    early: Vec<Lanes>,
}

impl Shares for Party {
    fn own(&self, word: Word, bit: u32) -> Lanes {
        self.words[word.index()][bit as usize]
    }

    fn wire(&self, wire: Wire) -> Lanes {
        match wire {
            Wire::Register(index) => self.registers[index],
            Wire::Own(word, bit) => self.own(word, bit),
            Wire::NotNegative(word, sign, carry) => self.own(word, sign) ^ self.registers[carry] ^ self.one(),
        }
    }
}

impl Party {
    /// A party without its operands.
    pub(crate) fn new(
        schedule: &Schedule,
        role: Role,
        lanes: usize,
        received: Vec<ReceivedUnit>,
        sent: Vec<SentUnit>,
    ) -> Self {
        let registers = vec![Lanes::ZERO; schedule.registers];
        Self { role, lanes, received, sent, words: Vec::new(), registers, early: Vec::new() }
    }

    /// Share of the public constant 1.
    pub(crate) fn one(&self) -> Lanes {
        Lanes::constant(self.role == Role::Client)
    }

    /// Writes the early choices of the client.
    pub(crate) fn send_early(&self, schedule: &Schedule, writer: &mut PlaneWriter<'_>) {
        for gate in schedule.early_gates() {
            self.send_choices(gate, writer);
        }
    }

    /// Keeps the early choices of the client.
    pub(crate) fn receive_early(&mut self, schedule: &Schedule, reader: &mut PlaneReader<'_>) {
        self.early = vec![Lanes::ZERO; self.sent.len()];
        for gate in schedule.early_gates() {
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
