//! The ring gates of a round on one chunk: selection of the larger accumulator and of the range,
//! shares of the result.
//!
//! The formulas stand in `circuit::ring`. Both roles share this code. What differs is who chooses
//! and who offers.

use shares::Ring;
use zeroize::Zeroize;

use crate::bits::lanes::{LANES, Lanes, to_bits, to_planes};
use crate::bits::wire::{PlaneReader, PlaneWriter};
use crate::circuit::{RingGate, RingKind, Shares, Wire, Word};
use crate::shape::small_ell;
use crate::step::chunk::Chunk;
use crate::step::product::sign;

impl Chunk {
    /// Share of [`word` >= 0] from the carry into its sign. It is zero if the circuit has no such
    /// carry.
    fn not_negative(&self, word: Word, carry: Option<usize>) -> Lanes {
        let sign = self.circuit.shape.ell - 1;
        carry.map_or(Lanes::ZERO, |carry| self.party.wire(Wire::NotNegative(word, sign, carry)))
    }

    /// Share of [a >= b].
    fn first_is_larger(&self) -> Lanes {
        self.not_negative(Word::Difference, self.circuit.carries.difference_sign)
    }

    /// Share of [value >= 2^(shift + bits)]: the lowered value is not negative. Zero without
    /// headroom.
    fn over(&self) -> Lanes {
        self.not_negative(Word::Lowered, self.circuit.carries.lowered_sign)
    }

    /// Share of [0 <= value < 2^(shift + bits)]. What is over is not negative.
    fn in_range(&self) -> Lanes {
        self.not_negative(Word::Value, Some(self.circuit.carries.sign)) ^ self.over()
    }

    /// Share of the carry into bit `shift`.
    fn shift_carry(&self) -> Lanes {
        self.circuit.carries.shift.map_or(Lanes::ZERO, |carry| self.party.wire(Wire::Register(carry)))
    }

    /// The party's random share of rho: its choices in the first OT, the mask.
    fn rho(&self) -> Lanes {
        self.party.received.first().map_or(Lanes::ZERO, |unit| unit.choice)
    }

    /// Top bit of the share of the result in the small ring.
    fn top_bit(&self) -> Vec<u32> {
        let top = small_ell(&self.circuit.shape) - 1;
        self.result.iter().map(|y| y >> top & 1).collect()
    }

    /// What the receiver of `kind` chooses by. Masks choose at random.
    fn ring_choice(&self, kind: RingKind) -> Lanes {
        match kind {
            RingKind::ShiftCarry => self.shift_carry(),
            RingKind::Multiplex => self.in_range(),
            RingKind::Saturate => self.over(),
            RingKind::Lift => to_planes(&self.top_bit(), 1)[0],
            RingKind::MaskOffline | RingKind::MaskOnline | RingKind::Open => Lanes::ZERO,
        }
    }

    /// What the sender of `kind` offers.
    fn ring_offer(&self, kind: RingKind) -> Vec<u32> {
        let signed = |bits: Lanes, values: &[u32]| {
            to_bits(&bits).iter().zip(values).map(|(bit, value)| sign(*bit).wrapping_mul(*value)).collect()
        };
        match kind {
            RingKind::MaskOffline | RingKind::MaskOnline => signed(self.rho(), &self.difference),
            RingKind::ShiftCarry => to_bits(&self.shift_carry()),
            RingKind::Multiplex => signed(self.in_range(), &self.shifted),
            RingKind::Saturate => to_bits(&self.over()),
            RingKind::Lift => self.top_bit(),
            RingKind::Open => Vec::new(),
        }
    }

    /// Writes what this party sends for `gate`: its choice correction, then its masked offer.
    pub(crate) fn send_ring(&self, gate: &RingGate, writer: &mut PlaneWriter<'_>) {
        let role = self.party.role;
        if gate.kind == RingKind::Open {
            writer.put(self.first_is_larger() ^ self.rho());
        }
        if let (Some(ot), true) = (gate.ot[role.index()], gate.kind.corrected()) {
            self.party.send_choice(ot, self.ring_choice(gate.kind), writer);
        }
        if let Some(ot) = gate.ot[role.peer().index()] {
            self.party.send_offer(ot, self.ring_offer(gate.kind), gate.width, writer);
        }
    }

    /// Reads what the peer sent for `gate` and applies the result.
    pub(crate) fn receive_ring(&mut self, gate: &RingGate, reader: &mut PlaneReader<'_>) {
        if gate.kind == RingKind::Open {
            let selection = self.first_is_larger() ^ self.rho() ^ reader.take();
            return self.select(selection);
        }
        let role = self.party.role;
        let mut product = vec![0; LANES];
        if let Some(ot) = gate.ot[role.peer().index()] {
            let correction = if gate.kind.corrected() { reader.take() } else { Lanes::ZERO };
            let mut offer = self.ring_offer(gate.kind);
            self.party.add_sent(ot, correction, &offer, &mut product);
            offer.zeroize();
        }
        if let Some(ot) = gate.ot[role.index()] {
            let choice = gate.kind.corrected().then(|| self.ring_choice(gate.kind));
            self.party.add_received(ot, choice, gate.width, reader, &mut product);
        }
        self.apply(gate.kind, &product);
        product.zeroize();
    }

    /// m = b + T d + (1 - 2T) rho d with T in clear.
    fn select(&mut self, selection: Lanes) {
        let mask = Ring::new(self.circuit.shape.ell).mask();
        let rho = to_bits(&self.rho());
        let bits = to_bits(&selection).into_iter().zip(rho);
        let inputs = self.difference.iter().zip(&self.second).zip(&self.masked);
        let value = bits.zip(inputs).map(|((t, rho), ((d, b), masked))| {
            let product = masked.wrapping_add(rho * d);
            b.wrapping_add(t * d).wrapping_add(sign(t).wrapping_mul(product)) & mask
        });
        let value = value.collect();
        self.set_value(value);
    }

    /// Adds the shares of a finished product to what it belongs to.
    fn apply(&mut self, kind: RingKind, product: &[u32]) {
        let shape = self.circuit.shape;
        let narrow = Ring::new(small_ell(&shape)).mask();
        match kind {
            RingKind::MaskOffline | RingKind::MaskOnline => {
                self.masked.iter_mut().zip(product).for_each(|(masked, p)| *masked = masked.wrapping_add(*p));
            }
            RingKind::ShiftCarry => {
                let carry = to_bits(&self.shift_carry());
                for ((shifted, bit), p) in self.shifted.iter_mut().zip(carry).zip(product) {
                    *shifted = shifted.wrapping_add(bit).wrapping_sub(2_u32.wrapping_mul(*p)) & narrow;
                }
            }
            RingKind::Multiplex => {
                let bits = to_bits(&self.in_range());
                let shares = bits.into_iter().zip(&self.shifted).zip(product);
                self.result =
                    shares.map(|((r, shifted), p)| (r * shifted).wrapping_add(*p) & narrow).collect();
            }
            RingKind::Saturate => {
                let largest = Ring::new(shape.bits).mask();
                let bits = to_bits(&self.over());
                for ((result, bit), p) in self.result.iter_mut().zip(bits).zip(product) {
                    let over = bit.wrapping_sub(2_u32.wrapping_mul(*p));
                    *result = result.wrapping_add(largest.wrapping_mul(over)) & narrow;
                }
            }
            RingKind::Lift => {
                let (mask, step) = (Ring::new(shape.out_ell).mask(), 1_u32 << small_ell(&shape));
                let bits = self.top_bit();
                for ((result, bit), p) in self.result.iter_mut().zip(bits).zip(product) {
                    let wrap = bit.wrapping_sub(*p);
                    *result = result.wrapping_sub(step.wrapping_mul(wrap)) & mask;
                }
            }
            RingKind::Open => {}
        }
    }
}
