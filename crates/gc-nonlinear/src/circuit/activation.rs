//! The activation of one output: select the greater of a pair, ReLU, rounding shift, saturation.
//!
//! Let a = ca + sa and b = cb + sb mod 2^ell, c the evaluator's shares and s the garbler's.
//!
//! 1. **Comparison.** a - b = (ca - cb) + (sa - sb). Each party subtracts its own shares, so the
//!    circuit needs one carry chain for the sign. |a| and |b| are below 2^(ell-2), so the
//!    difference fits.
//! 2. **Selection.** The sign selects among the shares: ca or cb with ANDs by bits that the
//!    evaluator knows, sa or sb by bits that the garbler knows. Each costs half an AND a bit. Only
//!    then are the selected shares added, once.
//! 3. **Rounding and shift.** The rounding term 2^(shift-1) is in the evaluator's shares already.
//!    Of the lower bits only the carries are computed.
//! 4. **Clamp.** Let p be "not negative" and r "p, and no bit above the window is set". The output
//!    bit is ((v ^ p) & r) ^ p. That is v in range, 0 if v is negative, 1 if it is above.
//!
//! Ciphertexts: 8 ell - 2 shift - 7 for a pair, 4 ell - 2 shift - 5 without pooling, whatever the
//! bits.

use shares::StepShape;

use super::Netlist;
use super::arith;
use super::builder::{Builder, Wire};

/// The circuit of one output of a validated shape.
pub(crate) fn netlist(shape: &StepShape) -> Netlist {
    let (mut b, sum) = if shape.pool { pooled_sum(shape) } else { single_sum(shape) };
    let outputs = clamp(&mut b, &sum, shape.bits as usize);
    b.finish(&outputs)
}

/// Ciphertexts of one output by formula.
#[cfg(test)]
pub(crate) fn ciphertexts(shape: &StepShape) -> usize {
    let (ell, shift) = (shape.ell as usize, shape.shift as usize);
    if shape.pool { 8 * ell - 2 * shift - 7 } else { 4 * ell - 2 * shift - 5 }
}

/// The words whose bits the evaluator inputs, with their widths.
pub(crate) fn evaluator_words(shape: &StepShape, shares: &[u32]) -> [u32; 3] {
    let rounding = (1 << shape.shift) >> 1;
    match *shares {
        [a, b] => [
            a.wrapping_add(rounding),
            a.wrapping_add(rounding) ^ b.wrapping_add(rounding),
            a.wrapping_sub(b) >> 1,
        ],
        [a] => [a.wrapping_add(rounding), 0, 0],
        _ => [0; 3],
    }
}

/// Widths of [`evaluator_words`]. Bit 0 of the difference is bit 0 of the exclusive-or.
pub(crate) fn evaluator_widths(shape: &StepShape) -> [u32; 3] {
    if shape.pool { [shape.ell, shape.ell, shape.ell - 1] } else { [shape.ell, 0, 0] }
}

/// The words whose bits the garbler inputs.
pub(crate) fn garbler_words(shares: &[u32]) -> [u32; 3] {
    match *shares {
        [a, b] => [a, a ^ b, a.wrapping_sub(b)],
        [a] => [a, 0, 0],
        _ => [0; 3],
    }
}

/// Widths of [`garbler_words`].
pub(crate) fn garbler_widths(shape: &StepShape) -> [u32; 3] {
    if shape.pool { [shape.ell; 3] } else { [shape.ell, 0, 0] }
}

/// Bits shift.. of the greater of a pair plus the rounding term.
fn pooled_sum(shape: &StepShape) -> (Builder, Vec<Wire>) {
    let ell = shape.ell as usize;
    let mut b = Builder::new(3 * ell - 1, 3 * ell);
    let client = b.inputs(0..ell);
    let client_change = b.inputs(ell..2 * ell);
    let mut difference = vec![client_change[0]];
    difference.extend(b.inputs(2 * ell..3 * ell - 1));
    let server = b.garbler_bits(0..ell);
    let server_change = b.garbler_bits(ell..2 * ell);
    let server_difference = b.garbler_bits(2 * ell..3 * ell);

    let second = arith::sign_garbler(&mut b, &difference, &server_difference);
    let mut client_selected = Vec::with_capacity(ell);
    let mut server_selected = Vec::with_capacity(ell);
    for i in 0..ell {
        let change = b.and_evaluator(second, client_change[i]);
        client_selected.push(b.xor(change, client[i]));
        let change = b.and_garbler(second, server_change[i]);
        server_selected.push(b.xor_garbler(change, server[i]));
    }
    let sum = arith::add(&mut b, &client_selected, &server_selected, shape.shift as usize);
    (b, sum)
}

/// Bits shift.. of a single accumulator plus the rounding term.
fn single_sum(shape: &StepShape) -> (Builder, Vec<Wire>) {
    let ell = shape.ell as usize;
    let mut b = Builder::new(ell, ell);
    let client = b.inputs(0..ell);
    let server = b.garbler_bits(0..ell);
    let sum = arith::add_garbler(&mut b, &client, &server, shape.shift as usize);
    (b, sum)
}

/// Clamps a signed number to 0..=2^bits - 1. Ciphertexts: 2 * (value.len() - 1).
fn clamp(b: &mut Builder, value: &[Wire], bits: usize) -> Vec<Wire> {
    let top = value.len() - 1;
    let not_negative = b.not(value[top]);
    let mut in_range = not_negative;
    for above in &value[bits..top] {
        let clear = b.not(*above);
        in_range = b.and(in_range, clear);
    }
    value[..bits]
        .iter()
        .map(|bit| {
            let differs = b.xor(*bit, not_negative);
            let kept = b.and(differs, in_range);
            b.xor(kept, not_negative)
        })
        .collect()
}
