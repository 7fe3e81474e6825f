//! Adders and comparisons, bits least significant first.

use super::builder::{Builder, GarblerBit, Wire};

/// The carries of y + x into the bits 1, 2, .. up to `y.len()`. The garbler knows x.
/// Ciphertexts: 2 * y.len() - 1.
pub(super) fn carries_garbler(b: &mut Builder, y: &[Wire], x: &[GarblerBit]) -> Vec<Wire> {
    let mut carries: Vec<Wire> = Vec::with_capacity(y.len());
    for (y, x) in y.iter().zip(x) {
        let carry = match carries.last() {
            None => b.and_garbler(*y, *x),
            Some(carry) => b.majority(*y, *carry, *x),
        };
        carries.push(carry);
    }
    carries
}

/// The top bit of y + x mod 2^y.len(): the sign of the sum. Ciphertexts: 2 * y.len() - 3.
pub(super) fn sign_garbler(b: &mut Builder, y: &[Wire], x: &[GarblerBit]) -> Wire {
    let top = y.len() - 1;
    let carries = carries_garbler(b, &y[..top], &x[..top]);
    sum_bit_garbler(b, y[top], carries.last().copied(), x[top])
}

/// The bits `from..` of y + x mod 2^y.len(). Ciphertexts: 2 * y.len() - 3.
pub(super) fn add_garbler(b: &mut Builder, y: &[Wire], x: &[GarblerBit], from: usize) -> Vec<Wire> {
    let top = y.len() - 1;
    let carries = carries_garbler(b, &y[..top], &x[..top]);
    (from..=top)
        .map(|i| sum_bit_garbler(b, y[i], i.checked_sub(1).map(|below| carries[below]), x[i]))
        .collect()
}

fn sum_bit_garbler(b: &mut Builder, y: Wire, carry: Option<Wire>, x: GarblerBit) -> Wire {
    let sum = match carry {
        None => y,
        Some(carry) => b.xor(y, carry),
    };
    b.xor_garbler(sum, x)
}

/// The bits `from..` of y + x mod 2^y.len(), neither known to a party. Ciphertexts: 2 * y.len() -
/// 2.
pub(super) fn add(b: &mut Builder, y: &[Wire], x: &[Wire], from: usize) -> Vec<Wire> {
    let top = y.len() - 1;
    let mut sum = Vec::with_capacity(y.len() - from);
    let mut carry: Option<Wire> = None;
    for (i, (y, x)) in y.iter().zip(x).enumerate() {
        let y_carry = carry.map_or(*y, |carry| b.xor(*y, carry));
        if i >= from {
            sum.push(b.xor(y_carry, *x));
        }
        if i == top {
            break;
        }
        carry = Some(match carry {
            None => b.and(*y, *x),
            Some(carry) => {
                let x_carry = b.xor(*x, carry);
                let changed = b.and(y_carry, x_carry);
                b.xor(changed, carry)
            }
        });
    }
    sum
}

/// x > y for signed numbers (Kolesnikov, Sadeghi, Schneider, CANS 2009, section 3.2).
///
/// The bits are visited from the lowest up. Where they differ, x's bit decides. The sign bits count
/// the other way round. Ciphertexts: 2 * x.len().
pub(super) fn greater_signed(b: &mut Builder, x: &[Wire], y: &[Wire]) -> Wire {
    let top = x.len() - 1;
    let mut greater: Option<Wire> = None;
    for i in 0..=top {
        // At the sign bit the roles are exchanged: x = 0, y = 1 makes x the greater.
        let (x, y) = if i == top { (y[i], x[i]) } else { (x[i], y[i]) };
        let next = match greater {
            None => {
                let both = b.and(x, y);
                b.xor(both, x)
            }
            Some(greater) => {
                let x_differs = b.xor(x, greater);
                let y_differs = b.xor(y, greater);
                let both = b.and(x_differs, y_differs);
                b.xor(both, x)
            }
        };
        greater = Some(next);
    }
    // An empty comparison does not occur: shapes have at least two bits.
    greater.unwrap_or(x[top])
}

/// a if `choice` is 0, b if it is 1. Ciphertexts: 2 a bit.
pub(super) fn select(b: &mut Builder, choice: Wire, zero: &[Wire], one: &[Wire]) -> Vec<Wire> {
    zero.iter()
        .zip(one)
        .map(|(zero, one)| {
            let differ = b.xor(*zero, *one);
            let change = b.and(choice, differ);
            b.xor(change, *zero)
        })
        .collect()
}

/// (a, b) if `choice` is 0, (b, a) if it is 1. Ciphertexts: 2 a bit.
pub(super) fn exchanged(b: &mut Builder, choice: Wire, x: &[Wire], y: &[Wire]) -> (Vec<Wire>, Vec<Wire>) {
    x.iter()
        .zip(y)
        .map(|(x, y)| {
            let differ = b.xor(*x, *y);
            let change = b.and(choice, differ);
            (b.xor(change, *x), b.xor(change, *y))
        })
        .unzip()
}

/// x - y mod 2^x.len(), as the complement of (complement of x) + y. Ciphertexts: 2 * x.len() - 2.
pub(super) fn subtract(b: &mut Builder, x: &[Wire], y: &[Wire]) -> Vec<Wire> {
    let complement: Vec<Wire> = x.iter().map(|x| b.not(*x)).collect();
    let sum = add(b, &complement, y, 0);
    sum.into_iter().map(|bit| b.not(bit)).collect()
}

/// x >= `threshold` for a number without a sign and a positive constant that fits its bits.
///
/// The bits are visited from the lowest up, as in a carry chain: where the constant has a 1, x must
/// have it too; where it has a 0, a 1 of x is enough. Below the constant's lowest 1 nothing
/// matters. Ciphertexts: 2 for each bit above that one.
pub(super) fn at_least(b: &mut Builder, x: &[Wire], threshold: u32) -> Wire {
    let lowest = threshold.trailing_zeros() as usize;
    let mut reached = x[lowest];
    for (i, x) in x.iter().enumerate().skip(lowest + 1) {
        let both = b.and(reached, *x);
        let must = u64::from(threshold) >> i & 1 == 1;
        reached = if must {
            both
        } else {
            let either = b.xor(reached, *x);
            b.xor(either, both)
        };
    }
    reached
}

#[cfg(test)]
mod tests {
    use super::super::builder::Builder;

    #[test]
    fn costs_are_as_documented() {
        let ciphertexts = |record: &dyn Fn(&mut Builder)| {
            let mut b = Builder::new(20, 10);
            record(&mut b);
            b.finish(&[]).ciphertexts
        };
        let y = |b: &Builder| b.inputs(0..10);
        let z = |b: &Builder| b.inputs(10..20);
        let x = |b: &Builder| b.garbler_bits(0..10);
        assert_eq!(ciphertexts(&|b| drop(super::carries_garbler(b, &y(b), &x(b)))), 19);
        assert_eq!(ciphertexts(&|b| _ = super::sign_garbler(b, &y(b), &x(b))), 17);
        assert_eq!(ciphertexts(&|b| drop(super::add_garbler(b, &y(b), &x(b), 3))), 17);
        assert_eq!(ciphertexts(&|b| drop(super::add(b, &y(b), &z(b), 3))), 18);
        assert_eq!(ciphertexts(&|b| _ = super::greater_signed(b, &y(b), &z(b))), 20);
        let choice = |b: &Builder| b.inputs(0..1)[0];
        assert_eq!(ciphertexts(&|b| drop(super::select(b, choice(b), &y(b), &z(b)))), 20);
        assert_eq!(ciphertexts(&|b| drop(super::exchanged(b, choice(b), &y(b), &z(b)))), 20);
        assert_eq!(ciphertexts(&|b| drop(super::subtract(b, &y(b), &z(b)))), 18);
        for (threshold, cost) in [(1, 18), (1023, 18), (8, 12), (512, 0)] {
            assert_eq!(ciphertexts(&|b| _ = super::at_least(b, &y(b), threshold)), cost);
        }
    }
}
