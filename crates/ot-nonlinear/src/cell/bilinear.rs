//! Sums of products of XOR-shared bytes in one exchange, both roles. The formulas stand in
//! `circuit::bilinear`.

use rayon::prelude::*;
use shares::{Ring, Role};
use zeroize::{Zeroize, ZeroizeOnDrop, Zeroizing};

use crate::bits::lanes::{LANES, Lanes, to_bits, to_planes};
use crate::bits::wire::{PlaneReader, PlaneWriter, read_chunks, write_chunks};
use crate::circuit::{BITS, BilinearPlan, Byte, Factors, Product, Term};
use crate::error::StepError;
use crate::material::units::{ReceivedMaterial, SentMaterial};
use crate::step::party::Party;
use crate::step::product::sign;

/// A party before its message.
///
/// The material masks one message: [`Bilinear::send`] consumes it.
pub(crate) struct Bilinear {
    plan: BilinearPlan,
    role: Role,
    chunks: Vec<Chunk>,
}

/// A party between its own message and its peer's.
pub(crate) struct SentBilinear(Bilinear);

/// One party's shares for a chunk of instances.
#[derive(Zeroize, ZeroizeOnDrop)]
struct Chunk {
    party: Party,
    /// The bytes, and their bits as planes.
    bytes: Vec<Vec<u8>>,
    planes: Vec<Vec<Lanes>>,
    residues: Vec<Vec<u32>>,
    /// The results.
    sums: Vec<Vec<u32>>,
}

impl Chunk {
    /// Takes the shares of the instances of chunk `index`.
    fn input(&mut self, index: usize, bytes: &[&[u8]], residues: &[&[u32]]) {
        let range = index * LANES..index * LANES + self.party.lanes;
        for shares in bytes {
            let shares = shares[range.clone()].to_vec();
            let words = Zeroizing::new(shares.iter().map(|share| u32::from(*share)).collect::<Vec<_>>());
            self.planes.push(to_planes(&words, BITS));
            self.bytes.push(shares);
        }
        self.residues = residues.iter().map(|shares| shares[range.clone()].to_vec()).collect();
    }

    fn bit(&self, byte: Byte, bit: u32) -> Lanes {
        self.planes[byte.index][bit as usize]
    }

    /// The values of the party's shares of a byte.
    fn values(&self, byte: Byte) -> Zeroizing<Vec<u32>> {
        let value = |share: &u8| {
            if byte.signed { i32::from(share.cast_signed()).cast_unsigned() } else { u32::from(*share) }
        };
        Zeroizing::new(self.bytes[byte.index].iter().map(value).collect())
    }

    /// What the receiver of `term` chooses by.
    fn choice(&self, term: &Term) -> Lanes {
        match term.factors {
            Factors::Residue(x, bit, _) | Factors::Share(x, bit, _) | Factors::Bit(x, bit) => {
                self.bit(x, bit)
            }
            Factors::Cross(x, i, y, j) => self.bit(x, i) & self.bit(y, j),
        }
    }

    /// What the sender of `term` offers, with the sign of its weight.
    fn offer(&self, term: &Term) -> Vec<u32> {
        let signed = |bits: Lanes, values: &[u32]| -> Vec<u32> {
            to_bits(&bits).iter().zip(values).map(|(bit, value)| sign(*bit).wrapping_mul(*value)).collect()
        };
        let mut offer = match term.factors {
            Factors::Residue(x, bit, residue) => signed(self.bit(x, bit), &self.residues[residue]),
            Factors::Share(x, bit, y) => signed(self.bit(x, bit), &self.values(y)),
            Factors::Cross(x, i, y, j) => to_bits(&(self.bit(x, i) ^ self.bit(y, j))),
            Factors::Bit(x, bit) => to_bits(&self.bit(x, bit)),
        };
        if term.negative {
            offer.iter_mut().for_each(|offer| *offer = offer.wrapping_neg());
        }
        offer.truncate(self.party.lanes);
        offer
    }

    /// What the party adds of `product` alone.
    fn local(&self, product: Product) -> Zeroizing<Vec<u32>> {
        let multiply = |x: Byte, y: &[u32]| {
            Zeroizing::new(self.values(x).iter().zip(y).map(|(x, y)| x.wrapping_mul(*y)).collect::<Vec<_>>())
        };
        match product {
            Product::Scale(x, residue) => multiply(x, &self.residues[residue]),
            Product::Multiply(x, y) => multiply(x, &self.values(y)),
            Product::Convert(x) => self.values(x),
        }
    }

    fn send(&self, plan: &BilinearPlan, writer: &mut PlaneWriter<'_>) {
        let role = self.party.role;
        for term in plan.terms() {
            if let Some(ot) = term.ot[role.index()] {
                self.party.send_choice(ot, self.choice(term), writer);
            }
            if let Some(ot) = term.ot[role.peer().index()] {
                self.party.send_offer(ot, self.offer(term), term.width, writer);
            }
        }
    }

    /// Computes the shares of each sum.
    fn receive(&mut self, plan: &BilinearPlan, reader: &mut PlaneReader<'_>) {
        let role = self.party.role;
        let mut sums = vec![vec![0_u32; self.party.lanes]; plan.sums().len()];
        let mut add = |sum: usize, shift: u32, values: &[u32]| {
            let shares = sums[sum].iter_mut().zip(values);
            shares.for_each(|(sum, value)| *sum = sum.wrapping_add(value << shift));
        };
        for (index, sum) in plan.sums().iter().enumerate() {
            sum.products.iter().for_each(|product| add(index, 0, &self.local(*product)));
        }
        for term in plan.terms() {
            let mut product = Zeroizing::new(vec![0; self.party.lanes]);
            if let Some(ot) = term.ot[role.peer().index()] {
                let mut offer = self.offer(term);
                self.party.add_sent(ot, reader.take(), &offer, &mut product);
                offer.zeroize();
            }
            if let Some(ot) = term.ot[role.index()] {
                let choice = Some(self.choice(term));
                self.party.add_received(ot, choice, term.width, reader, &mut product);
            }
            add(term.sum, term.shift, &product);
        }
        for (sum, shares) in plan.sums().iter().zip(&mut sums) {
            shares.iter_mut().for_each(|share| *share &= Ring::new(sum.width).mask());
        }
        self.sums = sums;
    }
}

impl Bilinear {
    /// Consumes the material.
    ///
    /// # Errors
    /// If the material belongs to another plan or role.
    pub(crate) fn new(
        plan: &BilinearPlan,
        role: Role,
        mut received: ReceivedMaterial,
        mut sent: SentMaterial,
    ) -> Result<Self, StepError> {
        received.check(plan.schedule(), role)?;
        sent.check(plan.schedule(), role)?;
        let count = plan.schedule().count();
        let units = received.chunks.drain(..).zip(sent.chunks.drain(..)).enumerate();
        let chunks = units.map(|(index, (received, sent))| {
            let lanes = (count - index * LANES).min(LANES);
            let party = Party::new(plan.schedule(), role, lanes, received, sent);
            Chunk { party, bytes: Vec::new(), planes: Vec::new(), residues: Vec::new(), sums: Vec::new() }
        });
        Ok(Self { plan: plan.clone(), role, chunks: chunks.collect() })
    }

    /// Takes the party's shares of the bytes and residues, each of all instances.
    ///
    /// Gives the party's message and what waits for the peer's.
    ///
    /// # Errors
    /// If there are not as many shares as instances.
    pub(crate) fn send(
        mut self,
        bytes: &[&[u8]],
        residues: &[&[u32]],
    ) -> Result<(Vec<u8>, SentBilinear), StepError> {
        let expected = self.plan.schedule().count();
        let mut found = bytes.iter().map(|b| b.len()).chain(residues.iter().map(|r| r.len()));
        if let Some(found) = found.find(|found| *found != expected) {
            return Err(StepError::ShareCount { expected, found });
        }
        self.chunks.par_iter_mut().enumerate().for_each(|(index, chunk)| chunk.input(index, bytes, residues));
        let planes = self.plan.planes(self.role);
        let message =
            write_chunks(&self.chunks, planes, expected, |chunk, writer| chunk.send(&self.plan, writer));
        Ok((message, SentBilinear(self)))
    }
}

impl SentBilinear {
    /// The party's shares of each sum, from the peer's message.
    ///
    /// # Errors
    /// If the message has the wrong length.
    pub(crate) fn finish(self, message: &[u8]) -> Result<Vec<Vec<u32>>, StepError> {
        let Bilinear { plan, role, mut chunks } = self.0;
        let (planes, count) = (plan.planes(role.peer()), plan.schedule().count());
        read_chunks(&mut chunks, planes, count, message, |chunk, reader| chunk.receive(&plan, reader))?;
        let mut sums = vec![Vec::with_capacity(count); plan.sums().len()];
        for chunk in &chunks {
            sums.iter_mut().zip(&chunk.sums).for_each(|(sum, shares)| sum.extend_from_slice(shares));
        }
        Ok(sums)
    }
}
