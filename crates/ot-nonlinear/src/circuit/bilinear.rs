//! The plan of sums of products of XOR-shared bytes, all in one exchange.
//!
//! A byte x has bits u_i ^ v_i, u the client's and v the server's. Bit i has the weight w_i = 2^i.
//! In two's complement bit 7 has the weight -2^7. Let U and V be the values of the shares by the
//! same weights:
//!
//! ```text
//! x = U + V - 2 sum w_i u_i v_i
//! ```
//! Each mixed product below is one OT mod 2^(w - shift). It takes 1 bit for its choice and the
//! width for its offer:
//!
//! | product | mixed terms | OTs | what a party adds alone |
//! |---|---|---|---|
//! | x z, z = z0 + z1 | w_i u_i ((1 - 2 v_i) z1), w_i v_i ((1 - 2 u_i) z0) | 2 for each bit | U z0; V z1 |
//! | x y, bits of y p_j ^ q_j | w_i u_i ((1 - 2 v_i) Q), w_j p_j ((1 - 2 q_j) V), -2 w_i w_j (u_i p_j)(v_i ^ q_j) | 8 + 8 + 64, the client chooses | U P; V Q |
//! | x | -2 w_i u_i v_i | 1 for each bit, the client chooses | U; V |
//!
//! The second row needs no additive shares first. At 19 bits it costs 1032 bits and saves an
//! exchange. A conversion and a product with its result would cost 388 bits.

use std::sync::Arc;

use shares::{MAX_ELL, Role};

use super::schedule::{OtSpec, Schedule};
use crate::error::StepError;

/// Bits of a byte.
pub(crate) const BITS: u32 = 8;

/// A XOR-shared byte, by its place among the inputs.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Byte {
    pub(crate) index: usize,
    /// Whether it is in two's complement.
    pub(crate) signed: bool,
}

impl Byte {
    /// Whether the weight of bit `bit` is negative.
    const fn negative(self, bit: u32) -> bool {
        self.signed && bit == BITS - 1
    }
}

/// A summand.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Product {
    /// A byte times an additively shared residue, by its place among the inputs.
    Scale(Byte, usize),
    /// A byte times a byte.
    Multiply(Byte, Byte),
    /// A byte as it is.
    Convert(Byte),
}

/// A sum of products mod 2^`width`, which comes as additive shares.
#[derive(Clone, Debug)]
pub(crate) struct Sum {
    pub(crate) width: u32,
    pub(crate) products: Vec<Product>,
}

/// The factors of a mixed term without its weight. The module's table lists them.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Factors {
    /// A bit and a residue, both directions.
    Residue(Byte, u32, usize),
    /// A bit and the other byte's share.
    Share(Byte, u32, Byte),
    /// A bit of each byte.
    Cross(Byte, u32, Byte, u32),
    /// Both shares of a bit.
    Bit(Byte, u32),
}

/// A mixed term with its weight, 2^`shift` or its negative, and its place among the OTs.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Term {
    pub(crate) factors: Factors,
    pub(crate) sum: usize,
    pub(crate) shift: u32,
    pub(crate) negative: bool,
    pub(crate) width: u32,
    /// The OT of each receiver, by [`Role::index`].
    pub(crate) ot: [Option<usize>; 2],
}

/// The compiled sums of `count` instances.
#[derive(Clone, Debug)]
pub(crate) struct BilinearPlan(Arc<Bilinear>);

#[derive(Debug)]
struct Bilinear {
    sums: Vec<Sum>,
    terms: Vec<Term>,
    schedule: Schedule,
}

impl BilinearPlan {
    /// Compiles the sums.
    ///
    /// # Errors
    /// [`StepError::Shape`] if `count` is not 1 to 2^20 or a width not 2 to 30.
    pub(crate) fn new(count: usize, sums: Vec<Sum>) -> Result<Self, StepError> {
        if !(1..=1 << 20).contains(&count) {
            return Err(StepError::Shape("count must be 1 to 2^20"));
        }
        if sums.iter().any(|sum| !(2..=MAX_ELL).contains(&sum.width)) {
            return Err(StepError::Shape("width must be 2 to 30"));
        }
        let mut ots = [Vec::new(), Vec::new()];
        let mut terms = Vec::new();
        for (index, sum) in sums.iter().enumerate() {
            let weighted = sum.products.iter().flat_map(|product| weighted(*product));
            for (factors, shift, negative) in weighted.filter(|(_, shift, _)| *shift < sum.width) {
                let width = sum.width - shift;
                let ot = number(&mut ots, factors, width);
                terms.push(Term { factors, sum: index, shift, negative, width, ot });
            }
        }
        let schedule = Schedule::without_rounds(count, ots)?;
        Ok(Self(Arc::new(Bilinear { sums, terms, schedule })))
    }

    /// The sums.
    pub(crate) fn sums(&self) -> &[Sum] {
        &self.0.sums
    }

    /// The mixed terms, in the order of the messages.
    pub(crate) fn terms(&self) -> &[Term] {
        &self.0.terms
    }

    /// The correlated OTs.
    pub(crate) fn schedule(&self) -> &Schedule {
        &self.0.schedule
    }

    /// Bits per instance that `role` sends.
    pub(crate) fn planes(&self, role: Role) -> usize {
        let planes = self.0.terms.iter().map(|term| {
            let offer = term.ot[role.peer().index()].map_or(0, |_| term.width as usize);
            usize::from(term.ot[role.index()].is_some()) + offer
        });
        planes.sum()
    }
}

/// The mixed terms of a product with their weights: shift, and whether it is negative.
fn weighted(product: Product) -> Vec<(Factors, u32, bool)> {
    let shares =
        |x: Byte, y: Byte| (0..BITS).map(move |bit| (Factors::Share(x, bit, y), bit, x.negative(bit)));
    match product {
        Product::Scale(x, residue) => {
            (0..BITS).map(|bit| (Factors::Residue(x, bit, residue), bit, x.negative(bit))).collect()
        }
        Product::Multiply(x, y) => {
            let cross = (0..BITS).flat_map(|i| {
                (0..BITS)
                    .map(move |j| (Factors::Cross(x, i, y, j), i + j + 1, x.negative(i) == y.negative(j)))
            });
            shares(x, y).chain(shares(y, x)).chain(cross).collect()
        }
        Product::Convert(x) => {
            (0..BITS).map(|bit| (Factors::Bit(x, bit), bit + 1, !x.negative(bit))).collect()
        }
    }
}

/// Takes the next OT of each receiver that the term needs.
fn number(ots: &mut [Vec<OtSpec>; 2], factors: Factors, width: u32) -> [Option<usize>; 2] {
    let both = matches!(factors, Factors::Residue(..));
    [Role::Client, Role::Server].map(|receiver| {
        (both || receiver == Role::Client).then(|| {
            let specs = &mut ots[receiver.index()];
            specs.push(OtSpec::Ring(width));
            specs.len() - 1
        })
    })
}
