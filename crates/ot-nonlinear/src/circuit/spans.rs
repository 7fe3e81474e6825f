//! The cheapest way to a carry under a limit on exchanges, by dynamic programming.
//!
//! A span [a, b) of bits is a pair (generate, propagate); from bit 0 it is a prefix, a plain carry without propagate. It is a
//! leaf of one or two bits, a span extended by one bit, or two spans joined. From bit `twin` on the client's word
//! has a second version, and spans that reach above it come twice, at less than twice the cost. Costs are the gates' bits,
//! among equals their OTs (see `gate`):
//!
//! | | prefix | span | twin prefix | twin span |
//! |---|---|---|---|---|
//! | leaf of one bit | 2 (1) | 2 (1) | | 3 (1) |
//! | leaf of two bits | 6 (2) | 7 (2) | | 12 (2) |
//! | extension by one bit | 4 (2) | 6 (2) | 7 (3) | 11 (3) |
//! | join | 4 (2) | 6 (2) | 8 (4) | 12 (4) |
//!
//! Without a limit this is a ripple: 4 bits a bit, 7 above `twin`. With the least possible limit it is a tree. In between lies
//! a whole curve: about 20 bits buy half the exchanges of a ripple.

use core::ops::Add;
use std::collections::HashMap;

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
    /// The prefix up to here is needed for itself; 0 if none is.
    pub(super) tap: u32,
    /// First bit of which the client has two versions.
    pub(super) twin: u32,
}

/// Bits of traffic, then OTs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Cost {
    bits: u32,
    ots: u32,
}

impl Add for Cost {
    type Output = Self;

    fn add(self, other: Self) -> Self {
        Self { bits: self.bits + other.bits, ots: self.ots + other.ots }
    }
}

/// The cost and the recipe of every span in a number of exchanges.
pub(super) struct Spans {
    marks: Marks,
    best: HashMap<(u32, u32, u32), Option<(Cost, Recipe)>>,
}

impl Spans {
    pub(super) fn new(marks: Marks) -> Self {
        Self { marks, best: HashMap::new() }
    }

    /// The least number of exchanges, at least `limit`, in which the prefix up to `end` can be made.
    pub(super) fn exchanges(&mut self, end: u32, limit: u32) -> u32 {
        let least = (1..=end).find(|depth| self.best(0, end, *depth).is_some());
        least.unwrap_or(end).max(limit.min(end))
    }

    /// The cheapest recipe for [first, end) in at most `depth` exchanges, with its cost; none if there is none.
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
        let mut found = Vec::new();
        if end - first <= 2 && !over_tap && !(twins && first < twin) {
            let (bits, ots) = match (end - first, twins) {
                (1, false) => (2, 1),
                (1, true) => (3, 1),
                (_, false) if prefix => (6, 2),
                (_, false) => (7, 2),
                (_, true) => (12, 2),
            };
            found.push((Cost { bits, ots }, Recipe::Leaf));
        }
        if end - first > 1
            && let Some((below, _)) = self.best(first, end - 1, depth - 1)
        {
            let (bits, ots) = match (prefix, twins) {
                (true, false) => (4, 2),
                (true, true) => (7, 3),
                (false, false) => (6, 2),
                (false, true) => (11, 3),
            };
            found.push((below + Cost { bits, ots }, Recipe::Extend));
        }
        let lowest = if over_tap { tap } else { first + 1 };
        for cut in lowest..end {
            let copies = if twins { 2 } else { 1 };
            let join = Cost { bits: copies * if prefix { 4 } else { 6 }, ots: copies * 2 };
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
    use super::{Marks, Spans};

    fn cost(end: u32, tap: u32, twin: u32, depth: u32) -> Option<u32> {
        Spans::new(Marks { tap, twin }).best(0, end, depth).map(|(cost, _)| cost.bits)
    }

    #[test]
    fn ripples_cost_four_bits_a_bit_and_three_more_above_the_twin_mark() {
        for end in 2..30 {
            assert_eq!(cost(end, 0, end, end), Some(2 + 4 * (end - 1)));
            for twin in 2..end {
                assert_eq!(cost(end, 0, twin, end), Some(2 + 4 * (end - 1) + 3 * (end - twin)));
            }
        }
    }

    #[test]
    fn trees_need_logarithmic_depth() {
        for end in 1_u32..30 {
            let least = (1..).find(|depth| cost(end, 0, end, *depth).is_some());
            assert_eq!(least, Some(1 + end.div_ceil(2).next_power_of_two().trailing_zeros()));
        }
    }

    /// Known answers from an independent program: (depth, difference, value) at ell 20 and 24.
    #[test]
    fn the_curve_between_them() {
        let at_20 = [(5, 105, 130), (6, 101, 126), (8, 96, 118), (10, 91, 108), (14, 83, 98), (18, 74, 89)];
        for (depth, difference, value) in at_20 {
            assert_eq!((cost(19, 0, 19, depth), cost(19, 6, 14, depth)), (Some(difference), Some(value)));
        }
        let at_24 = [(5, 131, 152), (6, 126, 142), (7, 123, 138), (12, 111, 121), (22, 90, 99)];
        for (depth, difference, value) in at_24 {
            assert_eq!((cost(23, 0, 23, depth), cost(23, 12, 20, depth)), (Some(difference), Some(value)));
        }
        assert_eq!((cost(19, 0, 19, 4), cost(23, 12, 20, 4)), (None, None));
    }
}
