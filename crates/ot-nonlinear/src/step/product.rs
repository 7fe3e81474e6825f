//! The product of one party's bit and the other's residue from one correlated OT, both sides.
//!
//! The formula and its cost stand in `circuit::ring`. A product whose choice may be random sends no
//! correction.

use crate::bits::lanes::{Lanes, from_planes, to_bits, to_planes};
use crate::bits::wire::{PlaneReader, PlaneWriter};
use crate::step::party::Party;

/// 1 - 2 bit: the sign that a bit gives.
pub(crate) const fn sign(bit: u32) -> u32 {
    1_u32.wrapping_sub(2 * bit)
}

impl Party {
    /// As receiver of OT `ot`: sends the correction that turns its random choice into `choice`.
    pub(crate) fn send_choice(&self, ot: usize, choice: Lanes, writer: &mut PlaneWriter<'_>) {
        writer.put(choice ^ self.received[ot].choice);
    }

    /// As sender of OT `ot`: sends the masked `offer` mod 2^`width`.
    pub(crate) fn send_offer(
        &self,
        ot: usize,
        mut offer: Vec<u32>,
        width: u32,
        writer: &mut PlaneWriter<'_>,
    ) {
        let pads = &self.sent[ot].pads;
        offer.iter_mut().zip(pads).for_each(|(offer, pad)| *offer = offer.wrapping_sub(pad.difference));
        to_planes(&offer, width).into_iter().for_each(|plane| writer.put(plane));
    }

    /// As sender: adds its shares of choice * offer to `product`, given the receiver's correction.
    pub(crate) fn add_sent(&self, ot: usize, correction: Lanes, offer: &[u32], product: &mut [u32]) {
        let pads = self.sent[ot].pads.iter().zip(to_bits(&correction)).zip(offer);
        for (product, ((pad, d), offer)) in product.iter_mut().zip(pads) {
            *product = product.wrapping_add(d * offer).wrapping_sub(sign(d).wrapping_mul(pad.zero));
        }
    }

    /// As receiver: reads the offer and adds its shares of choice * offer to `product`. `choice` is
    /// absent where it was random.
    pub(crate) fn add_received(
        &self,
        ot: usize,
        choice: Option<Lanes>,
        width: u32,
        reader: &mut PlaneReader<'_>,
        product: &mut [u32],
    ) {
        let unit = &self.received[ot];
        let correction = choice.map_or(Lanes::ZERO, |choice| choice ^ unit.choice);
        let offers = from_planes(&reader.take_many(width));
        let bits = to_bits(&unit.choice).into_iter().zip(to_bits(&correction));
        let pads = unit.pads.iter().zip(offers);
        for ((product, (r, d)), (pad, offer)) in product.iter_mut().zip(bits).zip(pads) {
            let opened = pad.wrapping_add(r.wrapping_neg() & offer);
            *product = product.wrapping_add(sign(d).wrapping_mul(opened));
        }
    }
}
