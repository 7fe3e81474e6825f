//! The cheapest way to a carry under a limit on exchanges, by dynamic programming.
//!
//! A span [a, b) of bits is a pair (generate, propagate). From bit 0 it is a prefix, a plain carry
//! without propagate. A span is made in one of three ways: a leaf of one or two bits, a span
//! extended by one bit, or two spans joined. From bit `twin` on the client's word has a second
//! version. A span that reaches above `twin` comes twice, at less than twice the cost.
//!
//! A cost is the bits of the gates, among equals their OTs. It is counted on the gates themselves
//! ([`GateKind::cost`]). The table in `gate` lists what comes out.
//!
//! Without a limit this is a ripple: 4 bits a bit, 7 above `twin`. With the least possible limit it
//! is a tree. In between lies a whole curve: about 20 bits buy half the exchanges of a ripple.

use core::ops::Add;
use std::collections::HashMap;

use shares::Role;

use super::gate::{Extension, GateKind, Wire, Word};

/// How a span is made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Recipe {
    /// One gate on one or two bits.
    Leaf,
    /// The span without its uppermost bit, and that bit.
    Extend,
    /// The spans below and from this bit.
    Join(u32),
}

/// Where the operand of a chain of carries has its special bits.
#[derive(Clone, Copy, Debug)]
pub(super) struct Marks {
    /// The prefix up to here is needed for itself. It is 0 if none is.
    pub(super) tap: u32,
    /// First bit of which the client has two versions.
    pub(super) twin: u32,
}

/// Bits of traffic, then OTs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Cost {
    bits: usize,
    ots: usize,
}

impl Add for Cost {
    type Output = Self;

    fn add(self, other: Self) -> Self {
        Self { bits: self.bits + other.bits, ots: self.ots + other.ots }
    }
}

/// What each way to make a span costs, by whether the span is a prefix and whether it comes twice.
struct Costs {
    /// Leaves of one bit and of two.
    leaves: [[[Cost; 2]; 2]; 2],
    extensions: [[Cost; 2]; 2],
    joins: [[Cost; 2]; 2],
}

impl Costs {
    fn new() -> Self {
        let all = |cost: &dyn Fn(bool, bool) -> Cost| {
            [false, true].map(|prefix| [false, true].map(|twins| cost(prefix, twins)))
        };
        Self {
            leaves: [1, 2].map(|bits| all(&|prefix, twins| cost(&[leaf(bits, prefix, twins)]))),
            extensions: all(&|prefix, twins| cost(&[extension(prefix, twins)])),
            joins: all(&|prefix, twins| cost(&vec![join(prefix); 1 + usize::from(twins)])),
        }
    }
}

/// The sum of what the gates cost.
fn cost(gates: &[GateKind]) -> Cost {
    let costs = gates.iter().map(GateKind::cost);
    costs.fold(Cost { bits: 0, ots: 0 }, |sum, (bits, ots)| sum + Cost { bits, ots })
}

fn words(twins: bool) -> Vec<Word> {
    if twins { vec![Word::Value, Word::Lowered] } else { vec![Word::Value] }
}

fn leaf(bits: u32, prefix: bool, twins: bool) -> GateKind {
    let (chooser, words) = (Role::Server, words(twins));
    match bits {
        1 => GateKind::Single { chooser, words, bit: 0 },
        _ => GateKind::Pair { chooser, words, bit: 0, propagate: !prefix },
    }
}

fn extension(prefix: bool, twins: bool) -> GateKind {
    let wire = Wire::Register(0);
    let extend = |word| Extension { word, carry: wire, propagate: (!prefix).then_some(wire) };
    GateKind::Carry { words: words(twins).into_iter().map(extend).collect(), bit: 0, server_chooses: false }
}

fn join(prefix: bool) -> GateKind {
    let wire = Wire::Register(0);
    GateKind::Join { generate: wire, propagate: wire, low: wire, low_propagate: (!prefix).then_some(wire) }
}

/// The cost and the recipe of every span in a number of exchanges.
pub(super) struct Spans {
    marks: Marks,
    costs: Costs,
    best: HashMap<(u32, u32, u32), Option<(Cost, Recipe)>>,
}

impl Spans {
    pub(super) fn new(marks: Marks) -> Self {
        Self { marks, costs: Costs::new(), best: HashMap::new() }
    }

    /// The least number of exchanges, at least `limit`, in which the prefix up to `end` can be
    /// made.
    pub(super) fn exchanges(&mut self, end: u32, limit: u32) -> u32 {
        let least = (1..=end).find(|depth| self.best(0, end, *depth).is_some());
        least.unwrap_or(end).max(limit.min(end))
    }

    /// The cheapest recipe for [first, end) in at most `depth` exchanges, with its cost. `None` if
    /// there is none.
    pub(super) fn best(&mut self, first: u32, end: u32, depth: u32) -> Option<(Cost, Recipe)> {
        if depth == 0 {
            return None;
        }
        if let Some(known) = self.best.get(&(first, end, depth)) {
            return *known;
        }
        let best = self.candidates(first, end, depth).into_iter().min_by_key(|(cost, _)| *cost);
        self.best.insert((first, end, depth), best);
        best
    }

    fn candidates(&mut self, first: u32, end: u32, depth: u32) -> Vec<(Cost, Recipe)> {
        let Marks { tap, twin } = self.marks;
        let (prefix, twins) = (first == 0, end > twin);
        let over_tap = first < tap && tap < end;
        if over_tap && !prefix {
            return Vec::new();
        }
        let of = |costs: &[[Cost; 2]; 2]| costs[usize::from(prefix)][usize::from(twins)];
        let leaf = self.costs.leaves.get((end - first) as usize - 1).map(of);
        let split = over_tap || (twins && first < twin);
        let (extension, join) = (of(&self.costs.extensions), of(&self.costs.joins));
        let mut found = Vec::new();
        if let Some(leaf) = leaf.filter(|_| !split) {
            found.push((leaf, Recipe::Leaf));
        }
        if end - first > 1
            && let Some((below, _)) = self.best(first, end - 1, depth - 1)
        {
            found.push((below + extension, Recipe::Extend));
        }
        let lowest = if over_tap { tap } else { first + 1 };
        for cut in lowest..end {
            if let (Some((below, _)), Some((above, _))) =
                (self.best(first, cut, depth - 1), self.best(cut, end, depth - 1))
            {
                found.push((below + above + join, Recipe::Join(cut)));
            }
        }
        found
    }
}

#[cfg(test)]
mod tests {
    use super::{Cost, Costs, Marks, Spans};

    fn bits(end: u32, tap: u32, twin: u32, depth: u32) -> Option<usize> {
        Spans::new(Marks { tap, twin }).best(0, end, depth).map(|(cost, _)| cost.bits)
    }

    #[test]
    fn ripples_cost_four_bits_a_bit_and_three_more_above_the_twin_mark() {
        for end in 2..30 {
            assert_eq!(bits(end, 0, end, end), Some(2 + 4 * (end as usize - 1)));
            for twin in 2..end {
                assert_eq!(
                    bits(end, 0, twin, end),
                    Some(2 + 4 * (end as usize - 1) + 3 * (end - twin) as usize)
                );
            }
        }
    }

    #[test]
    fn trees_need_logarithmic_depth() {
        for end in 1_u32..30 {
            let least = (1..).find(|depth| bits(end, 0, end, *depth).is_some());
            assert_eq!(least, Some(1 + end.div_ceil(2).next_power_of_two().trailing_zeros()));
        }
    }

    /// What the formulas of the crate's documentation rest on.
    #[test]
    fn ways_to_a_span_cost_what_their_gates_say() {
        let costs = Costs::new();
        let plain = |bits, ots| Cost { bits, ots };
        let (span, prefix) = (0, 1);
        assert_eq!(costs.leaves[0][span], [plain(2, 1), plain(3, 1)]);
        assert_eq!(costs.leaves[1][span], [plain(7, 2), plain(12, 2)]);
        assert_eq!(costs.leaves[1][prefix][0], plain(6, 2));
        assert_eq!(costs.extensions, [[plain(6, 2), plain(11, 3)], [plain(4, 2), plain(7, 3)]]);
        assert_eq!(costs.joins, [[plain(6, 2), plain(12, 4)], [plain(4, 2), plain(8, 4)]]);
    }

    /// Known answers from an independent program: (depth, difference, value) at ell 20 and 24.
    #[test]
    fn the_curve_between_them() {
        let at_20 = [(5, 105, 130), (6, 101, 126), (8, 96, 118), (10, 91, 108), (14, 83, 98), (18, 74, 89)];
        for (depth, difference, value) in at_20 {
            assert_eq!((bits(19, 0, 19, depth), bits(19, 6, 14, depth)), (Some(difference), Some(value)));
        }
        let at_24 = [(5, 131, 152), (6, 126, 142), (7, 123, 138), (12, 111, 121), (22, 90, 99)];
        for (depth, difference, value) in at_24 {
            assert_eq!((bits(23, 0, 23, depth), bits(23, 12, 20, depth)), (Some(difference), Some(value)));
        }
        assert_eq!((bits(19, 0, 19, 4), bits(23, 12, 20, 4)), (None, None));
    }
}
