//! The index of the greatest score, or of the greatest sum of several scores a class. Ties go to
//! the lowest index. On demand also the level of the margin, which is the greatest sum minus the
//! second greatest.
//!
//! Scores need |score| < 2^(ell-1) only, so a difference of two does not fit ell bits. Therefore
//! each score is first reconstructed from its shares. Sums of scores grow by a bit with every level
//! of a balanced tree. The sums are compared as signed numbers.
//!
//! Let w be the bits of a sum. The ciphertexts are:
//!
//! - 2 ell - 3 for each score;
//! - 2 v - 2 for each addition with a result of v bits;
//! - 2 w for each of the classes - 1 comparisons;
//! - 2 w for each selection but the last;
//! - 2 for each change of an index bit that may be set already.
//!
//! For a level the circuit keeps the second greatest sum too. The margin fits w bits without a
//! sign, so it is exact although a difference of two sums in general is not. The thresholds are
//! constants of the circuit. The level adds:
//!
//! - 2 w for the last selection, which now gives both the greater and the smaller number;
//! - 4 w for each of classes - 2 maxima of the second greatest sum and a smaller number;
//! - 2 w - 2 for the margin;
//! - 2 (w - 1 - z) for each threshold, which ends in z zero bits.

use core::ops::Range;

use super::Netlist;
use super::arith;
use super::builder::{Builder, Wire};
use crate::shape::{ArgmaxShape, THRESHOLDS};

/// The circuit of a validated shape. Inputs of both parties: the bits of their shares,
/// `[term][class]`. Outputs: the bits of the label, then those of the level, least significant
/// first.
pub(crate) fn netlist(shape: &ArgmaxShape) -> Netlist {
    let inputs = shape.scores() * shape.ell as usize;
    let mut b = Builder::new(inputs, inputs);
    let sums: Vec<Vec<Wire>> =
        (0..shape.classes).map(|class| sum(&mut b, shape, class, 0..shape.terms)).collect();
    let mut best = sums[0].clone();
    let mut second: Option<Vec<Wire>> = None;
    let mut label: Vec<Option<Wire>> = vec![None; label_bits(shape.classes)];
    for (class, sum) in sums.iter().enumerate().skip(1) {
        let greater = arith::greater_signed(&mut b, sum, &best);
        if shape.thresholds.is_some() {
            let (winner, loser) = arith::exchanged(&mut b, greater, &best, sum);
            second = Some(match second {
                None => loser,
                Some(second) => greatest(&mut b, &second, &loser),
            });
            best = winner;
        } else if class + 1 < shape.classes {
            best = arith::select(&mut b, greater, &best, sum);
        }
        for (position, bit) in label.iter_mut().enumerate() {
            *bit = replace_bit(&mut b, greater, *bit, class >> position & 1 == 1);
        }
    }
    // Every bit is set in some index below `classes`, so every bit has a wire.
    let mut outputs: Vec<Wire> = label.into_iter().flatten().collect();
    if let (Some(thresholds), Some(second)) = (shape.thresholds, second) {
        let margin = arith::subtract(&mut b, &best, &second);
        outputs.extend(level(&mut b, &margin, thresholds));
    }
    b.finish(&outputs)
}

/// The greater of two signed numbers.
fn greatest(b: &mut Builder, x: &[Wire], y: &[Wire]) -> Vec<Wire> {
    let greater = arith::greater_signed(b, y, x);
    arith::select(b, greater, x, y)
}

/// The number of thresholds that a margin reaches, in two bits.
///
/// Who reaches one reaches those before it. So the upper bit says whether the second is reached,
/// and the lower bit is the parity of all three.
fn level(b: &mut Builder, margin: &[Wire], thresholds: [u32; THRESHOLDS]) -> [Wire; LEVEL_BITS] {
    let [first, second, third] = thresholds.map(|threshold| arith::at_least(b, margin, threshold));
    let parity = b.xor(first, second);
    [b.xor(parity, third), second]
}

/// The sum of a class's scores over at least one term, as a signed number that cannot overflow.
///
/// It has ell bits for one term, and one more for each halving of the terms.
fn sum(b: &mut Builder, shape: &ArgmaxShape, class: usize, terms: Range<usize>) -> Vec<Wire> {
    if terms.len() < 2 {
        return score(b, shape, class, terms.start);
    }
    let middle = terms.start + terms.len().div_ceil(2);
    let first = sum(b, shape, class, terms.start..middle);
    let second = sum(b, shape, class, middle..terms.end);
    let width = first.len() + 1;
    arith::add(b, &sign_extended(&first, width), &sign_extended(&second, width), 0)
}

/// One score: the sum of its shares mod 2^ell, a signed number.
fn score(b: &mut Builder, shape: &ArgmaxShape, class: usize, term: usize) -> Vec<Wire> {
    let ell = shape.ell as usize;
    let first = (term * shape.classes + class) * ell;
    let range = first..first + ell;
    let (client, server) = (b.inputs(range.clone()), b.garbler_bits(range));
    arith::add_garbler(b, &client, &server, 0)
}

/// The same number with more bits, which are copies of the sign.
fn sign_extended(number: &[Wire], width: usize) -> Vec<Wire> {
    number.iter().chain(core::iter::repeat(&number[number.len() - 1])).take(width).copied().collect()
}

/// Bits of a level.
pub(crate) const LEVEL_BITS: usize = 2;

/// Bits of a label: the least number that can hold classes - 1.
pub(crate) fn label_bits(classes: usize) -> usize {
    (usize::BITS - (classes - 1).leading_zeros()) as usize
}

/// `new` if `replace`, else `old` (None: still the constant 0).
fn replace_bit(b: &mut Builder, replace: Wire, old: Option<Wire>, new: bool) -> Option<Wire> {
    match (old, new) {
        (None, false) => None,
        (None, true) => Some(replace),
        (Some(old), false) => {
            let lost = b.and(old, replace);
            Some(b.xor(old, lost))
        }
        (Some(old), true) => {
            let both = b.and(old, replace);
            let either = b.xor(old, replace);
            Some(b.xor(either, both))
        }
    }
}
