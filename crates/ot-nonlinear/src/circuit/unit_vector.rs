//! The plan of random unit vectors: shares of a random index, and of the vector of 256 bits that
//! has its one there.
//!
//! An index has bits b_i = c_i ^ s_i, c the client's and s the server's random bits. Let z_S be the
//! product of the bits in the set S. Entry k of the unit vector is the XOR of z_S over all S that
//! contain the bits of k. Each party computes this XOR on its own shares.
//!
//! The 256 products come from three exchanges of outer products: of single bits, of what comes out
//! in pairs (3 by 3 products other than 1), and of what comes out in fours (15 by 15). In an outer
//! product of m by m shared bits either party chooses by its m shares of the left factors and
//! offers its m shares of the right ones. That takes 2 m OTs and 2 (m + m^2) bits.
//!
//! The additive shares of the index mod 256 come with the first exchange. The client chooses by c_i
//! for i < 7 (`circuit::bilinear`):
//!
//! ```text
//! index = sum 2^i (c_i + s_i - 2 c_i s_i)
//! ```
//!
//! | exchange | bits of both | OTs, client and server as receiver |
//! |---|---|---|
//! | 4 outer products 1 by 1, index | 4 * 4 + 7 + 28 | 4 + 7, 4 |
//! | 2 outer products 3 by 3 | 2 * 24 | 6, 6 |
//! | outer product 15 by 15 | 480 | 15, 15 |
//!
//! In all 579 bits and 57 OTs. Technique: Launchbury, Diatchki, DuBuisson, Adams-Moran, ICFP 2012;
//! Keller, Orsini, Rotaru, Scholl, Soria-Vazquez, Vivek, ACNS 2017.

use std::sync::Arc;

use shares::Role;

use super::schedule::{OtSpec, Schedule};
use crate::bits::wire::message_bytes;
use crate::error::StepError;

/// Bits of an index.
pub(crate) const INDEX_BITS: usize = 8;
/// Bits of an index with a mixed term below 2^8.
pub(crate) const CONVERTED: usize = INDEX_BITS - 1;
/// Most vectors of a plan.
const MAX_COUNT: usize = 1 << 22;

/// The outer products of one exchange.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Exchange {
    /// Pairs of neighbouring factors.
    pub(crate) pairs: usize,
    /// Shared bits in either factor of a pair, without the constant.
    pub(crate) factors: usize,
    /// First OT, by [`Role::index`] of the receiver.
    first_ot: [usize; 2],
}

impl Exchange {
    /// The OT in which `receiver` chooses by left factor `row` of a pair.
    pub(crate) fn ot(&self, receiver: Role, pair: usize, row: usize) -> usize {
        self.first_ot[receiver.index()] + pair * self.factors + row
    }

    /// Bits per vector that a party sends.
    fn planes(&self) -> usize {
        self.pairs * (self.factors + self.factors * self.factors)
    }
}

/// The compiled random unit vectors. Make it once for a layer. A clone is cheap.
#[derive(Clone, Debug)]
pub struct UnitVectorPlan(Arc<Compiled>);

#[derive(Debug)]
struct Compiled {
    exchanges: Vec<Exchange>,
    schedule: Schedule,
}

/// Width of what the server offers for bit `bit` of an index.
pub(crate) fn conversion_width(bit: usize) -> u32 {
    (CONVERTED - bit) as u32
}

impl UnitVectorPlan {
    /// Compiles `count` unit vectors.
    ///
    /// # Errors
    /// [`StepError::Shape`] if `count` is not 1 to 2^22.
    pub fn new(count: usize) -> Result<Self, StepError> {
        if !(1..=MAX_COUNT).contains(&count) {
            return Err(StepError::Shape("unit vectors must be 1 to 2^22"));
        }
        let conversions = (0..CONVERTED).map(|bit| OtSpec::Ring(conversion_width(bit)));
        let mut ots = [conversions.collect(), Vec::new()];
        let mut exchanges = Vec::new();
        for level in 0..INDEX_BITS.ilog2() {
            let (pairs, factors) = (INDEX_BITS >> (level + 1), (1 << (1 << level)) - 1);
            exchanges.push(Exchange { pairs, factors, first_ot: ots.each_ref().map(Vec::len) });
            for specs in &mut ots {
                specs.extend(core::iter::repeat_n(OtSpec::Bits(factors), pairs * factors));
            }
        }
        Ok(Self(Arc::new(Compiled { exchanges, schedule: Schedule::without_rounds(count, ots)? })))
    }

    /// Vectors.
    #[must_use]
    pub fn count(&self) -> usize {
        self.0.schedule.count
    }

    /// The correlated OTs, for the condensers.
    #[must_use]
    pub fn schedule(&self) -> &Schedule {
        &self.0.schedule
    }

    /// Exchanges. In each both parties send, then both receive: half a round trip.
    #[must_use]
    pub fn rounds(&self) -> usize {
        self.0.exchanges.len()
    }

    /// Bytes the client sends in `round`.
    #[must_use]
    pub fn client_bytes(&self, round: usize) -> usize {
        message_bytes(self.planes(Role::Client, round), self.count())
    }

    /// Bytes the server sends in `round`.
    #[must_use]
    pub fn server_bytes(&self, round: usize) -> usize {
        message_bytes(self.planes(Role::Server, round), self.count())
    }

    /// Bits per vector that `role` sends in `round`.
    pub(crate) fn planes(&self, role: Role, round: usize) -> usize {
        let conversion = match role {
            _ if round > 0 => 0,
            Role::Client => CONVERTED,
            Role::Server => (0..CONVERTED).map(|bit| conversion_width(bit) as usize).sum(),
        };
        self.exchange(round).map_or(0, Exchange::planes) + conversion
    }

    pub(crate) fn exchange(&self, round: usize) -> Option<&Exchange> {
        self.0.exchanges.get(round)
    }
}
