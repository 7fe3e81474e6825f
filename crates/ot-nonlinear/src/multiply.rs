//! Multiplication of shares: x y mod 2^w from shares of x and y, in one exchange (Gilboa, CRYPTO 1999).
//!
//! x y = x0 y0 + x1 y1 + x0 y1 + x1 y0. A mixed product is the sum over the bits i of the chooser's share of x of bit *
//! (2^i times the other's share of y), each one OT mod 2^(w - i): 1 + w - i bits. Both directions cost w (w + 3) bits and 2 w OTs.

use rayon::prelude::*;
use zeroize::{Zeroize, ZeroizeOnDrop};

use crate::chunk::ring_mask;
use crate::circuit::MultiplyPlan;
use crate::error::StepError;
use crate::lanes::{LANES, to_planes};
use crate::material::{ReceivedMaterial, SentMaterial};
use crate::party::Party;
use crate::shape::Role;
use crate::wire::{PlaneReader, PlaneWriter, check_length, chunk_bytes, message_bytes};

/// A party between its message and its peer's.
pub struct Multiplication {
    plan: MultiplyPlan,
    chunks: Vec<Chunk>,
}

/// One party's factors for a chunk of products.
#[derive(Zeroize, ZeroizeOnDrop)]
struct Chunk {
    #[zeroize(skip)]
    width: u32,
    party: Party,
    x: Vec<u32>,
    y: Vec<u32>,
}

impl Chunk {
    /// What is offered to bit `bit` of the peer's share of x, before its factor 2^bit.
    fn offer(&self) -> Vec<u32> {
        let mut offer = self.y.clone();
        offer.resize(LANES, 0);
        offer
    }

    fn send(&self, writer: &mut PlaneWriter<'_>) {
        for (ot, (choice, width)) in to_planes(&self.x, self.width).into_iter().zip(self.widths()).enumerate()
        {
            self.party.send_choice(ot, choice, writer);
            self.party.send_offer(ot, self.offer(), width, writer);
        }
    }

    /// The product mod 2^(w - i) of bit i, for each i.
    fn widths(&self) -> impl Iterator<Item = u32> + use<> {
        (1..=self.width).rev()
    }

    fn receive(&self, reader: &mut PlaneReader<'_>) -> Vec<u32> {
        let mut sum: Vec<u32> = self.x.iter().zip(&self.y).map(|(x, y)| x.wrapping_mul(*y)).collect();
        let offer = self.offer();
        for (ot, (choice, width)) in to_planes(&self.x, self.width).into_iter().zip(self.widths()).enumerate()
        {
            let mut product = vec![0; LANES];
            let correction = reader.take();
            self.party.add_sent(ot, correction, &offer, &mut product);
            self.party.add_received(ot, Some(choice), width, reader, &mut product);
            sum.iter_mut().zip(product).for_each(|(sum, product)| *sum = sum.wrapping_add(product << ot));
        }
        sum.iter_mut().for_each(|sum| *sum &= ring_mask(self.width));
        sum
    }
}

impl Multiplication {
    /// Consumes the material and the shares of both factors; returns the message and what waits for the peer's.
    ///
    /// # Errors
    /// If the material belongs to another plan or role, or the shares are not residues of the plan.
    pub fn start(
        plan: &MultiplyPlan,
        role: Role,
        mut received: ReceivedMaterial,
        mut sent: SentMaterial,
        x: &[u32],
        y: &[u32],
    ) -> Result<(Vec<u8>, Self), StepError> {
        received.check(plan, role)?;
        sent.check(plan, role)?;
        let width = plan.width();
        for shares in [x, y] {
            if shares.len() != plan.count() {
                return Err(StepError::ShareCount { expected: plan.count(), found: shares.len() });
            }
            if shares.iter().fold(0, |all, share| all | share) & !ring_mask(width) != 0 {
                return Err(StepError::ShareRange);
            }
        }
        let units = received.chunks.drain(..).zip(sent.chunks.drain(..));
        let factors = x.chunks(LANES).zip(y.chunks(LANES));
        let chunks: Vec<Chunk> = units
            .zip(factors)
            .map(|((received, sent), (x, y))| {
                let party = Party::new(plan, role, x.len(), received, sent);
                Chunk { width, party, x: x.to_vec(), y: y.to_vec() }
            })
            .collect();
        let planes = plan.bits(role, 0);
        let mut message = vec![0; message_bytes(planes, plan.count())];
        let parts = message.par_chunks_mut(chunk_bytes(planes, plan.count()));
        chunks.par_iter().zip(parts).for_each(|(chunk, bytes)| {
            chunk.send(&mut PlaneWriter::new(bytes, chunk.party.lanes));
        });
        Ok((message, Self { plan: plan.clone(), chunks }))
    }

    /// The party's shares of the products, from the peer's message.
    ///
    /// # Errors
    /// If the message has the wrong length.
    pub fn finish(self, message: &[u8]) -> Result<Vec<u32>, StepError> {
        let planes = self.plan.bits(Role::Client, 0);
        check_length(message, message_bytes(planes, self.plan.count()))?;
        let parts = message.par_chunks(chunk_bytes(planes, self.plan.count()));
        let products = self.chunks.par_iter().zip(parts);
        Ok(products
            .flat_map_iter(|(chunk, bytes)| chunk.receive(&mut PlaneReader::new(bytes, chunk.party.lanes)))
            .collect())
    }
}
