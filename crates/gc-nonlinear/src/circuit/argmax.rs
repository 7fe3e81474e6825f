//! The index of the greatest score, ties to the lowest index.
//!
//! Scores need |score| < 2^(ell-1) only, so a difference of two does not fit ell bits: the scores are added up first and
//! compared as signed numbers. Ciphertexts: classes * (2 ell - 3) for the sums, 2 ell for each of the classes - 1
//! comparisons, 2 ell for each selection but the last, and 2 for each change of an index bit that may be set already.

use super::Netlist;
use super::arith;
use super::builder::{Builder, Wire};
use crate::argmax::ArgmaxShape;

/// The circuit of a validated shape. Outputs: the bits of the label, least significant first.
pub(crate) fn netlist(shape: &ArgmaxShape) -> Netlist {
    let ell = shape.ell as usize;
    let mut b = Builder::new(shape.classes * ell, shape.classes * ell);
    let scores: Vec<Vec<Wire>> = (0..shape.classes)
        .map(|class| {
            let range = class * ell..(class + 1) * ell;
            let (client, server) = (b.inputs(range.clone()), b.garbler_bits(range));
            arith::add_garbler(&mut b, &client, &server, 0)
        })
        .collect();
    let mut best = scores[0].clone();
    let mut label: Vec<Option<Wire>> = vec![None; label_bits(shape.classes)];
    for (class, score) in scores.iter().enumerate().skip(1) {
        let greater = arith::greater_signed(&mut b, score, &best);
        if class + 1 < shape.classes {
            best = arith::select(&mut b, greater, &best, score);
        }
        for (position, bit) in label.iter_mut().enumerate() {
            *bit = replace_bit(&mut b, greater, *bit, class >> position & 1 == 1);
        }
    }
    // Every bit is set in some index below `classes`, so every bit has a wire.
    let outputs: Vec<Wire> = label.into_iter().flatten().collect();
    b.finish(&outputs)
}

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
