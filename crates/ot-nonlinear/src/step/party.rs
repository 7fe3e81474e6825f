//! One party's bits for a chunk of instances: its operands, registers and material, and the bit
//! gates on them.

use std::collections::VecDeque;

use shares::Role;
use zeroize::{Zeroize, ZeroizeOnDrop};

use crate::bits::lanes::Lanes;
use crate::bits::wire::{PlaneReader, PlaneWriter};
use crate::circuit::{Gate, Schedule, Shares, Wire, Word};
use crate::material::units::{BitPads, ReceivedUnit, SentUnit};

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
    /// What the client sent offline, in the order of the gates (server only).
    #[zeroize(skip)]
    early: VecDeque<Lanes>,
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
        Self { role, lanes, received, sent, words: Vec::new(), registers, early: VecDeque::new() }
    }

    /// Share of the public constant 1.
    pub(crate) fn one(&self) -> Lanes {
        Lanes::constant(self.role == Role::Client)
    }

    /// Writes what the client says of its gates offline.
    pub(crate) fn send_early(&self, schedule: &Schedule, writer: &mut PlaneWriter<'_>) {
        for gate in schedule.early_gates() {
            self.write(gate, writer, gate.early_choices(self.role), gate.early_offers(self.role));
        }
    }

    /// Keeps what the client says offline.
    pub(crate) fn receive_early(&mut self, schedule: &Schedule, reader: &mut PlaneReader<'_>) {
        let planes = schedule.early_gates().map(|gate| gate.early_planes(self.role.peer())).sum();
        self.early = (0..planes).map(|_| reader.take()).collect();
    }

    /// Writes what this party sends for `gate` in its round.
    pub(crate) fn send_gate(&self, gate: &Gate, writer: &mut PlaneWriter<'_>) {
        self.write(gate, writer, !gate.early_choices(self.role), !gate.early_offers(self.role));
    }

    /// Choice corrections, then masked offers, each if asked for.
    fn write(&self, gate: &Gate, writer: &mut PlaneWriter<'_>, choices: bool, offers: bool) {
        if choices {
            self.corrections(gate).into_iter().for_each(|plane| writer.put(plane));
        }
        if offers {
            let masked = self.offers(gate).into_iter().zip(self.pads(gate));
            masked.for_each(|(offer, pad)| writer.put(offer ^ pad.difference));
        }
    }

    /// This party's OTs from `gate` on as their receiver.
    fn chosen(&self, gate: &Gate) -> &[ReceivedUnit] {
        &self.received[gate.first_ot[self.role.index()]..]
    }

    /// What shows the peer the difference of each choice to the random one.
    fn corrections(&self, gate: &Gate) -> Vec<Lanes> {
        let choices = gate.kind.choices(self.role, self).into_iter();
        choices.zip(self.chosen(gate)).map(|(choice, unit)| choice ^ unit.choice).collect()
    }

    /// The pads of this party's offers from `gate` on.
    fn pads(&self, gate: &Gate) -> impl Iterator<Item = &BitPads> {
        self.sent[gate.first_ot[self.role.peer().index()]..].iter().flat_map(|unit| &unit.bits)
    }

    /// This party's offers, those of links with the pads they take along.
    fn offers(&self, gate: &Gate) -> Vec<Lanes> {
        let mut offers = gate.kind.offers(self.role, self);
        if !offers.is_empty() {
            for link in gate.kind.links() {
                offers[link.carrier] ^= self.pads(gate).nth(link.low).map_or(Lanes::ZERO, |pad| pad.zero);
            }
        }
        offers
    }

    /// Reads what the peer sent for `gate` and sets the gate's outputs.
    pub(crate) fn receive_gate(&mut self, gate: &Gate, reader: &mut PlaneReader<'_>) {
        let mut outputs = gate.kind.local(self);
        self.add_offered(gate, reader, &mut outputs);
        self.add_chosen(gate, reader, &mut outputs);
        self.registers[gate.first_output..gate.first_output + outputs.len()].copy_from_slice(&outputs);
    }

    /// The next plane from the peer: one of those that came offline, if `early`.
    fn take(&mut self, early: bool, reader: &mut PlaneReader<'_>) -> Lanes {
        if early { self.early.pop_front().unwrap_or_default() } else { reader.take() }
    }

    /// Adds this party's shares of the products with its offers.
    fn add_offered(&mut self, gate: &Gate, reader: &mut PlaneReader<'_>, outputs: &mut [Lanes]) {
        let peer = self.role.peer();
        let routes = gate.kind.routes(peer);
        let early = gate.early_choices(peer);
        let corrections: Vec<Lanes> = routes.iter().map(|_| self.take(early, reader)).collect();
        let targets =
            corrections.iter().zip(&routes).flat_map(|(d, route)| route.iter().map(move |to| (*d, to)));
        let masked = self.offers(gate).into_iter().zip(self.pads(gate));
        let mut products = Vec::new();
        for ((offer, pad), (correction, output)) in masked.zip(targets) {
            let product = correction & offer ^ pad.zero;
            if let Some(output) = output {
                outputs[*output] ^= product;
            }
            products.push(product);
        }
        if let [_, low] = corrections[..] {
            for link in gate.kind.links() {
                outputs[link.output] ^= low & products[link.high];
            }
        }
        products.zeroize();
    }

    /// Adds this party's shares of the products with its choices.
    fn add_chosen(&mut self, gate: &Gate, reader: &mut PlaneReader<'_>, outputs: &mut [Lanes]) {
        let routes = gate.kind.routes(self.role);
        let early = gate.early_offers(self.role.peer());
        let mut products = Vec::new();
        for (index, route) in routes.iter().enumerate() {
            for (offer, output) in route.iter().enumerate() {
                let plane = self.take(early, reader);
                let unit = &self.chosen(gate)[index];
                let product = unit.choice & plane ^ unit.bits[offer];
                if let Some(output) = output {
                    outputs[*output] ^= product;
                }
                products.push(product);
            }
        }
        let links = gate.kind.links();
        if !links.is_empty()
            && let [high, _] = gate.kind.choices(self.role, self)[..]
            && let [_, low] = self.corrections(gate)[..]
        {
            for link in links {
                outputs[link.output] ^= low & products[link.high] ^ high & products[link.low];
            }
        }
        products.zeroize();
    }
}
