//! The layout of a step, from the difference to the result.
//!
//! With n = ell - 1, f = shift, A = bits, h = n - f - A the circuit is: the carry into bit n of a - b (its sign), the
//! selection of the larger, then over the value v: the carry k_f into bit f, the carry into bit n of v (v < 0) and of
//! v - 2^(f + A) (v < 2^(f + A)). The last two share everything below bit f + A. Hence in range, over and negative as
//! XORs of the two signs: no further gate, no further round.

use super::build::{Builder, Node};
use super::gate::{GateKind, Wire, Word};
use super::ring::{RingGate, RingKind};
use super::schedule::OtSpec;
use crate::shape::{Mode, Role, StepShape};

/// Registers of the carries that the selection reads.
#[derive(Debug)]
pub(crate) struct Carries {
    /// Into the sign of the difference; absent without pooling.
    pub(crate) difference_sign: Option<usize>,
    /// Into bit `shift` of the value; absent if the shift is 0.
    pub(crate) shift: Option<usize>,
    /// Into the sign of the value.
    pub(crate) sign: usize,
    /// Into the sign of the lowered value; absent without headroom.
    pub(crate) lowered_sign: Option<usize>,
}

/// Registers and the first rounds in which they are there.
struct ValueCarries {
    shift: Option<usize>,
    shift_ready: usize,
    sign: usize,
    lowered_sign: Option<usize>,
    ready: usize,
}

/// Lays out a whole step; the offline ring gates are returned apart.
pub(super) fn lay_out(shape: StepShape, mode: Mode) -> (Builder, Vec<RingGate>, Carries) {
    let mut layout = Layout { shape, builder: Builder::new(!shape.pool) };
    let mut offline = Vec::new();
    let mut difference_sign = None;
    let mut start = 0;
    if shape.pool {
        offline.extend(layout.ring_gate(RingKind::MaskOffline));
        layout.ring(0, RingKind::MaskOnline);
        let (carry, ready) = layout.builder.sign_carry(mode, Word::Difference, shape.ell - 1);
        layout.ring(ready, RingKind::Open);
        difference_sign = Some(carry);
        start = ready + 1;
    }
    let value = match mode {
        Mode::Ripple => layout.ripple_value(start),
        Mode::Tree => layout.tree_value(start),
    };
    layout.finish(&value);
    let ValueCarries { shift, sign, lowered_sign, .. } = value;
    (layout.builder, offline, Carries { difference_sign, shift, sign, lowered_sign })
}

struct Layout {
    shape: StepShape,
    builder: Builder,
}

impl Layout {
    /// Numbers the OTs of a ring gate; nothing if its ring is trivial.
    fn ring_gate(&mut self, kind: RingKind) -> Option<RingGate> {
        let width = kind.width(&self.shape);
        let mut ot = [None, None];
        for receiver in kind.receivers().iter().filter(|_| width > 0) {
            let specs = &mut self.builder.ots[receiver.index()];
            ot[receiver.index()] = Some(specs.len());
            specs.push(OtSpec::Ring(width));
        }
        (width > 0).then_some(RingGate { kind, width, ot })
    }

    fn ring(&mut self, round: usize, kind: RingKind) {
        if let Some(gate) = self.ring_gate(kind) {
            self.builder.round(round).ring.push(gate);
        }
    }

    fn ripple_value(&mut self, start: usize) -> ValueCarries {
        let (shift, top, sign) = (self.shape.shift, self.shape.top(), self.shape.ell - 1);
        let single = GateKind::Single { chooser: Role::Client, words: vec![Word::Value], bit: 0 };
        let mut carry = self.builder.gate(start, single);
        let mut lowered = None;
        let mut shift_carry = None;
        for bit in 1..sign {
            if bit == shift {
                shift_carry = Some(carry);
            }
            if bit == top {
                lowered = Some(carry);
            }
            let mut words = vec![(Word::Value, Wire::Register(carry))];
            words.extend(lowered.map(|register| (Word::Lowered, Wire::Register(register))));
            carry = self.builder.gate(start + bit as usize, GateKind::Carry { words, bit });
            lowered = lowered.map(|_| carry + 1);
        }
        ValueCarries {
            shift: shift_carry,
            shift_ready: start + shift as usize,
            sign: carry,
            lowered_sign: lowered,
            ready: start + sign as usize,
        }
    }

    fn tree_value(&mut self, start: usize) -> ValueCarries {
        let (shift, top, sign) = (self.shape.shift, self.shape.top(), self.shape.ell - 1);
        let low = (shift > 0).then(|| self.builder.span(start, Word::Value, 0, shift));
        let middle = self.builder.span(start, Word::Value, shift, top);
        let (value, lowered) = match (top < sign).then(|| self.builder.twin_span(start, top, sign)) {
            Some([value, lowered]) => {
                let [value, lowered] = self.upper_carries(low, middle, [value, lowered]);
                (value, Some(lowered))
            }
            None => (self.above(middle, low), None),
        };
        ValueCarries {
            shift: low.map(|node| node.generate),
            shift_ready: low.map_or(start, |node| node.ready),
            sign: value.generate,
            lowered_sign: lowered.map(|node| node.generate),
            ready: lowered.map_or(value.ready, |node| node.ready.max(value.ready)),
        }
    }

    fn above(&mut self, high: Node, low: Option<Node>) -> Node {
        low.map_or(high, |low| self.builder.join(high, low))
    }

    /// Joins the spans below, in and above the result: from below, or from above if that is ready earlier (12 bits
    /// against 20).
    fn upper_carries(&mut self, low: Option<Node>, middle: Node, upper: [Node; 2]) -> [Node; 2] {
        let upper_ready = upper[0].ready.max(upper[1].ready);
        let below_ready = low.map_or(middle.ready, |low| low.ready.max(middle.ready) + 1);
        let from_below = below_ready.max(upper_ready) + 1;
        let from_above = low.map(|low| (upper_ready.max(middle.ready) + 1).max(low.ready) + 1);
        if from_above.is_some_and(|ready| ready < from_below) {
            let joined = upper.map(|node| self.builder.join(node, middle));
            joined.map(|node| self.above(node, low))
        } else {
            let below = self.above(middle, low);
            upper.map(|node| self.builder.join(node, below))
        }
    }

    /// What follows the carries: shares of the shifted value, the selection, the lift to the output ring.
    fn finish(&mut self, value: &ValueCarries) {
        if value.shift.is_some() {
            self.ring(value.shift_ready, RingKind::ShiftCarry);
        }
        self.ring(value.ready, RingKind::Multiplex);
        if value.lowered_sign.is_some() {
            self.ring(value.ready, RingKind::Saturate);
        }
        self.ring(value.ready + 1, RingKind::Lift);
    }
}
