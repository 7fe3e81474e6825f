//! Random unit vectors, both roles. The formulas stand in `circuit::unit_vector`.
//!
//! ```text
//! both: new(material, randomness)
//! for each round:       <-- both send, then -->  outgoing / incoming       UnitVectorPlan::rounds exchanges
//!                           both receive
//! both: finish -> the shares, one UnitVector for each look-up
//! ```
//! Nothing depends on an input: all of it goes offline.

use rand_core::CryptoRng;
use rayon::prelude::*;
use shares::Role;
use zeroize::{Zeroize, ZeroizeOnDrop, Zeroizing};

use crate::bits::lanes::{LANES, Lanes, from_planes, to_bits, to_planes};
use crate::bits::wire::{PlaneReader, PlaneWriter, read_chunks, write_chunks};
use crate::circuit::{CONVERTED, Exchange, INDEX_BITS, UnitVectorPlan, conversion_width};
use crate::error::StepError;
use crate::material::units::{ReceivedMaterial, SentMaterial};
use crate::step::party::Party;

/// Bits of a vector.
pub(crate) const ENTRIES: usize = 1 << INDEX_BITS;
/// Planes that are transposed at a time.
const WORD: usize = u32::BITS as usize;

/// A party's shares of a random index and of its unit vector, for one look-up.
#[derive(Zeroize, ZeroizeOnDrop)]
pub struct UnitVector {
    /// Mod 256.
    pub(crate) index: u8,
    /// Bit k % 64 of word k / 64 is the XOR share of entry k.
    pub(crate) entries: [u64; ENTRIES / 64],
}

/// One party of the making of random unit vectors.
pub struct UnitVectors {
    plan: UnitVectorPlan,
    role: Role,
    chunks: Vec<Chunk>,
    round: usize,
    /// This round's message was handed out.
    sent: bool,
}

/// One party's shares for a chunk of vectors.
#[derive(Zeroize, ZeroizeOnDrop)]
struct Chunk {
    party: Party,
    /// The index's bits.
    bits: Vec<Lanes>,
    /// Additive shares of the indices but for what the party adds alone.
    index: Vec<u32>,
    /// Products of neighbouring bits, by the set of bits: 8 lists of 2, then 4 of 4, 2 of 16, one
    /// of 256. The product of no bits is 1.
    products: Vec<Vec<Lanes>>,
}

impl Chunk {
    /// Takes the party's random bits.
    fn new(party: Party, random: &[u8]) -> Self {
        let words = Zeroizing::new(random.iter().map(|byte| u32::from(*byte)).collect::<Vec<_>>());
        let bits = to_planes(&words, INDEX_BITS as u32);
        let products = bits.iter().map(|bit| vec![party.one(), *bit]).collect();
        let index = words.to_vec();
        Self { party, bits, index, products }
    }

    /// The factors of a pair, left (higher bits) and right, without the constants.
    fn pair(&self, pair: usize) -> (&[Lanes], &[Lanes]) {
        (&self.products[2 * pair + 1][1..], &self.products[2 * pair][1..])
    }

    fn send(&self, exchange: &Exchange, writer: &mut PlaneWriter<'_>) {
        for pair in 0..exchange.pairs {
            let (left, right) = self.pair(pair);
            for (row, choice) in left.iter().enumerate() {
                self.party.send_choice(exchange.ot(self.party.role, pair, row), *choice, writer);
            }
            for row in 0..exchange.factors {
                let pads = &self.party.sent[exchange.ot(self.party.role.peer(), pair, row)].bits;
                right.iter().zip(pads).for_each(|(offer, pad)| writer.put(*offer ^ pad.difference));
            }
        }
    }

    fn receive(&mut self, exchange: &Exchange, reader: &mut PlaneReader<'_>) {
        let pairs = (0..exchange.pairs).map(|pair| self.outer_product(exchange, pair, reader));
        let products = pairs.collect();
        self.products.zeroize();
        self.products = products;
    }

    /// The products of all sets of bits of a pair, by set.
    fn outer_product(&self, exchange: &Exchange, pair: usize, reader: &mut PlaneReader<'_>) -> Vec<Lanes> {
        let (left, right) = self.pair(pair);
        let size = exchange.factors + 1;
        // Room is made once, so that no copy stays behind unwiped.
        let mut products = Vec::with_capacity(size * size);
        products.extend_from_slice(&self.products[2 * pair]);
        for (row, left) in left.iter().enumerate() {
            let correction = reader.take();
            let pads = &self.party.sent[exchange.ot(self.party.role.peer(), pair, row)].bits;
            products.push(*left);
            products
                .extend(right.iter().zip(pads).map(|(right, pad)| (correction ^ *left) & *right ^ pad.zero));
        }
        for row in 0..exchange.factors {
            let unit = &self.party.received[exchange.ot(self.party.role, pair, row)];
            for (product, pad) in products[(row + 1) * size + 1..].iter_mut().zip(&unit.bits) {
                *product ^= unit.choice & reader.take() ^ *pad;
            }
        }
        products
    }

    /// The mixed terms of the index, c_i s_i. The client chooses.
    fn send_index(&self, writer: &mut PlaneWriter<'_>) {
        for (bit, plane) in self.bits.iter().enumerate().take(CONVERTED) {
            match self.party.role {
                Role::Client => self.party.send_choice(bit, *plane, writer),
                Role::Server => {
                    self.party.send_offer(bit, negated(plane), conversion_width(bit), writer);
                }
            }
        }
    }

    fn receive_index(&mut self, reader: &mut PlaneReader<'_>) {
        for bit in 0..CONVERTED {
            let plane = self.bits[bit];
            let mut mixed = Zeroizing::new(vec![0; LANES]);
            match self.party.role {
                Role::Client => {
                    self.party.add_received(bit, Some(plane), conversion_width(bit), reader, &mut mixed);
                }
                Role::Server => self.party.add_sent(bit, reader.take(), &negated(&plane), &mut mixed),
            }
            let shares = self.index.iter_mut().zip(mixed.iter());
            shares.for_each(|(share, mixed)| *share = share.wrapping_add(mixed << (bit + 1)));
        }
    }

    /// The shares of each vector: entry k is the XOR of the products of the sets that contain k.
    fn vectors(&mut self) -> Vec<UnitVector> {
        let mut planes = Zeroizing::new(self.products.pop().unwrap_or_default());
        for bit in 0..INDEX_BITS {
            for pair in planes.chunks_exact_mut(2 << bit) {
                let (without, with) = pair.split_at_mut(1 << bit);
                without.iter_mut().zip(with).for_each(|(without, with)| *without ^= *with);
            }
        }
        let words: Vec<_> = planes.chunks(WORD).map(|planes| Zeroizing::new(from_planes(planes))).collect();
        let vector = |(lane, index): (usize, &u32)| {
            let word = |half: usize| u64::from(words[half][lane]);
            let entries = core::array::from_fn(|index| word(2 * index) | word(2 * index + 1) << WORD);
            UnitVector { index: *index as u8, entries }
        };
        self.index.iter().enumerate().map(vector).collect()
    }
}

/// Minus each bit.
fn negated(plane: &Lanes) -> Vec<u32> {
    to_bits(plane).into_iter().map(u32::wrapping_neg).collect()
}

impl UnitVectors {
    /// Consumes the material. `rng` gives the party's half of the indices and must be secret and
    /// fresh.
    ///
    /// # Errors
    /// If the material belongs to another plan or role.
    pub fn new(
        plan: &UnitVectorPlan,
        role: Role,
        mut received: ReceivedMaterial,
        mut sent: SentMaterial,
        rng: &mut impl CryptoRng,
    ) -> Result<Self, StepError> {
        received.check(plan.schedule(), role)?;
        sent.check(plan.schedule(), role)?;
        let mut random = Zeroizing::new(vec![0; plan.count()]);
        rng.fill_bytes(&mut random);
        let units = received.chunks.drain(..).zip(sent.chunks.drain(..)).zip(random.chunks(LANES));
        let chunks = units.map(|((received, sent), random)| {
            Chunk::new(Party::new(plan.schedule(), role, random.len(), received, sent), random)
        });
        Ok(Self { plan: plan.clone(), role, chunks: chunks.collect(), round: 0, sent: false })
    }

    /// This round's message, [`UnitVectorPlan::client_bytes`] or [`UnitVectorPlan::server_bytes`]
    /// long.
    ///
    /// # Errors
    /// [`StepError::Order`] if it was already taken or the last round has ended.
    pub fn outgoing(&mut self) -> Result<Vec<u8>, StepError> {
        let Some(exchange) = self.plan.exchange(self.round).filter(|_| !self.sent) else {
            return Err(StepError::Order);
        };
        self.sent = true;
        let planes = self.plan.planes(self.role, self.round);
        Ok(write_chunks(&self.chunks, planes, self.plan.count(), |chunk, writer| {
            if self.round == 0 {
                chunk.send_index(writer);
            }
            chunk.send(exchange, writer);
        }))
    }

    /// Takes the peer's message of this round, after [`UnitVectors::outgoing`].
    ///
    /// # Errors
    /// If it has the wrong length, or comes out of order.
    pub fn incoming(&mut self, message: &[u8]) -> Result<(), StepError> {
        let (plan, first) = (self.plan.clone(), self.round == 0);
        let Some(exchange) = plan.exchange(self.round).filter(|_| self.sent) else {
            return Err(StepError::Order);
        };
        let planes = plan.planes(self.role.peer(), self.round);
        read_chunks(&mut self.chunks, planes, plan.count(), message, |chunk, reader| {
            if first {
                chunk.receive_index(reader);
            }
            chunk.receive(exchange, reader);
        })?;
        self.round += 1;
        self.sent = false;
        Ok(())
    }

    /// The party's shares, after the last round.
    ///
    /// # Errors
    /// [`StepError::Order`] before the last round has ended.
    pub fn finish(mut self) -> Result<Vec<UnitVector>, StepError> {
        if self.round != self.plan.rounds() {
            return Err(StepError::Order);
        }
        Ok(self.chunks.par_iter_mut().map(Chunk::vectors).flatten_iter().collect())
    }
}
